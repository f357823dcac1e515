"""Nothing that a document can hide is missed: a marker from every place comes out."""

import pytest

from milter.attachments import read

from . import making
from .making import text_of, where_is

CANARIES = {
    "docx": (making.docx, making.DOCX_PLACES),
    "xlsx": (making.xlsx, making.XLSX_PLACES),
    "pptx": (making.pptx, making.PPTX_PLACES),
    "odt": (making.odt, making.ODT_PLACES),
    "ods": (making.ods, ("cell", "hiddenrow")),
    "pdf": (making.pdf, making.PDF_PLACES),
    "html": (making.HTML.encode, making.HTML_PLACES),
    "rtf": (lambda: making.RTF, making.RTF_PLACES),
    "vcard": (lambda: making.VCF, ("name", "note", "town")),
    "calendar": (lambda: making.ICS, ("summary", "description", "attached")),
}


@pytest.mark.parametrize("format_", CANARIES)
def test_every_marker_comes_out(format_: str) -> None:
    """Each place where the format can hold text is read, and the document counts as read in full."""
    make, places = CANARIES[format_]
    reading = read(make())
    found = text_of(reading) + "".join(passage.where for passage in making.passages_of(reading))
    assert [place for place in places if f"canary-{place}" not in found] == []
    assert (reading.format, reading.status, reading.why) == (format_, "read", "")


@pytest.mark.parametrize(
    ("format_", "places"),
    [
        ("docx", ("vanished", "deleted", "custom", "core")),
        ("xlsx", ("hiddensheet", "verysheet", "hiddenrow", "pivot", "core")),
        ("pptx", ("hiddenslide", "core")),
        ("html", ("hidden", "tiny", "noscript", "note", "meta", "script", "style", "template")),
        ("rtf", ("vanished", "deleted", "author")),
        ("pdf", ("title", "xmp", "script")),
    ],
)
def test_what_a_reader_would_not_see_is_hidden(format_: str, places: tuple[str, ...]) -> None:
    """Text that a document does not show is told apart, since nobody checked it before sending (Y5)."""
    reading = read(CANARIES[format_][0]())
    for place in places:
        found = where_is(reading, f"canary-{place}")
        assert found, place
        assert all(passage.hidden for passage in found), place


@pytest.mark.parametrize(
    ("format_", "place"),
    [("docx", "body"), ("html", "para"), ("pptx", "title"), ("pdf", "page"), ("rtf", "body")],
)
def test_what_a_reader_sees_is_not_hidden(format_: str, place: str) -> None:
    """Ordinary text is not taken for hidden."""
    (passage, *_) = where_is(read(CANARIES[format_][0]()), f"canary-{place}")
    assert not passage.hidden


@pytest.mark.parametrize("format_", ["docx", "pptx", "odt", "html", "rtf"])
def test_tables_are_passages_of_their_own(format_: str) -> None:
    """A table's rows are lines and its cells are parted by tabs, header row first."""
    reading = read(CANARIES[format_][0]())
    (passage,) = [one for one in where_is(reading, "canary-cell") if one.table]
    header, row = passage.text.split("\n")
    assert len(header.split("\t")) == len(row.split("\t")) == 2
    assert row.startswith("canary-cell")


def test_a_number_wrapped_in_a_cell_stays_in_its_cell() -> None:
    """Two paragraphs of one cell are one line of it."""
    (passage,) = where_is(read(making.docx()), "943 476")
    assert "943 476 5919" in passage.text


def test_sheets_show_what_a_person_sees() -> None:
    """Dates come as dates, zeros that only the format shows are there, columns stay under their headers."""
    (passage,) = [one for one in where_is(read(making.xlsx()), "canary-string") if one.table]
    lines = passage.text.split("\n")
    assert passage.where == "sheet 'canary-sheetname'"
    assert lines[0].split("\t")[:4] == ["Name", "D.O.B.", "Account", "UPN"]
    assert lines[1].split("\t")[:4] == ["canary-string", "03/04/2012", "01234567", "canary-second"]
    assert lines[2].split("\t")[:3] == ["", "31/12/1999", "9434765919"]


def test_hidden_rows_bring_their_header() -> None:
    """Hidden rows stand under the first row of their sheet, so that their columns have names."""
    (passage,) = where_is(read(making.xlsx()), "canary-hiddenrow")
    assert passage.text.split("\n")[0].startswith("Name\tD.O.B.")


def test_text_before_tracked_changes_is_whole() -> None:
    """A number that a tracked change alters is read as it stood before, too."""
    changed = (
        "<w:p><w:r><w:t>943 476 </w:t></w:r><w:del><w:r><w:delText>5919</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>xxxx</w:t></w:r></w:ins></w:p>"
    )
    parts = {
        "[Content_Types].xml": making.TYPES,
        "word/document.xml": making.word_part("document", f"<w:body>{changed}</w:body>"),
    }
    reading = read(making.zipped(parts))
    assert [one.hidden for one in where_is(reading, "943 476 5919")] == [True]
    assert [one.hidden for one in where_is(reading, "943 476 xxxx")] == [False]


def test_macros_and_links_are_noted() -> None:
    """A macro project and a link to a file sharing service are facts for the rules."""
    package = making.with_parts(making.xlsx_small("x"), {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
    assert "macros" in read(package).notes
    page = b'<p>See <a href="https://contoso-my.sharepoint.com/:x:/g/personal/a">the list</a></p>'
    assert "cloud-link" in read(page).notes
    assert (
        "cloud-link" not in read(b'<p>See <a href="https://www.example.org/sharepoint.com">it</a></p>').notes
    )
