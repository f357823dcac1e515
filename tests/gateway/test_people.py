"""Who a recipient is, from the directory and from habit, as the register and the sender see it."""

from datetime import timedelta
from pathlib import Path

import pytest

from milter.habits import Habits
from milter.message.envelope import Envelope, Recipient
from milter.policy.partners import people
from milter.store import decisions, quarantine, shares
from tests.gateway.harness import OFFICER, PARENT, SCHOOL, Running, running
from tests.gateway.test_way import entries, held, sample

PEOPLE = f"""\
email,name,job title,department,organisation,telephone
{OFFICER},Amira Khan,Social Worker,Children's Services,Borchester,0118 496 0100
{SCHOOL},Ruth Archer,Secretary,Office,Ambridge,01234 567890
"""


async def test_the_register_has_who_the_recipient_is(tmp_path: Path) -> None:
    """Name, job title, department and telephone of R1 come from the directory; the entry is complete."""
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    async with running(tmp_path / "etc", settings=f'[directory]\nkind = "csv"\nfile = "{file}"\n') as gateway:
        await gateway.send(OFFICER, [SCHOOL], sample("case note to a school"))
        entry = entries(gateway.store)[SCHOOL]
    assert (entry.recipient_name, entry.recipient_job_title, entry.recipient_department) == (
        "Ruth Archer",
        "Secretary",
        "Office",
    )
    assert entry.recipient_telephone == "01234 567890"
    assert entry.sender_name == "Amira Khan"
    assert entry.gaps in ((), ("purpose",))


async def test_the_sender_reads_whose_address_it_is(tmp_path: Path) -> None:
    """A refusal names whom the directory has at each address, so that a wrong one is noticed (E2)."""
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE + f"{PARENT},Dave Archer,Parent,,,\n")
    async with running(tmp_path / "etc", settings=f'[directory]\nkind = "csv"\nfile = "{file}"\n') as gateway:
        await gateway.send(OFFICER, [PARENT], sample("class list"))
        await gateway.settle()
        (notice,) = gateway.sink.to(OFFICER)
    assert f"{PARENT} (Dave Archer, Parent)" in notice.parsed.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("department", "directorate"), [("Housing", "Housing"), ("Highways", ""), ("", ""), (None, "")]
)
async def test_the_directory_tells_the_senders_directorate(
    tmp_path: Path, department: str | None, directorate: str
) -> None:
    """By the department of the sender; what it does not say, or says of another part, is left open."""
    file, sender = tmp_path / "people.csv", "ed.grundy@borchester.gov.uk"
    file.write_text(
        PEOPLE + (f"{sender},Ed Grundy,Officer,{department},,\n" if department is not None else "")
    )
    async with running(tmp_path / "etc", settings=f'[directory]\nkind = "csv"\nfile = "{file}"\n') as gateway:
        await gateway.send(sender, [SCHOOL], sample("case note to a school"))
        await gateway.send(sender, [PARENT, SCHOOL], sample("class list"))
        assert {entry.directorate for entry in entries(gateway.store).values()} == {directorate}
        with gateway.store.read() as tx:
            found = shares.search(tx)[0]
    assert found
    assert {share.directorate for share in found} == {directorate}


async def test_a_dead_directory_does_not_stop_mail(tmp_path: Path) -> None:
    """A directory at a port that nobody listens at leaves the fields empty, and mail goes its way."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    settings = (
        '[directory]\nkind = "exchange"\nurl = "http://localhost:9/EWS/Exchange.asmx"\naccount = "a"\n'
        f'password-file = "{secret}"\n'
    )
    async with running(tmp_path / "etc", settings=settings) as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], sample("case note to a school"))
        entry = entries(gateway.store)[SCHOOL]
    assert code == 250
    assert entry.recipient_name == ""
    assert entry.status == "protected"


async def test_a_near_miss_is_held_in_words_and_a_release_vouches_for_it(tmp_path: Path) -> None:
    """The reviewer reads where the address departs from the usual one; once released, it stops nobody again."""
    usual, wrong = "jane.brown@borsetshire.nhs.uk", "jane.browm@borsetshire.nhs.uk"
    case_note = sample("case note to a school")
    async with running(tmp_path / "etc") as gateway:
        await write_for_days(gateway, usual, 6)
        await gateway.send(OFFICER, [wrong], case_note)
        (waiting,) = held(gateway.store)
        with gateway.store.read() as tx:
            full = quarantine.get(tx, waiting.id)
        said = {reason["code"]: reason["detail"] for reason in full.summary["reasons"]}
        with gateway.store.transaction() as tx:
            decisions.release(tx, waiting.id, [wrong], "cli:test", "I rang her")
        await gateway.settle()
        released = len(gateway.sink.to(wrong))
        await gateway.send(OFFICER, [wrong], case_note.replace(b"Subject: ", b"Subject: Again, "))
        again = held(gateway.store)
    assert "near-miss" in waiting.reasons
    assert "near the 10th, from an address that is often written to" in said["near-miss"]
    assert usual not in str(full.summary)
    assert released == 1
    assert again == ()


async def write_for_days(gateway: Running, address: str, days: int) -> None:
    """Have the officer write to an address on each of the last days, as far as habit knows."""
    with_ = gateway.service.surroundings
    given = people(Envelope(OFFICER, (Recipient(address),)), with_.known.policy)
    for day in range(days, 0, -1):
        moment = with_.clock() - timedelta(days=day)
        learn = Habits(gateway.store, lambda now=moment: now).learn(given, (address,), None)  # type: ignore[misc]
        assert learn is not None
        with gateway.store.transaction() as tx:
            tx.now = moment
            learn(tx)
