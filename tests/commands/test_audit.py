"""`sealgate audit verify`: what an auditor reads of the trail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from addin_backend.site import Site
from milter.cli.main import main
from tests.web.shares import begin, site_in


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = site_in(tmp_path / "etc")
    yield made
    made.store.close()


def verify(site: Site, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main(["audit", "verify", "--config", str(site.folder)])
    return code, capsys.readouterr().out.splitlines()


def test_a_whole_trail_is_said_to_be_so_with_its_heads(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows, chains, and for each chain the length and the last digest, to be noted elsewhere."""
    assert verify(site, capsys) == (0, ["The trail is whole: 0 rows in 0 chains."])
    begin(site.store)
    code, (first, note, head, *heads) = verify(site, capsys)
    (chain,) = [known for known in site.store.verify().heads if known[0] == "web"]
    assert code == 0
    assert first.startswith("The trail is whole: ")
    assert "somewhere else" in note
    assert head.split() == ["chain", "rows", "last", "digest"]
    assert ["web", str(chain[1]), chain[2]] in [line.split() for line in heads]


def test_a_trail_that_was_tampered_with_is_named_with_its_place(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chain, row and what is wrong, what to do, and exit code 1."""
    begin(site.store)
    engine = create_engine(site.known.settings.store.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit SET actor = 'other' WHERE chain = 'web' AND seq = 1"))
    engine.dispose()
    code, lines = verify(site, capsys)
    assert code == 1
    assert lines[0].startswith("Chain web does not hold from row 1 on: ")
    assert "tell information governance" in lines[1]
    assert not any("whole" in line for line in lines)
