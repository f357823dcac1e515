"""`sealgate explain` says what would be owed to each recipient, for programs and for people."""

import json
from pathlib import Path

import pytest

from milter.cli.main import main
from milter.cli.samples import OFFICER, samples
from tests.gateway.harness import configure

NHS = "childrens.therapy@borsetshire.nhs.uk"


def explained(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    configure(folder / "etc", 1)
    file = folder / "message.eml"
    file.write_bytes(next(s.message(1) for s in samples() if "NHS number in the body" in s.shows))
    given = ["explain", "--config", str(folder / "etc"), "--from", OFFICER, "--to", NHS]
    assert main([*given, *words, str(file)]) == 0
    return capsys.readouterr().out


def test_obligations_are_told_to_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Subject marked, text moved into a document, receipt asked for, password apart, all of it recorded."""
    (recipient,) = json.loads(explained(tmp_path, capsys, "--json"))["recipients"]
    assert recipient["action"] == "PROTECT"
    assert recipient["obligations"] == ["mark-subject", "protect-body", "receipt", "password-apart", "record"]


def test_obligations_are_told_to_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same, on a line of its own below the reasons."""
    said = explained(tmp_path, capsys)
    assert "obligations: mark-subject, protect-body, receipt, password-apart, record" in said
