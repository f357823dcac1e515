"""Text and tables of separated values come out whole, with offsets that are the file's."""

from itertools import pairwise

import pytest

from milter.attachments import read


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
def test_text_in_any_encoding(encoding: str) -> None:
    """Text as Windows and Unix programs save it is read without being told how."""
    text = "Pupil: Zoë Müller, NHS No 943 476 5919, £40\r\nSecond line of some length"
    (passage,) = read(text.encode(encoding), name="note.txt").passages
    assert passage.text == text
    assert passage.exact


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_tables_are_parted_by_tabs_in_place(separator: str) -> None:
    """Whatever parts the cells, the passage has tabs there and is as long as the file."""
    text = (
        separator.join(("Name", "DOB", "UPN")) + "\n" + separator.join(("A Child", "03/04/2012", "A1")) + "\n"
    )
    (passage,) = read(text.encode(), name="list.csv").passages
    assert passage.table
    assert passage.exact
    assert passage.text == text.replace(separator, "\t")


def test_quoted_cells_keep_their_length() -> None:
    """Separators, quotes and line ends inside a quoted cell part nothing, and shift nothing."""
    text = 'Name,Address,DOB\n"Child, A","1 Mill ""Old""\nLane",03/04/2012\n5" pipe,x,y\n'
    (passage,) = read(text.encode(), name="list.csv").passages
    lines = passage.text.split("\n")
    assert len(passage.text) == len(text)
    assert [cell.strip() for cell in lines[1].split("\t")] == [
        "Child, A",
        '1 Mill  "Old " Lane',
        "03/04/2012",
    ]
    assert lines[2].split("\t") == ['5" pipe', "x", "y"]
    assert passage.text.index("03/04/2012") == text.index("03/04/2012")


def test_a_title_above_a_table_does_not_hide_its_separator() -> None:
    """The sign that parts the most lines alike parts the cells, whatever stands above and within them."""
    text = "March pay\nNo;Name;Net\n1;Mehta, Meera;5763.70\n2;Marsh, Callum;1977.70\n"
    (passage,) = read(text.encode(), name="list.csv").passages
    assert passage.text == text.replace(";", "\t")


def test_a_table_without_a_name_is_seen() -> None:
    """Lines with the same number of separators are a table, whatever the file is called."""
    text = b"Name;DOB;UPN\nA;03/04/2012;X1\nB;04/05/2012;X2\n"
    assert read(text, name="export.txt").passages[0].table


@pytest.mark.parametrize("text", ["Dear Ann,\nthank you, Bob.\n\nYours, C, D\n", "One line, only", "a|b"])
def test_prose_is_no_table(text: str) -> None:
    """Commas in sentences part no cells."""
    (passage,) = read(text.encode()).passages
    assert not passage.table


def test_a_declared_charset_is_used() -> None:
    """A charset that the message declares is taken where the octets do not speak for themselves."""
    text = "Запись ребёнка"
    reading = read(text.encode("koi8-r"), declared="text/plain; charset=koi8-r")
    assert reading.passages[0].text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_long_text_comes_in_pieces_that_are_the_text(encoding: str) -> None:
    """Each piece begins where the one before it ends, and none is lost, whatever the encoding."""
    text = "caf\xe9, the council\u2019s plan for the road\n" * 120_000
    passages = read(text.encode(encoding)).passages
    assert len(passages) > 2
    assert "".join(passage.text for passage in passages) == text
    assert all(first.start + len(first.text) == second.start for first, second in pairwise(passages))


def test_no_piece_of_a_long_table_ends_in_a_quoted_cell() -> None:
    """A cell of several lines stays one cell, wherever it stands."""
    table = "a,b,c\n" + '1,"first line\nsecond line",x\n' * 120_000
    passages = read(table.encode(), name="a.csv").passages
    assert len(passages) > 2
    assert {line.count("\t") for passage in passages for line in passage.text.split("\n") if line} == {2}


def test_large_xml_names_each_value_by_its_element() -> None:
    """Data of many megabytes are read without a tree of them, attributes and all, to the last."""
    row = "<row><id>7</id><what>kerb &amp; stone</what></row>\n"
    last = '<row><nhsNumber>9434765919</nhsNumber><who name="Ella"/></row>'
    reading = read(f"<?xml version='1.0'?><rows>\n{row * 120_000}{last}</rows>".encode())
    text = "".join(passage.text for passage in reading.passages)
    assert reading.status == "read"
    assert "nhs Number: 9434765919" in text
    assert 'name="Ella"' in text
    assert text.count("kerb") == 120_000
