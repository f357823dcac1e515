"""Opening, migrating and refusing stores."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from milter.errors import StoreError
from milter.store import migrate as steps
from milter.store.engine import Store, connect, migrate, open_store

from .conftest import Opener


def _set_version(url: str, version: str, works_from: str) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        connection.execute(
            text("UPDATE meta SET value = :step WHERE name = 'works-from'"), {"step": works_from}
        )
    engine.dispose()


def test_second_start_finds_what_the_first_wrote(nothing_yet: None, open_it: Opener):
    """What was committed is there after the store was closed and opened again."""
    first = open_it()
    first.submit(lambda tx: tx.record("tried", "SG-1", "test", {})).result()
    first.close()
    assert open_it().verify().rows == 2  # the chain's opening and the event


def test_missing_key_file_beside_a_store_is_refused(open_it: Opener, key_file: Path):
    """Without its key file a store does not open, and no new key is made."""
    open_it().close()
    key_file.unlink()
    with pytest.raises(StoreError, match="missing"):
        open_it()
    assert not key_file.exists()


def test_key_of_another_store_is_refused(open_it: Opener, key_file: Path, tmp_path: Path):
    """A store opens only with the key file that it was written with."""
    open_it().close()
    key_file.unlink()
    open_store(f"sqlite:///{tmp_path}/other.db", key_file).close()
    with pytest.raises(StoreError, match="another store"):
        open_it()


def test_newer_store_that_says_so_is_worked_on(nothing_yet: None, open_it: Opener, url: str):
    """A store that a later version only added to serves nodes of the version before, until they are replaced."""
    open_it().close()
    _set_version(url, "9999", works_from=steps.HEAD)
    store = open_it()
    store.submit(lambda tx: tx.record("tried", "SG-1", "test", {})).result()
    with pytest.raises(StoreError, match="newer"):
        migrate(url)


def test_newer_store_is_refused(nothing_yet: None, open_it: Opener, url: str):
    """A store from which a later version took something away is left alone, by starting and by migrating."""
    open_it().close()
    _set_version(url, "9999", works_from="9998")
    with pytest.raises(StoreError, match="newer"):
        open_it()
    with pytest.raises(StoreError, match="newer"):
        migrate(url)


def test_older_sqlite_store_is_brought_up_at_start(nothing_yet: None, sqlite_url: str, key_file: Path):
    """One node's own file needs no set-up after an upgrade."""
    engine = connect(sqlite_url)
    steps.bring_up(engine, steps.KNOWN[0])
    engine.dispose()
    store = open_store(sqlite_url, key_file)
    store.submit(lambda tx: tx.record("tried", "SG-1", "test", {})).result()
    store.close()


@pytest.mark.postgres
def test_older_postgresql_store_waits_for_migrate(nothing_yet: None, postgresql_url: str, key_file: Path):
    """What other nodes use is migrated by command, not by whichever node starts first."""
    engine = connect(postgresql_url)
    steps.bring_up(engine, steps.KNOWN[0])
    engine.dispose()
    with pytest.raises(StoreError, match="sealgate migrate"):
        open_store(postgresql_url, key_file)
    migrate(postgresql_url)
    open_store(postgresql_url, key_file).close()


def test_migrating_twice_changes_nothing(open_it: Opener, url: str):
    """A second run of the migration finds nothing to do."""
    store = open_it()
    store.submit(lambda tx: tx.record("tried", "SG-1", "test", {})).result()
    migrate(url)
    assert store.verify().rows == 2


@pytest.mark.parametrize(
    "wrong",
    ["", "no url", "sqlite://", "sqlite:///:memory:", "mysql://h/d", "postgresql://h/d", "sqlite+other:///f"],
)
def test_url_that_is_no_store_is_refused(wrong: str, key_file: Path):
    """A wrong URL is an error in plain words, and makes no key file."""
    with pytest.raises(StoreError, match="store"):
        open_store(wrong, key_file)
    assert not key_file.exists()


def test_sqlite_file_is_private(nothing_yet: None, sqlite_url: str, key_file: Path, tmp_path: Path):
    """The store's file and its log are readable by their owner alone."""
    store = open_store(sqlite_url, key_file)
    store.submit(lambda tx: tx.record("tried", "SG-1", "test", {})).result()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("store.db*")}
    store.close()
    assert modes == {0o600}


def test_file_that_is_no_store_is_refused(nothing_yet: None, sqlite_url: str, key_file: Path, tmp_path: Path):
    """A file of something else is named as such and left as it is."""
    file = tmp_path / "store.db"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="not a store"):
        open_store(sqlite_url, key_file)
    assert file.read_bytes() == b"not a database" * 100


@pytest.mark.postgres
def test_unreachable_postgresql_is_an_error_in_words(key_file: Path, tmp_path: Path):
    """A server that is not there gives a StoreError."""
    with pytest.raises(StoreError, match="PostgreSQL"):
        open_store(f"postgresql+psycopg://nobody@/none?host={tmp_path}", key_file)


def test_check_passes_on_a_store_that_can_be_written(store: Store):
    """Readiness is asked by beginning to write."""
    store.check()


def test_commits_are_durable_on_sqlite(sqlite_url: str, key_file: Path):
    """SQLite is told to have each commit on the disk before it answers (law 1)."""
    store = open_store(sqlite_url, key_file)
    with store.read() as tx:
        modes = [
            tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous")
        ]
    store.close()
    assert modes == ["wal", 2]
