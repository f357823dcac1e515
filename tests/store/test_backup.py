"""Copies of the store: made under way, checked, put back; and what they refuse."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from milter.errors import RequestError, StoreError
from milter.store import audit, backup, trail
from milter.store.backlog import Backlog, backlog
from milter.store.engine import Store, open_store

from .conftest import Opener
from .servers import run_sql

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)


def note(store: Store, policy: str) -> None:
    with store.transaction() as tx:
        audit.policy_loaded(tx, policy)


def emptied(url: str, server: str | None) -> str:
    """Give a place for a copy: another file, or the same database without tables."""
    if server is None:
        return url.replace("store.db", "again.db")
    run_sql(server, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return url


def test_a_copy_is_put_back_whole(
    open_it: Opener, url: str, key_file: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What was committed before the copy is there after a restore, and its trail is whole."""
    store = open_it()
    note(store, "before")
    copy = backup.backup(url, tmp_path, NOON)
    note(store, "after")
    store.close()
    server = request.getfixturevalue("server") if url.startswith("postgresql") else None
    place = emptied(url, server)
    backup.restore(copy, place)
    again = open_store(place, key_file)
    try:
        assert again.verify().whole
        with again.read() as tx:
            assert trail.rows_about(tx.connection, "before")
            assert not trail.rows_about(tx.connection, "after")
    finally:
        again.close()
    assert copy.stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten(sqlite_url: str, key_file: Path, tmp_path: Path) -> None:
    """A restore over a store that is there is refused, and so is a second copy of the same moment."""
    open_store(sqlite_url, key_file).close()
    copy = backup.backup(sqlite_url, tmp_path, NOON)
    with pytest.raises(RequestError, match="already"):
        backup.restore(copy, sqlite_url)
    with pytest.raises(RequestError, match="already"):
        backup.backup(sqlite_url, tmp_path, NOON)


def test_a_damaged_copy_is_refused(sqlite_url: str, key_file: Path, tmp_path: Path) -> None:
    """What is no whole store is not put back, and its name must say what it is."""
    broken = tmp_path / "sealgate-1.sqlite"
    broken.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(StoreError):
        backup.restore(broken, sqlite_url.replace("store.db", "again.db"))
    with pytest.raises(RequestError, match="no copy"):
        backup.restore(key_file.with_name("store.db"), sqlite_url)


def test_a_full_or_missing_folder_leaves_no_half_copy(
    sqlite_url: str, key_file: Path, tmp_path: Path
) -> None:
    """Where the copy can't be written, that is said, and nothing that looks like a copy stays."""
    open_store(sqlite_url, key_file).close()
    with pytest.raises((StoreError, RequestError)):
        backup.backup(sqlite_url, tmp_path / "nowhere", NOON)
    assert not list(tmp_path.glob("**/sealgate-*"))


def test_old_copies_go(tmp_path: Path) -> None:
    """Only so many are kept, the newest, and nothing else is touched."""
    for day in range(1, 6):
        (tmp_path / f"sealgate-2026110{day}T000000Z.sqlite").touch()
    (tmp_path / "sealgate-notes.txt").touch()
    gone = backup.expire(tmp_path, 2)
    assert [path.name[9:17] for path in gone] == ["20261101", "20261102", "20261103"]
    assert (tmp_path / "sealgate-notes.txt").exists()
    assert make_url("sqlite:///x").get_backend_name() in backup.ENDINGS


def test_an_empty_store_owes_nothing(store: Store) -> None:
    """Where nothing waits, all counts and ages are nought."""
    with store.read() as tx:
        assert backlog(tx) == Backlog()
