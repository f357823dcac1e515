"""Retention."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from milter.errors import RequestError
from milter.store import decisions, judged, learnt, outbox, progress, purge, quarantine, register, shares
from milter.store.contents import seal_content
from milter.store.engine import Store
from milter.store.purge import Schedule

from .conftest import START, FakeClock
from .test_judged import MESSAGE
from .test_quarantine import MESSAGE as HELD
from .test_quarantine import ONE, RAW, TWO
from .test_shares import SHARE


def _do(store: Store, work: Any) -> Any:
    return store.submit(work).result()


def _purge(store: Store) -> bool:
    return bool(_do(store, lambda tx: purge.purge(tx, Schedule())))


def _rows(store: Store, table: str) -> int:
    with store.read() as tx:
        return int(tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_held_content_goes_after_its_time_and_not_while_anyone_waits(store: Store, clock: FakeClock):
    """Content is kept while a recipient is open, then 30 days; the held message's row stays."""
    sealed = seal_content(store.vault, RAW)
    _do(store, lambda tx: quarantine.hold(tx, HELD, sealed))
    _do(store, lambda tx: decisions.release(tx, "SG-H1", [ONE], "account:1", "checked"))
    _do(store, lambda tx: decisions.refuse(tx, "SG-H1", [TWO], "account:1", "no"))
    clock.pass_by(days=365)
    _purge(store)
    with store.read() as tx:
        assert quarantine.content(tx, "SG-H1") == RAW  # one is still being released
    _do(store, lambda tx: decisions.released(tx, "SG-H1", ONE))
    clock.pass_by(days=30)
    _purge(store)
    assert _rows(store, "content_chunks") == 1
    clock.pass_by(seconds=1)
    _purge(store)
    assert _rows(store, "content_chunks") == 0
    with store.read() as tx:
        assert quarantine.get(tx, "SG-H1").held.size_bytes == len(RAW)
        with pytest.raises(RequestError):
            quarantine.content(tx, "SG-H1")


def test_password_goes_some_time_after_its_release(store: Store, clock: FakeClock):
    """A released password can be sent again for 14 days, then it is destroyed; an open share keeps its own."""
    _do(store, lambda tx: shares.begin(tx, replace(SHARE, register_id="")))
    clock.pass_by(days=100)
    _purge(store)
    _do(store, lambda tx: shares.move(tx, "SG-S1", "released", "gateway", evidence="confirmed"))
    clock.pass_by(days=14)
    _purge(store)
    assert _do(store, lambda tx: shares.password(tx, "SG-S1", "gateway", "reissue"))
    clock.pass_by(seconds=1)
    _purge(store)
    with pytest.raises(RequestError, match="destroyed"):
        _do(store, lambda tx: shares.password(tx, "SG-S1", "gateway", "reissue"))


def test_what_is_old_goes_and_register_and_trail_stay(store: Store, clock: FakeClock):
    """Facts, progress, finished outbox items and judged messages go on schedule; register and audit don't."""

    def unit(tx: Any) -> None:
        judged.record(tx, MESSAGE, (), {"x": 1})
        register.add(tx, [register.Entry("SG-R1", START, "email", judged_id=MESSAGE.id)])
        progress.account(tx, "k", MESSAGE.id, {ONE: "delivered", TWO: "held"})
        learnt.see(tx, "pair", ("a", "b"))
        outbox.put(tx, "release", "SG-1", "sent", {})
        outbox.put(tx, "release", "SG-1", "waits", {}, not_before=START + timedelta(days=900))

    _do(store, unit)
    (item,) = _do(store, lambda tx: outbox.lease(tx, "one"))
    _do(store, lambda tx: outbox.done(tx, item, "one"))
    tables = ("facts", "progress", "outbox", "learnt", "judged", "register")
    _purge(store)
    assert [_rows(store, table) for table in tables] == [1, 2, 2, 1, 1, 1]
    before = _rows(store, "audit")
    clock.pass_by(days=366)
    _purge(store)
    assert [_rows(store, table) for table in tables] == [0, 0, 1, 0, 1, 1]
    assert _rows(store, "audit") > before
    clock.pass_by(days=730 - 366)
    _purge(store)
    assert _rows(store, "judged") == 1
    clock.pass_by(seconds=1)
    _purge(store)
    assert (_rows(store, "judged"), _rows(store, "register")) == (0, 1)
    assert store.verify().whole


def test_purge_goes_by_steps(store: Store, clock: FakeClock):
    """Much to purge is purged a step at a time, and the caller is told that there is more."""
    outcomes = {f"r{number}@x.example": "delivered" for number in range(450)}
    _do(store, lambda tx: progress.account(tx, "k", "SG-1", outcomes))
    clock.pass_by(days=15)
    left = []
    while _purge(store):
        left.append(_rows(store, "progress"))
    assert left == [250, 50]
    assert _rows(store, "progress") == 0
