"""`sealgate explain` without a file, and `sealgate routes`."""

import json
import shutil
from pathlib import Path

import pytest

from milter.cli import main
from milter.policy.load import load_policy
from milter.policy.matrix import matrix
from tests.policy.conftest import HERE

OFFICER = "ann@borchester.gov.uk"


@pytest.fixture
def folder(folder: Path) -> Path:
    """Give the shipped configuration over the tests' partners."""
    shutil.copy(HERE / "partners.toml", folder)
    return folder


def ask(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", "--config", str(folder), "--from", OFFICER, *words]) == 0
    return capsys.readouterr().out


def rows(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, tuple[str, int]]:
    """Give demand and row by kind of data."""
    (line,) = ask(folder, capsys, "--json", *words).splitlines()
    return {row["data"]: (row["demand"], row["row"]) for row in json.loads(line)["rows"]}


def test_the_row_that_decides_is_named_for_each_kind_of_mail(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Council to school: clean mail passes, personal information is encrypted by the row that says E5."""
    out = ask(folder, capsys, "--to", "office@oak.sch.uk")
    assert "office@oak.sch.uk: school, A school" in out
    assert "(E5, E7): council to school" in out
    found = rows(folder, capsys, "--to", "office@oak.sch.uk")
    number = next(row.number for row in load_policy(folder).rows if row.reason == "school-in-clear")
    assert found["personal"] == ("encrypt", number)
    assert found["nothing personal"][0] == "pass"
    assert found["marked SECRET"][0] == "refuse"


def test_supposed_evidence_shows_what_it_would_change(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--evidence asks the table as if a look-up had found that."""
    to = ("--to", "x@met.police.uk")
    assert rows(folder, capsys, *to)["personal"][0] == "encrypt"
    assert rows(folder, capsys, *to, "--evidence", "verified-tls")["personal"][0] == "both"


def test_a_partner_of_its_own_route_is_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the partner's own demand replaces the row's, the words say so."""
    out = ask(folder, capsys, "--to", "a@felpershamhospitals.nhs.uk")
    assert "verified-tls" in out
    assert "the partner's own route stands in its place" in out


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("a@felpersham.gcsx.gov.uk", "use felpersham.gov.uk instead"),
        ("a@pennyhasset.org.uk", "looks like an approved domain, use pennyhassett.org.uk instead"),
        ("jill@borchester.gov.uk", "internal (the same organisation)"),
        ("ann.borchester@hotmail.com", "personal"),
    ],
)
def test_what_is_odd_about_an_address_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], address: str, words: str
) -> None:
    """A closed network, a look-alike, a colleague and a personal account are named as what they are."""
    assert words in ask(folder, capsys, "--to", address)


def test_a_look_up_that_is_turned_off_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--look-up where dns.enabled is false is answered in words, with exit code 1."""
    (folder / "sealgate.toml").write_text("[dns]\nenabled = false\n")
    arguments = ["explain", "--config", str(folder), "--from", OFFICER, "--to", "a@oak.sch.uk", "--look-up"]
    assert main(arguments) == 1
    assert "dns.enabled is false" in capsys.readouterr().err


def test_files_are_explained_as_before(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With a file the message is judged, whatever --from and --to say; neither alone is enough without one."""
    file = tmp_path / "mail.eml"
    file.write_bytes(b"From: ann@borchester.gov.uk\r\nTo: a@oak.sch.uk\r\nSubject: Fair\r\n\r\nSaturday.\r\n")
    out = ask(folder, capsys, "--to", "a@oak.sch.uk", str(file))
    assert "a@oak.sch.uk: PASS" in out
    assert main(["explain", "--config", str(folder), "--from", OFFICER]) == 2


def test_the_page_says_when_nothing_enforces_a_connection(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`sealgate routes` warns where there is no secure next hop, and does not where there is one."""
    assert main(["routes", "--config", str(folder)]) == 0
    assert "no way counts as verified" in capsys.readouterr().out
    with (folder / "sealgate.toml").open("a") as file:
        file.write("\n[secure-next-hop]\nport = 10027\n")
    assert main(["routes", "--config", str(folder)]) == 0
    assert "no way counts as verified" not in capsys.readouterr().out


def test_the_page_says_what_evidence_changes(folder: Path) -> None:
    """The printed matrix names the kinds and data for which a verified connection changes the demand, and to what."""
    page = matrix(load_policy(folder))
    (line,) = (line for line in page.splitlines() if "verified-tls, to council" in line and "nhs" in line)
    assert "both [" in line
    assert "school" not in line
