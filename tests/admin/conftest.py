"""Offices for the tests of the staff's pages: filled once by a real gateway, copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from addin_backend.admin import joining, sign_in
from milter.sandbox import SyncSandbox
from milter.settings import load_settings
from tests.admin.office import Office, copied, fill, open_office


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


@pytest.fixture
def office(filled: Path, children: SyncSandbox, tmp_path: Path) -> Iterator[Office]:
    """Give an office of this test's own."""
    opened = open_office(copied(filled, tmp_path / "office"))
    opened.desk.ask_child = children.call  # type: ignore[method-assign]
    yield opened
    opened.close()
