"""A held message that a reviewer releases protected: locked by the same code, once, with a share of its own."""

from functools import partial
from pathlib import Path

from milter import sharing
from milter.cli.samples import samples
from milter.store import decisions, outbox, quarantine, register, shares, talk
from tests.gateway import shares as shares_in_mail
from tests.gateway.harness import OFFICER, Running, running, until
from tests.gateway.shares import RECEIPTS, link, only_share, opened, password_in, told

STRANGER = "office@somewhere.example"
NHS = "t@borsetshire.nhs.uk"
RELEASED = "the address was confirmed by telephone"


def case_note() -> bytes:
    """Make a case note for an organisation that nobody has approved: it is held."""
    return shares_in_mail.case_note(STRANGER)


def only_held(gateway: Running) -> quarantine.HeldInFull:
    with gateway.store.read() as tx:
        (held,) = quarantine.search(tx, quarantine.Search(waiting_only=False))[0]
        return quarantine.get(tx, held.id)


def release(gateway: Running, held_id: str, to: str) -> None:
    with gateway.store.transaction() as tx:
        decisions.release(tx, held_id, [to], "account:a", RELEASED, how="protected")


async def test_it_leaves_locked_once_with_a_share_and_a_password_of_its_own(tmp_path: Path) -> None:
    """The document opens as what was sent with the password that comes after the confirmation; nothing is in clear."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [STRANGER], case_note())
        held = only_held(gateway).held
        release(gateway, held.id, STRANGER)
        await gateway.settle()
        (arrived,) = gateway.sink.to(STRANGER)
        share = only_share(gateway)
        with gateway.store.transaction() as tx:
            found = shares.by_token(tx, "page", link(arrived))
            sharing.confirmed(tx, share.id, "Jill Archer", "Head", "Ambridge Primary", "0118 496 0150")
        await gateway.settle()
        _, mail = gateway.sink.to(STRANGER)
        with gateway.store.read() as tx:
            entry = register.get(tx, share.register_id)
    assert found is not None
    assert found.id == share.id
    assert b"Osborne" not in arrived.raw
    assert arrived.parsed["Subject"] == "Private and Confidential: Case note"
    assert arrived.parsed["Message-ID"] == "<1@borchester.gov.uk>"
    office, message = arrived.parsed.iter_attachments()  # type: ignore[attr-defined]
    assert opened(office.get_content(), password_in(mail))[:2] == b"PK"
    assert message.get_filename() == "Message.pdf"
    assert entry is not None
    assert (entry.status, entry.share_id, entry.recipient_name) == ("released", share.id, "Jill Archer")
    assert not entry.gaps or entry.gaps == ("purpose",)


async def test_its_recipient_is_released_and_its_sender_told(tmp_path: Path) -> None:
    """The quarantine closes when the next hop has the copy, and not before."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [STRANGER], case_note())
        held = only_held(gateway).held
        release(gateway, held.id, STRANGER)
        await gateway.settle()
        after = only_held(gateway)
    assert [one.state for one in after.recipients] == ["released"]
    assert after.held.closed_at is not None
    assert len(told(gateway, "Your email has been released")) == 1
    assert len(told(gateway, "Your email was sent with its documents locked")) == 1


async def test_what_nobody_could_read_leaves_in_a_locked_zip(tmp_path: Path) -> None:
    """Damaged bytes are locked as they are."""
    raw = next(s.message(1) for s in samples() if "nobody can read" in s.shows)
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [NHS], raw)
        release(gateway, only_held(gateway).held.id, NHS)
        await gateway.settle()
        (arrived,) = gateway.sink.to(NHS)
    names = [part.get_filename() for part in arrived.parsed.iter_attachments()]  # type: ignore[attr-defined]
    assert names == ["report.zip", "Message.pdf"]


async def test_what_cant_be_changed_goes_back_to_the_reviewers_with_the_reason(tmp_path: Path) -> None:
    """A signed message is not edited, so it waits again; it never leaves in clear instead."""
    raw = (
        b"From: amira.khan@borchester.gov.uk\r\nTo: office@somewhere.example\r\nSubject: note\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"; boundary=b\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nJamie Osborne, born 12/03/2015, NHS number 943 476 5919\r\n"
        b"--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIB\r\n--b--\r\n"
    )
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [STRANGER], raw)
        held = only_held(gateway).held
        release(gateway, held.id, STRANGER)
        await gateway.settle()
        after = only_held(gateway)
        with gateway.store.read() as tx:
            (note,) = talk.notes_about(tx, held.id)
            begun = shares.search(tx)[0]
    assert [one.state for one in after.recipients] == ["held"]
    assert after.held.waiting == 1
    assert gateway.sink.to(STRANGER) == []
    assert begun == ()
    assert note.text.startswith("It could not be released protected. The message is signed")


async def test_a_process_killed_while_it_protects_leaves_one_copy_and_one_password(tmp_path: Path) -> None:
    """Cut off before the commit it is done again; cut off behind it the finished copy goes: one share either way."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [STRANGER], case_note())
        gateway.sink.down = True
        release(gateway, only_held(gateway).held.id, STRANGER)
        await until(partial(_copies, gateway), gateway.service.outbox.wake)
        first = only_share(gateway)
        folder = gateway.folder
    async with running(folder, settings=RECEIPTS) as gateway:
        with gateway.store.transaction() as tx:
            now = {"not_before": tx.now, "lease_until": None}  # what the killed process held is free
            tx.execute(outbox.outbox.update().where(outbox.outbox.c.state == "pending").values(now))
        await gateway.settle()
        (arrived,) = gateway.sink.to(STRANGER)
        share = only_share(gateway)
        with gateway.store.read() as tx:
            assert shares.by_token(tx, "page", link(arrived)) is not None
    assert share.id == first.id


def _copies(gateway: Running) -> bool:
    with gateway.store.read() as tx:
        return any(item.kind == "copy" and item.error for item in outbox.waiting(tx))


async def test_taken_back_in_the_undo_window_it_never_leaves(tmp_path: Path) -> None:
    """The sender's word ends it: nothing is sent, the password is destroyed, nobody waits for a decision."""
    async with running(tmp_path / "etc", policy="undo-minutes = 10", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [STRANGER], case_note())
        release(gateway, only_held(gateway).held.id, STRANGER)
        await until(partial(_begun, gateway), gateway.service.outbox.wake)
        share = only_share(gateway)
        with gateway.store.transaction() as tx:
            sharing.happened(tx, share.id, "withdrawn", "sender")
        await gateway.settle()
        after = only_held(gateway)
        ended = only_share(gateway)
    assert gateway.sink.to(STRANGER) == []
    assert (ended.state, ended.password_destroyed_at is not None) == ("withdrawn", True)
    assert [one.state for one in after.recipients] == ["refused"]


def _begun(gateway: Running) -> bool:
    with gateway.store.read() as tx:
        return bool(shares.search(tx)[0])
