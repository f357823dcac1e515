"""What is typed wrongly is answered in words, with an exit code, and never with a traceback."""

from pathlib import Path

import pytest

from milter.cli.main import main
from tests.gateway.harness import configure


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("detect --files-from /nowhere", 1, "/nowhere can't be read"),
        ("detect --files-from .", 1, ". can't be read"),
        ("detect /nowhere", 1, "/nowhere: the file can't be read"),
        ("register --limit 0 --config {etc}", 2, "no whole number from 1 up"),
        ("register --limit -1 --config {etc}", 2, "no whole number from 1 up"),
        ("feedback --days some --config {etc}", 2, "no whole number from 1 up"),
        ("demo --port 70000", 2, "no port from 1 to 65532"),
        ("account invite somebody --role it --config {etc}", 1, "'somebody' is no e-mail address"),
        ("account disable a@b.example --config {etc}", 1, "There is no account"),
        ("hold show ABC --config {etc}", 1, "'ABC' is no reference"),
        ("share show SG-7K2M-9QXD-40TB --config {etc}", 1, "There is no share"),
        ("backup --config {etc} /nowhere", 1, "/nowhere is no folder"),
        ("restore --config {etc} /nowhere", 1, "key file"),
        ("match load /nowhere --config {etc}", 1, "/nowhere can't be read"),
        ("partners import --kind school /nowhere --config {etc}", 1, "/nowhere can't be read"),
        ("audit check-pack /nowhere --config {etc}", 1, "/nowhere can't be read"),
        ("check-config --config /nowhere", 1, "/nowhere is no folder"),
        ("serve --config /nowhere", 2, "there is no such file"),
    ],
)
def test_a_mistake_is_said_in_words(
    words: str, code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code says whether the usage was wrong (2) or it failed (1); the words say what was."""
    configure(tmp_path / "etc", 1)
    try:
        ended = main(words.format(etc=tmp_path / "etc").split())
    except SystemExit as ending:  # argparse's own way to end
        ended = ending.code
    assert ended == code
    assert says in "".join(capsys.readouterr())
