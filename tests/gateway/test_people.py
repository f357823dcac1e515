"""Who a recipient is, from the directory and from habit, as the register and the sender see it."""

from pathlib import Path

from tests.gateway.harness import OFFICER, SCHOOL, running
from tests.gateway.test_way import entries, sample

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
