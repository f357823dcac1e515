"""`sealgate feedback` on a message that the gateway judged."""

import json
from pathlib import Path

import pytest

from milter.cli import main
from tests.gateway.harness import OFFICER, PARENT, running
from tests.gateway.test_way import sample


async def test_a_false_alarm_is_noted_by_its_reference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reference of the refusal and a code suffice; the counts and the features come back, without content."""
    folder = tmp_path / "etc"
    async with running(folder) as gateway:
        await gateway.send(OFFICER, [PARENT], sample("class list"))
        await gateway.settle()
        (notice,) = gateway.sink.to(OFFICER)
    text = notice.parsed.get_body(("plain",)).get_content()
    reference = text.partition("Give the reference ")[2].split()[0].rstrip(".")
    config = ["--config", str(folder)]
    assert main(["feedback", reference, "--code", "personal-account", *config]) == 0
    assert main(["feedback", reference, *config]) == 1
    assert "personal-account" in capsys.readouterr().err
    assert main(["feedback", *config]) == 0
    assert "false-positive" in capsys.readouterr().out
    assert main(["feedback", "--json", *config]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert row["code"] == "personal-account"
    assert "Osborne" not in json.dumps(row)
