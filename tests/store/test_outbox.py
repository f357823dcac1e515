"""The outbox: asked once, leased to one, sent once."""

import pytest
from sqlalchemy import text

from milter.errors import RequestError
from milter.store import outbox
from milter.store.engine import Store
from milter.store.outbox import Item

from .conftest import START, FakeClock, Opener


def _put(store: Store, dedupe: str = "d1", subject: str = "SG-1", **more: object) -> int | None:
    payload = {"to": "b@x.org", "password": "correct horse"}
    return store.submit(lambda tx: outbox.put(tx, "password", subject, dedupe, payload, **more)).result()  # type: ignore[arg-type]


def _lease(store: Store, owner: str = "one", limit: int = 16) -> tuple[Item, ...]:
    return store.submit(lambda tx: outbox.lease(tx, owner, limit=limit, seconds=60)).result()


def _state(store: Store, subject: str = "SG-1") -> list[tuple[str, int, str]]:
    with store.read() as tx:
        return [(item.state, item.attempts, item.error) for item in outbox.about(tx, subject)]


def test_item_is_leased_with_its_payload(store: Store):
    """What was put comes back whole, with its attempt counted."""
    number = _put(store)
    (item,) = _lease(store)
    assert (item.id, item.kind, item.subject, item.attempts) == (number, "password", "SG-1", 1)
    assert item.payload == {"to": "b@x.org", "password": "correct horse"}


def test_asking_twice_puts_one(store: Store):
    """The second request of the same name is no request, whatever became of the first."""
    assert _put(store) is not None
    assert _put(store) is None
    (item,) = _lease(store)
    store.submit(lambda tx: outbox.done(tx, item, "one")).result()
    assert _put(store) is None
    assert _lease(store) == ()


def test_leased_item_is_nobody_elses(store: Store, open_it: Opener):
    """While one sends, no other gets the item."""
    _put(store)
    assert len(_lease(store)) == 1
    assert _lease(open_it("node2"), "two") == ()


def test_sent_item_is_gone_with_its_payload(store: Store):
    """What was sent is never leased again, and its payload is destroyed."""
    _put(store)
    (item,) = _lease(store)
    assert store.submit(lambda tx: outbox.done(tx, item, "one")).result()
    assert _lease(store) == ()
    with store.read() as tx:
        (kept,) = outbox.about(tx, "SG-1")
        assert tx.execute(text("SELECT sealed_payload FROM outbox")).scalar_one() is None
    assert (kept.state, kept.payload) == ("sent", {})


def test_crash_between_lease_and_done_shows(store: Store, clock: FakeClock):
    """After the lease ran out another takes the item, sees that it was tried, and the first can't end it."""
    _put(store)
    (first,) = _lease(store)
    clock.pass_by(seconds=59)
    assert _lease(store, "two") == ()
    clock.pass_by(seconds=1)
    (second,) = _lease(store, "two")
    assert second.attempts == 2
    assert not store.submit(lambda tx: outbox.done(tx, first, "one")).result()
    assert not store.submit(lambda tx: outbox.fail(tx, first, "one", "550")).result()
    assert store.submit(lambda tx: outbox.retry(tx, first, "one", "451")).result() is None
    assert store.submit(lambda tx: outbox.done(tx, second, "two")).result()


def test_retry_waits_longer_each_time(store: Store, clock: FakeClock):
    """A transient failure comes again after 1, 5, 15, 30 and 60 minutes, then every four hours."""
    _put(store)
    waits = []
    for _ in range(7):
        (item,) = _lease(store)
        later = store.submit(lambda tx, one=item: outbox.retry(tx, one, "one", "451")).result()
        assert later is not None
        waits.append((later - clock.now).total_seconds() / 60)
        assert _lease(store) == ()
        clock.now = later
    assert waits == [1, 5, 15, 30, 60, 240, 240]
    assert _state(store) == [("pending", 7, "451")]


def test_failed_item_stays_for_an_operator(store: Store):
    """What can't be sent is not tried again by itself, but keeps its payload until somebody says so."""
    number = _put(store)
    (item,) = _lease(store)
    assert store.submit(lambda tx: outbox.fail(tx, item, "one", "550")).result()
    assert _lease(store) == ()
    assert _state(store) == [("failed", 1, "550")]
    assert number is not None
    store.submit(lambda tx: outbox.again(tx, number, "cli:root")).result()
    (again,) = _lease(store)
    assert again.payload == item.payload
    with pytest.raises(RequestError):
        store.submit(lambda tx: outbox.again(tx, number, "cli:root")).result()


def test_withdrawn_item_is_not_sent(store: Store):
    """What was not sent yet can be taken back; what is being sent just now can't."""
    _put(store, "d1")
    assert len(_lease(store)) == 1
    _put(store, "d2")
    _put(store, "d3", subject="SG-2")
    assert store.submit(lambda tx: outbox.withdraw(tx, "SG-1", "cli:root")).result() == 1
    assert [item.dedupe for item in _lease(store, "two")] == ["d3"]
    assert [state for state, _, _ in _state(store)] == ["pending", "withdrawn"]


def test_items_wait_for_their_time_and_come_in_order(store: Store, clock: FakeClock):
    """An undo window keeps an item back; of those due the oldest comes first, as many as asked for."""
    _put(store, "later", not_before=START.replace(hour=10))
    for number in range(3):
        _put(store, f"d{number}")
    with store.read() as tx:
        assert outbox.next_due(tx) == START
    assert [item.dedupe for item in _lease(store, limit=2)] == ["d0", "d1"]
    assert [item.dedupe for item in _lease(store)] == ["d2"]
    with store.read() as tx:
        assert outbox.next_due(tx) == START.replace(minute=1)  # the leases' end
    clock.now = START.replace(hour=10)
    assert [item.dedupe for item in _lease(store, "two")] == ["d0", "d1", "d2", "later"]


def test_payload_can_not_be_read_in_the_database(store: Store):
    """An address or password that waits to be sent is sealed."""
    _put(store)
    with store.read() as tx:
        row = tx.execute(text("SELECT * FROM outbox")).one()
    assert not any(b"horse" in bytes(value) for value in row if isinstance(value, (bytes, memoryview)))
    assert not any("horse" in value for value in row if isinstance(value, str))


def test_a_lease_that_is_begun_anew_lasts_and_one_that_ran_out_is_lost(
    store: Store, open_it: Opener, clock: FakeClock
):
    """Just before it is sent an item is leased anew; where another took it meanwhile, that is said."""
    _put(store)
    (item,) = _lease(store)
    clock.pass_by(seconds=50)
    assert store.submit(lambda tx: outbox.renew(tx, item, "one", seconds=60)).result()
    clock.pass_by(seconds=50)
    assert _lease(open_it("node2"), "two") == ()
    clock.pass_by(seconds=20)
    assert len(_lease(open_it("node3"), "two")) == 1
    assert not store.submit(lambda tx: outbox.renew(tx, item, "one")).result()
