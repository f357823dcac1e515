"""The shipped policy with the tests' own partners."""

import shutil
from pathlib import Path

import pytest

from milter.policy.load import load_policy
from milter.policy.policy import Policy

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
