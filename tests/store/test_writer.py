"""The writer thread: groups, failures, recovery."""

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from milter.errors import RequestError, StoreError
from milter.store import engine as engines
from milter.store.engine import Store, open_store
from milter.store.transaction import Transaction

from .conftest import Opener


def _event(name: str) -> Any:
    return lambda tx: tx.record("tried", name, "test", {})


def _subjects(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.execute(text("SELECT subject FROM audit WHERE chain <> '' ORDER BY seq")).scalars())


def _gated(store: Store) -> tuple[threading.Event, "Future[None]"]:
    """Keep the writer busy with a unit until the event is set, so that what follows makes one group."""
    gate, begun = threading.Event(), threading.Event()

    def wait(_tx: Transaction) -> None:
        begun.set()
        gate.wait(30)

    future = store.submit(wait)
    assert begun.wait(30)
    return gate, future


def test_units_that_come_together_share_a_commit(store: Store):
    """What queued up while one commit ran goes into the next, all of it in order."""
    commits: list[int] = []
    event.listen(store._engine, "commit", lambda _connection: commits.append(1))
    gate, _ = _gated(store)
    futures = [store.submit(_event(f"SG-{number}")) for number in range(40)]
    gate.set()
    for future in futures:
        future.result(30)
    assert _subjects(store) == [f"SG-{number}" for number in range(40)]
    assert len(commits) <= 4  # the gate's group, one or two more, the reading


def test_failing_unit_undoes_itself_alone(store: Store):
    """One unit's error is its own: its changes and audit rows go, its neighbours' stay."""

    def fails(tx: Transaction) -> None:
        tx.record("tried", "SG-lost", "test", {})
        tx.execute(text("INSERT INTO meta VALUES ('lost', '1')"))
        raise RequestError("no")

    gate, _ = _gated(store)
    futures = [store.submit(_event("SG-1")), store.submit(fails), store.submit(_event("SG-2"))]
    gate.set()
    futures[0].result(30)
    futures[2].result(30)
    with pytest.raises(RequestError):
        futures[1].result(30)
    assert _subjects(store) == ["SG-1", "SG-2"]
    with store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM meta WHERE name = 'lost'")).scalar() == 0


def test_unit_that_the_database_refuses_fails_alone(store: Store):
    """An error of the database inside a unit is a StoreError for it, and its neighbours are committed."""
    gate, _ = _gated(store)
    good = store.submit(_event("SG-1"))
    bad = store.submit(lambda tx: tx.execute(text("INSERT INTO meta VALUES ('key-check', 'again')")))
    last = store.submit(_event("SG-2"))
    gate.set()
    good.result(30)
    last.result(30)
    with pytest.raises(StoreError):
        bad.result(30)
    assert _subjects(store) == ["SG-1", "SG-2"]


def test_future_resolves_after_the_commit(store: Store, open_it: Opener):
    """Whoever has the result finds the change through any other connection."""
    other = open_it("node2")
    for number in range(5):
        store.submit(_event(f"SG-{number}")).result(30)
        assert len(_subjects(other)) == number + 1


def test_cancelled_unit_is_not_run(store: Store):
    """What was cancelled while it waited leaves nothing behind."""
    gate, _ = _gated(store)
    cancelled, kept = store.submit(_event("SG-1")), store.submit(_event("SG-2"))
    assert cancelled.cancel()
    gate.set()
    kept.result(30)
    assert _subjects(store) == ["SG-2"]


def test_closing_finishes_what_was_submitted(store: Store, open_it: Opener):
    """A store that is closed commits what it took, and takes no more."""
    futures = [store.submit(_event(f"SG-{number}")) for number in range(10)]
    store.close()
    assert all(future.done() for future in futures)
    assert len(_subjects(open_it("node2"))) == 10
    with pytest.raises(StoreError, match="closed"):
        store.submit(_event("SG-late"))


def test_exception_rolls_a_transaction_back(store: Store):
    """A transaction that is left by an exception has changed nothing."""

    def fails() -> None:
        with store.transaction() as tx:
            tx.record("tried", "SG-1", "test", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert _subjects(store) == []


def test_reading_transaction_records_nothing(store: Store):
    """Nothing is recorded where nothing is committed."""
    with store.read() as tx, pytest.raises(StoreError):
        tx.record("tried", "SG-1", "test", {})


def _pragma(store: Store, pragma: str) -> Any:
    """Have each new connection run a pragma; give the listener."""

    def listener(connection: Any, _record: Any) -> None:
        connection.execute(pragma)

    event.listen(store._engine, "connect", listener)
    store._engine.dispose()
    return listener


@pytest.mark.parametrize(
    ("pragma", "words"),
    [("PRAGMA query_only=ON", "can only be read"), ("PRAGMA max_page_count=1", "disk is full")],
)
def test_full_or_read_only_disk_is_told_and_survived(
    sqlite_url: str, key_file: Path, pragma: str, words: str
):
    """A disk that takes nothing fails each unit with clear words; once mended, the next try succeeds."""
    store = open_store(sqlite_url, key_file)
    store.submit(_event("SG-before")).result(30)
    listener = _pragma(store, pragma)
    big = lambda tx: tx.record("tried", "SG-" + "x" * 70, "test", {str(n): "y" * 100 for n in range(200)})  # noqa: E731
    futures = [store.submit(big) for _ in range(3)]
    for future in futures:
        error = future.exception(30)
        assert isinstance(error, StoreError)
        assert words in str(error)
    event.remove(store._engine, "connect", listener)
    store._engine.dispose()
    store.submit(_event("SG-after")).result(30)
    assert _subjects(store) == ["SG-before", "SG-after"]
    assert store.verify().whole
    store.close()


def test_locked_store_is_told_and_survived(sqlite_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch):
    """Another program that keeps the file locked gives a StoreError to all who wait; then all goes on."""
    pragmas = tuple(line.replace("busy_timeout=10000", "busy_timeout=20") for line in engines._PRAGMAS)
    monkeypatch.setattr(engines, "_PRAGMAS", pragmas)
    store, locker = open_store(sqlite_url, key_file), open_store(sqlite_url, key_file, node="node2")
    with locker.transaction():
        futures = [store.submit(_event(f"SG-{number}")) for number in range(3)]
        for future in futures:
            with pytest.raises(StoreError, match="locked"):
                future.result(30)
    store.submit(_event("SG-after")).result(30)
    assert _subjects(store) == ["SG-after"]
    store.close()
    locker.close()


@pytest.mark.postgres
def test_lost_connection_is_told_and_survived(postgresql_url: str, key_file: Path):
    """A connection dropped in mid-transaction fails its own unit; its neighbours get their commit."""
    store = open_store(postgresql_url, key_file)
    gate, _ = _gated(store)
    first = store.submit(_event("SG-1"))
    lost = store.submit(lambda tx: tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())")))
    last = store.submit(_event("SG-2"))
    gate.set()
    first.result(30)
    last.result(30)
    with pytest.raises(StoreError):
        lost.result(30)
    assert _subjects(store) == ["SG-1", "SG-2"]
    store.close()


@pytest.mark.postgres
def test_restarted_server_is_found_again(postgresql_url: str, key_file: Path):
    """Connections that died while idle are replaced without anybody noticing."""
    store, other = open_store(postgresql_url, key_file), open_store(postgresql_url, key_file, node="node2")
    store.submit(_event("SG-1")).result(30)
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with other.transaction() as tx:
        tx.execute(text(others))
    store.submit(_event("SG-2")).result(30)
    assert _subjects(store) == ["SG-1", "SG-2"]
    store.close()
    other.close()
