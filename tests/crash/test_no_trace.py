"""Law 8 over a whole run: planted personal values are in no log line, notice, metric, audit row or octet of the store.

Messages of every fate go through a whole gateway that logs all it can: passed, protected and confirmed, held and
released, held and refused, refused, forged. Each carries a surname that nobody has. Addresses stand in the register
in clear, because it must be searched (docs/store.md); they too are in no log, metric or audit row.
"""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from benchmarks.crash.messages import Numbered, canary, message
from milter import log, metrics, sharing
from milter.store import decisions, quarantine, shares
from milter.store.schema import audit
from tests.gateway.harness import Running, running

PAGES = '[receipts]\ndomain = "receipts.borchester.gov.uk"\npage-url = "https://receipts.example"\n'
NHS_NUMBER, PLACE, TROUBLE = "943 476 5919", "Lakey Hill", "self-harm"


def one_of_each() -> list[Numbered]:
    """Give two messages of each kind."""
    found: dict[str, list[Numbered]] = {}
    for number in range(1, 101):
        one = message(number)
        found.setdefault(one.kind, []).append(one)
    return [one for ones in found.values() for one in ones[:2]]


async def go_through(gateway: Running) -> list[str]:
    """Send everything, confirm, release, refuse; give the passwords that went out."""
    for one in one_of_each():
        await gateway.send(one.sender, list(one.fates), one.raw)
    await gateway.settle()
    store = gateway.store
    with store.read() as tx:
        open_shares, _ = shares.search(tx)
        waiting, _ = quarantine.search(tx, quarantine.Search())
    passwords = []
    for share in open_shares:
        store.submit(lambda tx, s=share: sharing.confirmed(tx, s.id, "Jo", "Nurse", "NHS", "0118")).result()
        passwords.append(
            store.submit(lambda tx, s=share: shares.password(tx, s.id, "gateway", "test")).result()
        )
    first, second, *_ = waiting
    for held, act in ((first, decisions.release), (second, decisions.refuse)):
        with store.read() as tx:
            recipients = [r.recipient for r in quarantine.get(tx, held.id).recipients]
        store.submit(
            lambda tx, h=held, r=recipients, a=act: a(tx, h.id, r, "account:x", "read by hand")
        ).result()
    await gateway.settle()
    return passwords


async def test_nothing_personal_is_left_anywhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Surnames, numbers, places, contents and passwords are nowhere that they were not sent to."""
    log.configure("debug")
    numbered = one_of_each()
    async with running(tmp_path / "etc", settings=PAGES) as gateway:
        passwords = await go_through(gateway)
        with gateway.store.read() as tx:
            rows = "\n".join(str(tuple(row)) for row in tx.execute(select(audit)))
        on_disk = {file.name: file.read_bytes() for file in gateway.folder.glob("store.db*")}
        notices = [mail for mail in gateway.sink.arrived if mail.sender in {"", "<>"}]
        written = metrics.render()
    logged = "".join(capfd.readouterr())
    on_disk |= {f"closed {file.name}": file.read_bytes() for file in (tmp_path / "etc").glob("store.db*")}

    assert "SG-" in logged  # it is the log that is looked at
    assert "message-held" in rows
    assert any(name.endswith("-wal") for name in on_disk)
    assert len(notices) > 5
    assert len(passwords) >= 4
    values = [canary(one.number) for one in numbered] + [
        NHS_NUMBER,
        NHS_NUMBER.replace(" ", ""),
        PLACE,
        TROUBLE,
    ]
    for place, text in {"log": logged, "audit": rows, "metrics": written}.items():
        assert [value for value in (*values, *passwords) if value in text] == [], place
        addresses = {address for one in numbered for address in (one.sender, *one.fates)}
        assert [address for address in addresses if address in text] == [], place
    for name, octets in on_disk.items():
        assert [value for value in (*values, *passwords) if value.encode() in octets] == [], name
    for mail in notices:
        text = mail.raw.decode("utf-8", "replace") + readable(mail.parsed)
        assert [value for value in values if value in text] == []
        if "The password" not in str(mail.parsed["Subject"]):
            assert [password for password in passwords if password in text] == []


def readable(parsed: object) -> str:
    """All text of a notice, decoded, tags off."""
    parts = [part for part in parsed.walk() if not part.is_multipart()]  # type: ignore[attr-defined]
    text = " ".join((part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts)
    return re.sub(r"<[^>]*>", "", text)


async def test_no_change_of_state_without_its_audit_row(tmp_path: Path) -> None:
    """Law 5: after every fate, each table's changes have rows in the trail, and the chain of them is whole."""
    async with running(tmp_path / "etc", settings=PAGES) as gateway:
        await go_through(gateway)
        with gateway.store.read() as tx:
            events = set(tx.execute(select(audit.c.event).distinct()).scalars())
        verified = gateway.store.verify()
    assert verified.whole
    assert events >= {
        "message-judged",
        "message-accounted",
        "sharing-recorded",
        "entry-status",
        "message-held",
        "release-asked",
        "message-released",
        "held-refused",
        "outbox-put",
        "outbox-sent",
        "share-opened",
        "share-moved",
        "password-read",
    }
