"""What the documents tell people to type, set and read is there: commands, settings, files."""

import argparse
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from milter.cli.main import parser

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("deploy/**/*.md")),
)
SHOWN = re.compile(
    r"`(?:/opt/sealgate/bin/)?(sealgate [^`]+)`|^(?:/opt/sealgate/bin/)?(sealgate [a-z].*)$", re.MULTILINE
)
WORDS = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?<![\w/.<])(?:[a-z_]+/)+[\w.-]+\.(?:py|toml|md|txt|js|csv|yml|json|conf|ps1)\b")
NOT_SHIPPED = {"site/texts.cy.js"}  # a translation that somebody may add
FOLDERS = (
    "",
    "docs",
    "milter",
    "milter/detect",
    "addin_backend",
    "addin_backend/admin",
    "addin_backend/outlook",
    "deploy",
)
PLACE = re.compile(r"<[^>]+>|\.\.\.")  # where a reader puts in their own
BEHIND = re.compile(r"\s{2,}|\s#|\s\\?\||\s&&")  # what a line says of the command behind it
SETTINGS = tomllib.loads((ROOT / "config" / "sealgate.toml").read_text("utf-8"))
SETTING = re.compile(
    rf"`({'|'.join(name for name, value in SETTINGS.items() if isinstance(value, dict))})\.([\w-]+)(?=[`\s=])"
)


def commands(page: Path) -> list[list[str]]:
    found = (one or other for one, other in SHOWN.findall(page.read_text("utf-8")))
    return [shlex.split(PLACE.sub("x", BEHIND.split(line.replace("\n", " "))[0])) for line in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_a_page_shows_are_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each names a command and options that exist; what a reader adds for themselves may be left out."""
    for _, *words in commands(page):
        said = complaint(words, capsys)
        assert not said or "are required" in said, f"sealgate {' '.join(words)}"


def complaint(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Give what the command line says against some words; '' for nothing."""
    try:
        parser().parse_args(words)
    except SystemExit:
        return capsys.readouterr().err
    return ""


def test_every_command_stands_in_a_page() -> None:
    """Nobody has to find a command by `sealgate --help` alone."""
    (acts,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    shown = {words[1] for page in PAGES for words in commands(page)}
    assert set(acts.choices) - shown == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """A reader who looks for a file finds it under the name that the page gives it."""
    named = {file for words in WORDS.findall(page.read_text("utf-8")) for file in FILE.findall(words)}
    lost = {file for file in named if not any((ROOT / folder / file).exists() for folder in FOLDERS)}
    assert {file for file in lost if not file.endswith(tuple(NOT_SHIPPED))} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_a_page_names_are_there(page: Path) -> None:
    """`section.setting` is spelt as sealgate.toml spells it."""
    named = SETTING.findall(page.read_text("utf-8"))
    assert [f"{section}.{name}" for section, name in named if name not in SETTINGS[section]] == []


def test_the_page_of_floors_is_what_import_linter_holds() -> None:
    """docs/structure.md shows the layers of pyproject.toml, in their order."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    shown = (ROOT / "docs" / "structure.md").read_text("utf-8").split("```")[1]
    assert shown.split("\n")[1:-1] == [layer.replace("milter.", "") for layer in contracts[0]["layers"]]
