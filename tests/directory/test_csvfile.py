"""The directory from a CSV file: read anew when it changes, and never half."""

import os
from pathlib import Path

import pytest

from milter.directory.csvfile import LOOK_SECONDS, CsvFile, read_entries
from milter.directory.entry import DirectoryError, Entry
from tests.directory.test_look_up import Hands

TEXT = """\
Display Name;Primary_SMTP;Email;Job Title;Department;Company;OfficePhone;Members
Khan, Amira;;Amira.Khan@borchester.gov.uk;Social Worker;Children's Services;Borchester;0118 496 0100;
All heads;;heads@borchester.gov.uk;;;;;"head@a.sch.uk; inner@borchester.gov.uk"
Inner;;inner@borchester.gov.uk;;;;;heads@borchester.gov.uk;amira.khan@borchester.gov.uk
No address;;;;;;;
"""
KHAN = "amira.khan@borchester.gov.uk"


async def test_rows_are_found_by_address_and_name(tmp_path: Path) -> None:
    """An export with another order, delimiter and capitals is read; a name in any order finds its row."""
    file = tmp_path / "people.csv"
    file.write_text(TEXT, encoding="utf-8-sig")
    source = CsvFile(file)
    assert await source.look_up(KHAN) == Entry(
        KHAN, "Khan, Amira", "Social Worker", "Children's Services", "Borchester", "0118 496 0100"
    )
    assert [entry.address for entry in await source.named("amira khan")] == [KHAN]
    assert await source.look_up("nobody@borchester.gov.uk") is None


def test_groups_in_groups_are_opened() -> None:
    """A group has everyone of the groups in it, each once, whatever contains what."""
    entries = read_entries(TEXT)
    assert set(entries["heads@borchester.gov.uk"].members or ()) == {"head@a.sch.uk"}
    text = TEXT.replace("heads@borchester.gov.uk;amira", '"heads@borchester.gov.uk; amira').replace(
        "gov.uk\nNo address", 'gov.uk"\nNo address'
    )
    assert set(read_entries(text)["heads@borchester.gov.uk"].members or ()) == {"head@a.sch.uk", KHAN}


async def test_a_changed_file_is_taken_and_a_lost_one_is_not(tmp_path: Path) -> None:
    """A new export is read at the next look; a file that is gone leaves the one before in force."""
    clock = Hands()
    file = tmp_path / "people.csv"
    file.write_text("email,name\na@x.example,Ann Archer\n")
    source = CsvFile(file, clock)
    first = await source.look_up("a@x.example")
    file.write_text("email,name\na@x.example,Ann Bellamy\n")
    os.utime(file, (1, 1))
    assert await source.look_up("a@x.example") == first
    clock.now += LOOK_SECONDS
    second = await source.look_up("a@x.example")
    assert second is not None
    assert second.name == "Ann Bellamy"
    file.unlink()
    clock.now += LOOK_SECONDS
    assert await source.look_up("a@x.example") == second


async def test_a_file_that_never_was_is_a_directory_that_is_down(tmp_path: Path) -> None:
    """Nothing is known then, rather than that nobody is there."""
    with pytest.raises(DirectoryError, match="down"):
        await CsvFile(tmp_path / "missing.csv").look_up("a@x.example")
