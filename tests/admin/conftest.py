"""Offices for the tests of the staff's pages: filled once by a real gateway, copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from addin_backend.admin import joining, sign_in
from milter.sandbox import SyncSandbox
from milter.settings import load_settings
from tests.admin.office import Office, copied, fill, move_store, open_office
from tests.store.servers import postgresql, run_sql

QUERIES = (
    "test_quarantine",
    "test_register",
    "test_reports",
    "test_api",
    "test_directorates",
)  # asked of both kinds of database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests that touch queries run on each kind of store in turn; SQLite alone serves the others."""
    if "kind" in metafunc.fixturenames and metafunc.module.__name__.endswith(QUERIES):
        kinds = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
        metafunc.parametrize("kind", kinds, indirect=True)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of an office that had the sample mail; nobody changes it."""
    folder = tmp_path_factory.mktemp("office")
    fill(folder)
    return folder


@pytest.fixture(scope="session")
def children(filled: Path) -> Iterator[SyncSandbox]:
    """Give real confined children, started once for all tests."""
    limits = load_settings(filled).read
    with SyncSandbox("milter.assess.child", {"folder": str(filled)}, limits=limits) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash pass-phrases cheaply: what is tested is not how long it takes."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(sign_in, "HASHER", hasher)
    monkeypatch.setattr(joining, "HASHER", hasher)
    sign_in._nobody.cache_clear()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give a PostgreSQL server's address, or skip."""
    with postgresql() as address:
        if address is None:
            pytest.skip("PostgreSQL is not installed")
        yield address


@pytest.fixture(scope="session")
def filled_there(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of such an office whose store is a database of the server."""
    run_sql(server, "CREATE DATABASE filled")
    folder = tmp_path_factory.mktemp("office")
    fill(folder, server.format(database="filled"))
    return folder


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """Say what kind of database the office's store is."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def place(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Path]:
    """Give the folder of a filled office of this test's own."""
    folder = tmp_path / "office"
    if kind == "sqlite":
        yield copied(request.getfixturevalue("filled"), folder)
        return
    there: Path = request.getfixturevalue("filled_there")
    server: str = request.getfixturevalue("server")
    run_sql(server, "CREATE DATABASE office TEMPLATE filled")
    copied(there, folder)
    move_store(folder, server.format(database="filled"), server.format(database="office"))
    yield folder
    run_sql(server, "DROP DATABASE office WITH (FORCE)")


@pytest.fixture
def office(place: Path, children: SyncSandbox) -> Iterator[Office]:
    """Give an office of this test's own."""
    opened = open_office(place)
    opened.desk.ask_child = children.call  # type: ignore[method-assign]
    yield opened
    opened.close()
