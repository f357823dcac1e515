"""Read-only marks go where the schema wants them, and touch nothing else."""

import zipfile

import pytest

from milter.attachments.protect.errors import CannotEdit
from milter.attachments.protect.office import marked_read_only
from milter.attachments.protect.package import open_package
from milter.attachments.protect.readonly import (
    MARKS,
    SLIDES,
    SPREADSHEET,
    STRICT_SLIDES,
    STRICT_SPREADSHEET,
    WORD,
    apply_edits,
    read_only_edits,
)

from .documents import content_types, docx, package, pptx, xlsx

TYPES = "application/vnd.openxmlformats-officedocument."
SETTINGS = TYPES + "wordprocessingml.settings+xml"
WORKBOOK = TYPES + "spreadsheetml.sheet.main+xml"
SHEET = TYPES + "spreadsheetml.worksheet+xml"
SHOW = TYPES + "presentationml.presentation.main+xml"


def one_part(kind: str, content: str | bytes, extra: dict[str, str] | None = None) -> bytes:
    """A package whose only part besides the list of parts is of this kind."""
    return package(
        {"[Content_Types].xml": content_types(part_dot_xml=kind)} | {"part.xml": content} | (extra or {})
    )


def marked(kind: str, content: str) -> str:
    made = marked_read_only(one_part(kind, content))
    return next(one for one in open_package(made) if one.name == "part.xml").content().decode()


WORD_MARK = f'<sg:writeProtection xmlns:sg="{WORD}" sg:recommended="1"/>'
WORD_LOCK = f'<sg:documentProtection xmlns:sg="{WORD}" sg:edit="readOnly" sg:enforcement="1"/>'
BOOK_MARK = f'<sg:fileSharing xmlns:sg="{SPREADSHEET}" readOnlyRecommended="1"/>'
BOOK_LOCK = f'<sg:workbookProtection xmlns:sg="{SPREADSHEET}" lockStructure="1"/>'
SHEET_LOCK = (
    f'<sg:sheetProtection xmlns:sg="{SPREADSHEET}" sheet="1" objects="1" scenarios="1" formatColumns="0" '
    'formatRows="0" autoFilter="0"/>'
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<w:zoom/><w:compat/>", f"{WORD_MARK}<w:zoom/>{WORD_LOCK}<w:compat/>"),
        ("<w:zoom/>", f"{WORD_MARK}<w:zoom/>{WORD_LOCK}"),
        (
            "<w:zoom/><w:trackRevisions/><w:defaultTabStop/>",
            f"{WORD_MARK}<w:zoom/><w:trackRevisions/>{WORD_LOCK}<w:defaultTabStop/>",
        ),
        (
            '<w:documentProtection w:edit="forms" w:enforcement="1"/>',
            f'{WORD_MARK}<w:documentProtection w:edit="forms" w:enforcement="1"/>',
        ),
        ("<w:writeProtection/><w:zoom/>", f"<w:writeProtection/><w:zoom/>{WORD_LOCK}"),
        (
            "<w:mailMerge><w:documentProtection/></w:mailMerge>",
            f"{WORD_MARK}<w:mailMerge><w:documentProtection/></w:mailMerge>{WORD_LOCK}",
        ),
        ("<!-- <w:zoom/> --><w:zoom/>", f"<!-- <w:zoom/> -->{WORD_MARK}<w:zoom/>{WORD_LOCK}"),
    ],
)
def test_word_settings(body: str, expected: str) -> None:
    """Recommended first, the lock behind what precedes it in CT_Settings; marks that are there stay as they are."""
    whole = f'<w:settings xmlns:w="{WORD}">{{}}</w:settings>'
    assert marked(SETTINGS, whole.format(body)) == whole.format(expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<fileVersion/><workbookPr/><bookViews/><sheets/>",
            f"<fileVersion/>{BOOK_MARK}<workbookPr/>{BOOK_LOCK}<bookViews/><sheets/>",
        ),
        ("<sheets/>", f"{BOOK_MARK}{BOOK_LOCK}<sheets/>"),
        ('<fileSharing userName="x"/><sheets/>', f'<fileSharing userName="x"/>{BOOK_LOCK}<sheets/>'),
    ],
)
def test_workbook(body: str, expected: str) -> None:
    """Both marks stand where CT_Workbook has them."""
    whole = f'<workbook xmlns="{SPREADSHEET}">{{}}</workbook>'
    assert marked(WORKBOOK, whole.format(body)) == whole.format(expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<sheetData><row/></sheetData>", f"<sheetData><row/></sheetData>{SHEET_LOCK}"),
        ("<cols/><sheetData/><autoFilter/>", f"<cols/><sheetData/>{SHEET_LOCK}<autoFilter/>"),
        (
            "<sheetData><row/></sheetData><sheetCalcPr/><pageMargins/>",
            f"<sheetData><row/></sheetData><sheetCalcPr/>{SHEET_LOCK}<pageMargins/>",
        ),
        (
            "<sheetData><row/></sheetData><sheetProtection/>",
            "<sheetData><row/></sheetData><sheetProtection/>",
        ),
        (
            "<!-- <sheetData></sheetData> --><sheetData><row/></sheetData><pageMargins/>",
            f"<!-- <sheetData></sheetData> --><sheetData><row/></sheetData>{SHEET_LOCK}<pageMargins/>",
        ),
        (
            "<sheetData><row><![CDATA[</sheetData>]]></row></sheetData><pageMargins/>",
            f"<sheetData><row><![CDATA[</sheetData>]]></row></sheetData>{SHEET_LOCK}<pageMargins/>",
        ),
        ("<sheetData><row/></sheetData ><x/>", f"<sheetData><row/></sheetData >{SHEET_LOCK}<x/>"),
    ],
)
def test_worksheet(body: str, expected: str) -> None:
    """The lock follows the cells, whatever comments and character data pretend to be."""
    whole = f'<worksheet xmlns="{SPREADSHEET}">{{}}</worksheet>'
    found = package(
        {
            "[Content_Types].xml": content_types(part_dot_xml=SHEET, book_dot_xml=WORKBOOK),
            "part.xml": whole.format(body),
            "book.xml": f'<workbook xmlns="{SPREADSHEET}"><sheets/></workbook>',
        }
    )
    members = open_package(marked_read_only(found))
    assert next(one for one in members if one.name == "part.xml").content().decode() == whole.format(expected)


def test_prefixed_worksheet_is_marked_too() -> None:
    """Some programs write every element with a prefix."""
    whole = f'<x:worksheet xmlns:x="{SPREADSHEET}"><x:sheetData><x:row/></x:sheetData>{{}}</x:worksheet>'
    parts = {
        "[Content_Types].xml": content_types(part_dot_xml=SHEET, book_dot_xml=WORKBOOK),
        "part.xml": whole.format(""),
        "book.xml": f'<workbook xmlns="{SPREADSHEET}"><sheets/></workbook>',
    }
    members = open_package(marked_read_only(package(parts)))  # type: ignore[arg-type]
    assert members[1].content().decode() == whole.format(SHEET_LOCK)


@pytest.mark.parametrize(
    ("namespace", "attribute"), [(SLIDES, "cryptAlgorithmSid"), (STRICT_SLIDES, "algorithmName")]
)
def test_presentation_asks_for_a_password_that_nobody_has(namespace: str, attribute: str) -> None:
    """PowerPoint's mark is a hash of no password, new each time, before the extensions."""
    whole = f'<p:presentation xmlns:p="{namespace}"><p:sldSz/><p:extLst/></p:presentation>'
    one, other = marked(SHOW, whole), marked(SHOW, whole)
    assert one.index("sldSz") < one.index("sg:modifyVerifier") < one.index("extLst")
    assert f"{attribute}=" in one
    assert one != other


def test_strict_documents_are_marked_in_their_own_namespace() -> None:
    """ISO's strict variant has other namespaces for the same elements."""
    whole = f'<workbook xmlns="{STRICT_SPREADSHEET}"><sheets/></workbook>'
    assert marked(WORKBOOK, whole).count(f'xmlns:sg="{STRICT_SPREADSHEET}"') == 2


def refused() -> dict[str, bytes]:
    """Packages that must not be edited, or can't."""
    book = f'<workbook xmlns="{SPREADSHEET}"><sheets/></workbook>'
    return {
        "signed": one_part(WORKBOOK, book, {"_xmlsignatures/sig1.xml": "<Signature/>"}),
        "document type": one_part(WORKBOOK, f"<!DOCTYPE workbook>{book}"),
        "not well-formed": one_part(WORKBOOK, "<workbook>"),
        "UTF-16": one_part(WORKBOOK, book.encode("utf-16")),
        "another namespace": one_part(WORKBOOK, "<workbook><sheets/></workbook>"),
        "nothing to mark": one_part("text/xml", "<x/>"),
        "root without an end": one_part(WORKBOOK, f'<workbook xmlns="{SPREADSHEET}"/>'),
        "no list of parts": package({"part.xml": book}),
        "entities": one_part(WORKBOOK, f'<!DOCTYPE a [<!ENTITY b "c">]>{book}'),
    }


@pytest.mark.parametrize("what", refused())
def test_signed_or_strange_documents_are_not_edited(what: str) -> None:
    """Such a document is protected as the bytes that it is."""
    with pytest.raises(CannotEdit):
        marked_read_only(refused()[what])


@pytest.mark.parametrize("made", [docx(), xlsx(), pptx()])
def test_only_named_parts_change_and_only_by_what_is_added(made: bytes) -> None:
    """Taking the added elements away again gives the very parts that were sent."""
    before = {one.name: one for one in open_package(made)}
    edits = read_only_edits(tuple(before.values()))
    after = {one.name: one for one in open_package(marked_read_only(made))}
    assert list(after) == list(before)
    names = {edit.part for edit in edits}
    assert names
    for name, was in before.items():
        if name not in names:
            assert after[name] == was
    fragments = tuple(mark.name.encode() for mark in MARKS)
    for name in names:
        content = after[name].content()
        for start in sorted(_starts(content, fragments), reverse=True):
            content = content[:start] + content[content.index(b"/>", start) + 2 :]
        assert content == before[name].content()


def _starts(content: bytes, names: tuple[bytes, ...]) -> list[int]:
    return [content.index(b"<sg:" + name) for name in names if b"<sg:" + name in content]


def test_edits_are_applied_in_the_order_of_their_places() -> None:
    """Offsets are those of the part as it was, whatever order the marks come in."""
    members = open_package(one_part(SETTINGS, f'<w:settings xmlns:w="{WORD}"><w:zoom/></w:settings>'))
    edits = list(read_only_edits(members))
    content = members[1].content()
    assert apply_edits(content, edits) == apply_edits(content, edits[::-1])


def test_sheet_of_many_cells_is_scanned_without_a_call_for_each() -> None:
    """A million cells are skipped, not walked: only the head and the tail reach the parser."""
    rows = "<row><c><v>1</v></c></row>" * 200_000
    whole = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{rows}</sheetData><pageMargins/></worksheet>'
    parts = {
        "[Content_Types].xml": content_types(part_dot_xml=SHEET, book_dot_xml=WORKBOOK),
        "part.xml": whole,
        "book.xml": f'<workbook xmlns="{SPREADSHEET}"><sheets/></workbook>',
    }
    members = open_package(package(parts, zipfile.ZIP_STORED))  # type: ignore[arg-type]
    edit = next(one for one in read_only_edits(members) if one.part == "part.xml")
    assert whole[edit.offset :] == "<pageMargins/></worksheet>"
