"""What may go over verified TLS only, where nothing is there that would enforce it: held, and never sent in clear."""

from pathlib import Path

from milter.store import decisions, quarantine
from tests.gateway.harness import OFFICER, Running, running
from tests.gateway.test_way import held

WARD = "ward@far-trust.nhs.uk"
PARTNER = '[[partner]]\nname = "Far Trust"\nkind = "nhs"\ndomains = ["far-trust.nhs.uk"]\nroute = "both"\n'
NOTE = (
    f"From: {OFFICER}\r\nTo: {WARD}\r\nSubject: Private and Confidential: note\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nSophie Osborne, born 12/03/2015, NHS number 943 476 5919.\r\n"
).encode()


async def send_note(gateway: Running) -> None:
    """Send a note to a trust that wants encryption and a verified connection."""
    with (gateway.folder / "partners.toml").open("a") as file:
        file.write(PARTNER)
    await gateway.service.reload()
    code, _ = await gateway.send(OFFICER, [WARD], NOTE)
    assert code == 250
    await gateway.settle()


async def test_it_is_held_and_the_sender_reads_why(tmp_path: Path) -> None:
    """Without a secure next hop the message waits, and the notice says 'held' and the reason, not 'sent'."""
    async with running(tmp_path / "etc") as gateway:
        await send_note(gateway)
        (waiting,) = held(gateway.store)
        (notice,) = gateway.sink.to(OFFICER)
    text = notice.parsed.get_body(("plain",)).get_content()
    assert "route-not-verified" in waiting.reasons
    assert f"{WARD}: held until a reviewer decides" in text
    assert "nothing is set up here that would enforce a verified connection" in text
    assert gateway.sink.to(WARD) == []


async def test_a_release_as_it_is_does_not_go_in_clear(tmp_path: Path) -> None:
    """A reviewer who lets it go as it is finds it waiting again: no other way takes the place of the demanded one."""
    async with running(tmp_path / "etc") as gateway:
        await send_note(gateway)
        (waiting,) = held(gateway.store)
        with gateway.store.transaction() as tx:
            decisions.release(tx, waiting.id, [WARD], "account:a", "it is urgent")
        await gateway.settle()
        with gateway.store.read() as tx:
            (recipient,) = quarantine.get(tx, waiting.id).recipients
    assert recipient.state == "held"
    assert gateway.sink.to(WARD) == []
