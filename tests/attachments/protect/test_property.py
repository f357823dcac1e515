"""Whatever a document says: read before, it is what is read with the password after, and nothing else changed."""

import io
import zipfile
from collections.abc import Callable

import msoffcrypto
import pikepdf
import pyzipper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milter.attachments import read
from milter.attachments.protect import Protected, protect
from milter.attachments.reading import Reading

from .documents import PASSWORD, package

ROUNDS = 50  # of key derivation: it is not the lock's strength that is tried here

# What people write: any script, spaces, line ends; but no controls, which no XML can hold.
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co")), max_size=60)
ROWS = st.lists(st.lists(TEXT, min_size=1, max_size=4), max_size=8)
NAMES = st.text(st.characters(blacklist_categories=("Cs",)), max_size=140)


def docx(rows: list[list[str]]) -> bytes:
    from docx import Document

    made = Document()
    for row in rows:
        table = made.add_table(rows=1, cols=len(row))
        for cell, text in zip(table.rows[0].cells, row, strict=True):
            cell.text = text
        made.add_paragraph(" ".join(row))
    return saved(made.save)


def xlsx(rows: list[list[str]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    for number, row in enumerate(rows or [[]]):
        sheet = made.add_worksheet(f"sheet {number}")
        for column, text in enumerate(row):
            sheet.write_string(number, column, text)
            sheet.write_comment(number, column, text or "-")
    made.close()
    return out.getvalue()


def pptx(rows: list[list[str]]) -> bytes:
    from pptx import Presentation

    made = Presentation()
    for row in rows:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = row[0], row[-1]
        slide.notes_slide.notes_text_frame.text = row[0]
    return saved(made.save)


def pdf(rows: list[list[str]]) -> bytes:
    made = pikepdf.new()
    for row in rows or [[""]]:
        page = made.add_blank_page()
        page.obj.Note = pikepdf.String("\n".join(row))
    made.attachments["rows.txt"] = "\n".join(text for row in rows for text in row).encode()
    made.docinfo["/Title"] = pikepdf.String(rows[0][0] if rows else "")
    return saved(made.save)


def csv(rows: list[list[str]]) -> bytes:
    return "\r\n".join(",".join(row) for row in rows).encode()


def opendocument(rows: list[list[str]]) -> bytes:
    from odf.opendocument import OpenDocumentText
    from odf.text import P

    made = OpenDocumentText()
    for row in rows:
        for text in row:
            made.text.addElement(P(text=text))
    return saved(made.write)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


KINDS = st.sampled_from(
    [("docx", docx), ("xlsx", xlsx), ("pptx", pptx), ("pdf", pdf), ("csv", csv), ("odt", opendocument)]
)


def lines(reading: Reading) -> list[tuple[str, str]]:
    """Give all that reading found, with its place, in the file and in what it holds."""
    own = [(passage.where, passage.text) for passage in reading.passages]
    return own + [line for member in reading.members for line in lines(member)]


def inside(found: Protected) -> Reading:
    """Read what is behind the password: the document itself, or the one file in its zip."""
    reading = read(found.content, name=found.name, words=(PASSWORD,))
    return reading.members[0] if found.format == "zip" else reading


def unlocked(found: Protected) -> bytes:
    """Open it by other programs' code."""
    out = io.BytesIO()
    if found.format == "zip":
        with pyzipper.AESZipFile(io.BytesIO(found.content)) as opened:
            return bytes(opened.read(opened.infolist()[0], pwd=PASSWORD.encode()))
    office = msoffcrypto.OfficeFile(io.BytesIO(found.content))
    office.load_key(password=PASSWORD, verify_password=True)
    office.decrypt(out, verify_integrity=True)
    return out.getvalue()


@given(kind=KINDS, rows=ROWS, name=NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_read_before_is_read_after(
    kind: tuple[str, Callable[[list[list[str]]], bytes]], rows: list[list[str]], name: str
) -> None:
    """Every passage in every place is there behind the password, and none more; without it, not one."""
    format_, make = kind
    content = make(rows)
    found = protect(content, format=format_, name=f"{name}.{format_}", password=PASSWORD, rounds=ROUNDS)
    assert lines(inside(found)) == lines(read(content, name=f"a.{format_}"))
    assert {text for _, text in lines(read(found.content))} <= {f"document-1.{format_}"}


@given(rows=ROWS, kind=st.sampled_from([("docx", docx), ("xlsx", xlsx), ("pptx", pptx)]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_else_of_an_office_document_changes(
    rows: list[list[str]], kind: tuple[str, Callable[[list[list[str]]], bytes]]
) -> None:
    """Each part is the very bytes that were sent, but for the marks put into it."""
    import re

    format_, make = kind
    content = make(rows)
    found = protect(content, format=format_, name=f"a.{format_}", password=PASSWORD, rounds=ROUNDS)
    with (
        zipfile.ZipFile(io.BytesIO(content)) as was,
        zipfile.ZipFile(io.BytesIO(unlocked(found))) as now,
    ):
        assert now.namelist() == was.namelist()
        for part in was.namelist():
            assert re.sub(rb"<sg:[^>]*/>", b"", now.read(part)) == was.read(part)


@given(content=st.binary(max_size=3_000), name=NAMES)
@settings(max_examples=60, deadline=None)
def test_any_bytes_under_any_name_come_back_from_their_zip(content: bytes, name: str) -> None:
    """A file that nobody understands is locked as it is; its name has no path, no control and a length."""
    found = protect(content, format="unknown", name=name, password=PASSWORD)
    assert unlocked(found) == content
    assert 0 < len(found.name) <= 104
    assert not set(found.name) & set('/\\<>:"|?*\x00\r\n')


@given(
    parts=st.dictionaries(st.text("abcdefg/.", min_size=1, max_size=12), st.binary(max_size=300), max_size=8)
)
@settings(max_examples=40, deadline=None)
def test_a_package_that_is_no_office_document_goes_into_a_zip_as_it_is(parts: dict[str, bytes]) -> None:
    """What calls itself a document and is none is not edited."""
    content = package(dict(parts))
    found = protect(content, format="docx", name="a.docx", password=PASSWORD, rounds=ROUNDS)
    assert found.format == "zip"
    assert unlocked(found) == content
