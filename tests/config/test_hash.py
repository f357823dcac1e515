"""The hash of a policy: over what it says, not how its files look."""

import shutil
from pathlib import Path

import pytest

from milter.policy.load import load_policy

SHIPPED = Path(__file__).parent.parent.parent / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the shipped policy."""
    for name in ("policy.toml", "partners.toml", "personal-domains.txt"):
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_the_same_content_has_the_same_hash(folder: Path) -> None:
    """Remarks, blank lines and the order of a plain list of domains change nothing."""
    before = load_policy(folder).hash
    change(folder / "policy.toml", 'mode = "enforce"', '\n# a remark\nmode    =   "enforce"')
    names = (folder / "personal-domains.txt").read_text("utf-8").splitlines()
    (folder / "personal-domains.txt").write_text("\n".join(reversed(names)), "utf-8")
    assert load_policy(folder).hash == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("policy.toml", "many-recipients = 10", "many-recipients = 11"),
        ("policy.toml", 'to = ["unknown"]\ndemand = "hold"', 'to = ["unknown"]\ndemand = "refuse"'),
        ("policy.toml", '[reasons.near-miss]\naction = "hold"', '[reasons.near-miss]\naction = "pass"'),
        ("policy.toml", '[reasons.locked]\nmode = "enforce"', '[reasons.locked]\nmode = "monitor"'),
        ("policy.toml", "reissues = 3", "reissues = 4"),
        ("partners.toml", '"nhs.net", ', ""),
        ("personal-domains.txt", "hotmail.com\n", ""),
    ],
)
def test_another_content_has_another_hash(folder: Path, name: str, old: str, new: str) -> None:
    """Whatever changes a judgement changes the hash that the register names."""
    before = load_policy(folder).hash
    change(folder / name, old, new)
    assert load_policy(folder).hash != before


def test_by_kind_is_taken(folder: Path) -> None:
    """A reason may have another action for recipients of one kind."""
    change(
        folder / "policy.toml",
        "[reasons.near-miss]\n",
        '[reasons.near-miss]\nby-kind = { school = "refuse" }\n',
    )
    response = load_policy(folder).response("near-miss")
    assert (response.action_for("school").name, response.action_for("nhs").name) == ("REFUSE", "HOLD")
