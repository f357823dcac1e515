"""The shipped policy with the tests' own partners."""

import shutil
from pathlib import Path

import pytest

from milter import log
from milter.policy.load import load_policy
from milter.policy.policy import Policy
from milter.settings import shipped_folder

HERE = Path(__file__).parent
CONFIG = HERE.parent.parent / "config"


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """Give the shipped policy over the tests' partners."""
    return policy_in(tmp_path_factory.mktemp("policy"))


def policy_in(folder: Path) -> Policy:
    for name in ("policy.toml", "personal-domains.txt"):
        shutil.copy(CONFIG / name, folder)
    shutil.copy(HERE / "partners.toml", folder)
    return load_policy(folder)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the shipped configuration for a command; the log stays as other tests expect it."""
    monkeypatch.setattr(log, "configure", lambda *_given, **_named: None)
    return shutil.copytree(shipped_folder(), tmp_path / "etc")
