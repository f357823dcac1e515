"""Stores to test on: SQLite always, PostgreSQL where there is one; a clock that tests set."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from milter.store.engine import Store, migrate, open_store
from milter.store.migrate import HEAD
from milter.store.schema import metadata
from milter.store.shares import ToShare

from .servers import postgresql, run_sql

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday
TO_SHARE = ToShare(
    id="SG-S1",
    judged_id="SG-J1",
    sender="a@council.example",
    organisation="Example Council",
    recipient="head@school.example",
    password="correct horse battery staple",
    needed="confirmed",
    way="email",
    grade="high",
    expires_at=START + timedelta(days=14),
    details={"files": ["a.docx"]},
    register_id="SG-R1",
)


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
def nothing_yet() -> None:
    """Ask for a database without tables; else the tables are there, which saves migrating for each test."""


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, server: str) -> Iterator[str]:
    """Give a database without rows; one serves all tests, swept after each."""
    url = server.format(database="postgres")
    if "nothing_yet" in request.fixturenames:
        run_sql(server, *_DROP)
    else:
        migrate(url)
    yield url
    run_sql(server, _END_OTHERS)
    (version,) = run_sql(server, "SELECT to_regclass('alembic_version')::text") or (None,)
    if version and run_sql(server, "SELECT version_num FROM alembic_version") == (HEAD,):
        run_sql(server, f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
    else:
        run_sql(server, *_DROP)


_DROP = ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite file with all tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("tables") / "store.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> str:
    """Give a file without rows, or one that is not there yet."""
    if "nothing_yet" not in request.fixturenames:
        shutil.copy(tables, tmp_path / "store.db")
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
