"""How a share goes on and ends in a whole gateway: reminders, the undo window, crashes, and its password destroyed."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from milter import sharing
from milter.outbox import schedule
from milter.store import contents, outbox, register, shares
from milter.store.schema import register as register_table
from milter.store.schema import shares as shares_table
from tests.gateway.harness import OFFICER, SCHOOL, Running, running, until
from tests.gateway.shares import (
    RECEIPTS,
    attached,
    case_note,
    confirm,
    link,
    only_share,
    opened,
    password_in,
    shared,
    text_of,
    told,
)


async def test_reminders_then_the_end_and_the_sender_is_told(tmp_path: Path) -> None:
    """After three and seven days a reminder with a link that works; after fourteen the password is destroyed."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        for days in (3, 7):
            await age(gateway, days)
        reminders = [one for one in gateway.sink.to(SCHOOL) if one.parsed["Subject"].startswith("Reminder")]
        with gateway.store.read() as tx:
            found = [shares.by_token(tx, "page", link(one)) for one in reminders]
        await age(gateway, 14)
        share = only_share(gateway)
        (notice,) = told(gateway, "Your document was not opened")
        again = [one for one in gateway.sink.to(SCHOOL) if one.parsed["Subject"].startswith("Reminder")]
    assert len(reminders) == len(again) == 2
    assert all(found)
    assert (share.state, share.password_destroyed_at is not None) == ("expired", True)
    assert "nobody confirmed" in text_of(notice)


async def age(gateway: Running, days: int) -> None:
    """Have everything about shares be due as it is so many days after sending, and carry out what falls due."""

    def work(tx) -> None:
        share = shares.search(tx)[0][0]
        back = tx.now - timedelta(days=days)
        moved = {"at": back, "expires_at": back + timedelta(days=14)}
        if share.remind_at:
            moved["remind_at"] = tx.now
        tx.execute(shares_table.update().values(moved))
        schedule.work_for(gateway.service.surroundings)(tx)

    await asyncio.to_thread(lambda: gateway.store.submit(work).result())
    await gateway.settle()


async def test_taken_back_in_the_undo_window_nothing_ever_leaves(tmp_path: Path) -> None:
    """The message waits in the store, the sender's word ends it, and its recipient never hears of it."""
    async with running(tmp_path / "etc", policy="undo-minutes = 10", settings=RECEIPTS) as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], case_note())
        await gateway.settle()
        (notice,) = told(gateway, "Your email was sent with its documents locked")
        waiting = gateway.sink.to(SCHOOL)
        with gateway.store.transaction() as tx:
            (item,) = [one for one in outbox.about(tx, only_share(gateway).id) if one.kind == "copy"]
            follows = sharing.happened(tx, only_share(gateway).id, "withdrawn", "sender")
        await release_what_waits(gateway)
        with gateway.store.read() as tx, pytest.raises(Exception, match="destroyed"):
            contents.get(tx, item.content_id)
    assert code == 250
    assert "Until then nobody has received anything" in text_of(notice)
    assert waiting == gateway.sink.to(SCHOOL) == []
    assert follows.notices == ()


async def test_the_undo_window_outlives_the_process(tmp_path: Path) -> None:
    """The daemon may be killed within it: what was not taken back leaves once, when the time has come."""
    async with running(tmp_path / "etc", policy="undo-minutes = 10", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [SCHOOL], case_note())
        folder = gateway.folder
    async with running(folder, settings=RECEIPTS) as gateway:
        await release_what_waits(gateway)
        await release_what_waits(gateway)
        (arrived,) = gateway.sink.to(SCHOOL)
        confirm(gateway)
        await gateway.settle()
        _, mail = gateway.sink.to(SCHOOL)
        share = only_share(gateway)
    assert opened(attached(arrived)["case note.docx"], password_in(mail))[:2] == b"PK"
    assert share.state == "released"


async def release_what_waits(gateway: Running) -> None:
    """Let the time come that everything in the outbox waits for."""
    with gateway.store.transaction() as tx:
        pending = outbox.outbox.c.state == "pending"
        tx.execute(outbox.outbox.update().where(pending).values(not_before=tx.now, lease_until=None))
    await gateway.settle()


async def test_a_copy_that_the_next_hop_refuses_for_good_ends_its_share(tmp_path: Path) -> None:
    """Refused behind the undo window: the password is destroyed, and the sender is told."""
    async with running(tmp_path / "etc", policy="undo-minutes = 10", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [SCHOOL], case_note())
        gateway.sink.replies[SCHOOL] = "550 5.1.1 no such mailbox"
        await release_what_waits(gateway)
        share = only_share(gateway)
        notices = told(gateway, "Your email was sent back")
        verified = gateway.store.verify()
    assert (share.state, share.password_destroyed_at is not None) == ("bounced", True)
    assert len(notices) == 1
    assert verified.whole


async def test_a_share_whose_try_was_cut_off_gives_its_password_out_all_the_same(tmp_path: Path) -> None:
    """A crash between sending and recording: the recipient's confirmation proves that it left, and is recorded."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        share = only_share(gateway)
        with gateway.store.transaction() as tx:
            tx.execute(register_table.delete())
            tx.execute(shares_table.update().values(at=tx.now - timedelta(hours=1)))
        confirm(gateway)
        await gateway.settle()
        with gateway.store.read() as tx:
            entry = register.get(tx, share.register_id)
    assert len(gateway.sink.to(SCHOOL)) == 2
    assert entry is not None
    assert (entry.status, entry.recipient) == ("released", SCHOOL)


async def test_a_share_whose_copy_never_left_reminds_and_ends_in_silence(tmp_path: Path) -> None:
    """Nobody is told of a try that came to nothing."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        with gateway.store.transaction() as tx:
            tx.execute(register_table.delete())
        before = len(gateway.sink.arrived)
        await age(gateway, 3)
        await age(gateway, 14)
        state = only_share(gateway).state
    assert state == "expired"
    assert len(gateway.sink.arrived) == before


async def test_with_no_reissues_the_password_is_destroyed_as_soon_as_it_is_sent(tmp_path: Path) -> None:
    """Kept no longer than anybody can ask for it."""
    async with running(tmp_path / "etc", policy="reissues = 0", settings=RECEIPTS) as gateway:
        await shared(gateway)
        confirm(gateway)
        await gateway.settle()
        share = only_share(gateway)
    assert (share.state, share.password_destroyed_at is not None) == ("released", True)


async def test_a_password_is_destroyed_on_schedule_after_its_release(tmp_path: Path) -> None:
    """By the daemon itself, when the time in which it can be sent again is over."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        confirm(gateway)
        await gateway.settle()
        with gateway.store.transaction() as tx:
            tx.execute(shares_table.update().values(changed_at=tx.now - timedelta(days=15)))
        folder = gateway.folder
    async with running(folder, settings=RECEIPTS) as gateway:
        await until(lambda: only_share(gateway).password_destroyed_at is not None)
