"""Stores to test on: SQLite always, PostgreSQL where there is one; a clock that tests set."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from milter.store.engine import Store, open_store

from .servers import postgresql, run_sql

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give a PostgreSQL server's address, or skip."""
    with postgresql() as address:
        if address is None:
            pytest.skip("PostgreSQL is not installed")
        yield address


@pytest.fixture
def postgresql_url(server: str) -> Iterator[str]:
    """Give an empty database; one serves all tests, swept after each."""
    yield server.format(database="postgres")
    run_sql(
        server,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
    )


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give a file that is not there yet."""
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """Give an empty store's URL, of each kind in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "store.key"


Opener = Callable[..., Store]


@pytest.fixture
def open_it(url: str, key_file: Path, clock: FakeClock) -> Iterator[Opener]:
    """Give a function that opens the store, once more at each call; all are closed at the end."""
    opened: list[Store] = []

    def open_one(node: str = "node1") -> Store:
        opened.append(open_store(url, key_file, clock=clock, node=node))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_it: Opener) -> Store:
    return open_it()
