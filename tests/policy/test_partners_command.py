"""`sealgate partners`, as an operator types it."""

import io
from pathlib import Path

import pytest

from milter.cli import main
from milter.policy.load import load_policy
from milter.store import agreed
from milter.store.engine import open_store

GIAS = (
    "URN,LA (name),EstablishmentName,EstablishmentStatus (name),SchoolWebsite,TelephoneNum\n"
    "1,Borchester,Loxley Barrett School,Open,http://www.loxleybarrett.sch.uk/about,1632960001\n"
    "2,Borchester,Darrington Academy,Open,darringtonacademy.org.uk,1632960002\n"
    "3,Borchester,Shut School,Closed,www.shut.org.uk,1632960003\n"
    "4,Borchester,Page School,Open,https://sites.google.com/pageschool,1632960004\n"
)
NHS = "Organisation,Domain\nBorsetshire Trust,borsetshiretrust.org\nCare Homes Ltd,carehomes.example.org\n"


def run(folder: Path, *words: str) -> int:
    return main(["partners", *words, "--config", str(folder)])


def written(folder: Path, text: str) -> str:
    file = folder.parent / "list.csv"
    file.write_bytes(text.encode("cp1252"))
    return str(file)


def test_dry_run_shows_and_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--dry-run prints what is new and what could not be used, and writes no file."""
    assert run(folder, "import", "--kind", "school", "--dry-run", written(folder, GIAS)) == 0
    out, err = capsys.readouterr()
    assert "+ Darrington Academy: darringtonacademy.org.uk, 01632960002" in out
    assert "2 new, 0 gone, 0 changed" in out
    assert "row 5, Page School: sites.google.com is shared by many" in err
    assert "shut" not in out
    assert not (folder / "partners-schools.toml").exists()


def test_import_takes_force_and_a_second_one_shows_the_difference(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was imported is known as a school; the next list changes only what differs."""
    assert run(folder, "import", "--kind", "school", written(folder, GIAS)) == 0
    partner = load_policy(folder).domains.find("darringtonacademy.org.uk")
    assert partner is not None
    assert (partner.kind, partner.telephone) == ("school", "01632960002")
    capsys.readouterr()
    assert run(folder, "import", "--kind", "school", written(folder, GIAS)) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    moved = GIAS.replace("1632960002", "1632960009")
    assert run(folder, "import", "--kind", "school", written(folder, moved)) == 0
    assert "~ Darrington Academy" in capsys.readouterr().out


def test_domains_of_other_files_are_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A domain that was written by hand, or belongs to another list, is not taken over."""
    with (folder / "partners.toml").open("a") as file:
        file.write(
            '[[partner]]\nname = "By hand"\nkind = "charity"\ndomains = ["darringtonacademy.org.uk"]\n'
        )
    assert run(folder, "import", "--kind", "school", written(folder, GIAS)) == 0
    assert (
        "Darrington Academy: darringtonacademy.org.uk is written by hand already" in capsys.readouterr().err
    )
    partner = load_policy(folder).domains.find("darringtonacademy.org.uk")
    assert partner is not None
    assert partner.name == "By hand"


def test_the_wrong_list_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list of another kind, a missing file, and one that would drop most of what is known change nothing."""
    assert run(folder, "import", "--kind", "school", written(folder, GIAS)) == 0
    before = (folder / "partners-schools.toml").read_text()
    capsys.readouterr()
    assert run(folder, "import", "--kind", "school", written(folder, NHS)) == 1
    assert "there is no column 'establishmentname'" in capsys.readouterr().err
    assert run(folder, "import", "--kind", "school", "/nowhere.csv") == 1
    head = GIAS.splitlines()[0] + "\n"
    assert run(folder, "import", "--kind", "school", written(folder, head)) == 1
    assert "More than half" in capsys.readouterr().err
    assert (folder / "partners-schools.toml").read_text() == before
    assert run(folder, "import", "--kind", "school", "--force", written(folder, head)) == 0


def test_nhs_list_makes_its_own_file(folder: Path) -> None:
    """Accredited domains become partners of the kind 'nhs'."""
    assert run(folder, "import", "--kind", "nhs", written(folder, NHS)) == 0
    partner = load_policy(folder).domains.find("carehomes.example.org")
    assert partner is not None
    assert partner.kind == "nhs"


def test_list_finds_by_any_word(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is known can be looked up by name, domain or kind."""
    assert run(folder, "list", "police") == 0
    assert "*.police.uk" in capsys.readouterr().out
    assert run(folder, "list", "nobody-of-this-name") == 0
    assert "Nobody" in capsys.readouterr().out


def test_agreed_password_is_kept_and_never_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password read from a pipe is in the store under its name, and no command prints it."""
    with (folder / "partners.toml").open("a") as file:
        file.write(
            '[[partner]]\nname = "P"\nkind = "charity"\ndomains = ["p.example"]\npassword = "with-p"\n'
        )
    assert run(folder, "password") == 0
    assert "missing" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("Correct-Horse-Battery-9\n"))
    assert run(folder, "password", "with-p") == 0
    assert run(folder, "password") == 0
    out = capsys.readouterr().out
    assert "with-p" in out
    assert "Correct-Horse" not in out
    store = open_store(f"sqlite:///{folder}/var/sealgate.db", folder / "var" / "sealgate.key", node="test")
    with store.transaction() as tx:
        assert agreed.password(tx, "with-p", "SG-1") == "Correct-Horse-Battery-9"
    store.close()
    assert run(folder, "password", "with-p", "--remove") == 0
    assert run(folder, "password", "with-p", "--remove") == 1
