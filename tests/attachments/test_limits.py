"""Files made to exhaust a reader end at a limit, cheaply."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib

import pytest

from milter.attachments import read
from milter.attachments.reading import Reading
from milter.settings import ReadLimits

from . import making
from .making import text_of

MIB = 1 << 20
SMALL = ReadLimits(total_bytes=20 * MIB, text_chars=1 * MIB, members=50, depth=4, pages=5)


def statuses(reading: Reading) -> set[str]:
    return {reading.status}.union(*(statuses(member) for member in reading.members))


def nested_zip(depth: int) -> bytes:
    content = b"bottom"
    for _ in range(depth):
        content = making.zipped({"a.zip": content})
    return content


def overlapping_zip() -> bytes:
    """Two directory entries for one packed file (after D. Fifield)."""
    plain = making.zipped({"a": bytes(1000), "b": bytes(1000)})
    out = bytearray(plain)
    second = out.rindex(b"PK\1\2")
    first = out.index(b"PK\1\2")
    out[second + 42 : second + 46] = out[first + 42 : first + 46]
    return bytes(out)


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><x>&j;</x>"
)
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
BOOK = {
    "[Content_Types].xml": making.TYPES,
    "xl/workbook.xml": "<workbook><sheets><sheet name='a' r:id='r1' xmlns:r='r'/></sheets></workbook>",
}
WIDE = "".join(
    f'<row r="{n}"><c r="XFD{n}"><v>{n}</v></c><c r="A{n}"><v>1</v></c></row>' for n in range(1, 3000)
)
EVERY_COLUMN = "".join(
    f'<c r="{chr(65 + a)}{chr(65 + b)}{chr(65 + c)}1"><v>1</v></c>'
    for a in range(2) for b in range(26) for c in range(26)
)  # fmt: skip

BOMBS = {
    "zip": making.zipped({"zeros": bytes(30 * MIB)}),
    "zip of bzip2": making.zipped({"zeros": bytes(30 * MIB)}, zipfile.ZIP_BZIP2),
    "zip of lzma": making.zipped({"zeros": bytes(30 * MIB)}, zipfile.ZIP_LZMA),
    "many members": making.zipped({f"{number}": b"x" for number in range(60)}),
    "nested": nested_zip(6),
    "overlapping": overlapping_zip(),
    "gzip": gzip.compress(bytes(30 * MIB)),
    "gzip of many streams": gzip.compress(bytes(MIB)) * 30,
    "bzip2": bz2.compress(bytes(30 * MIB)),
    "xz": lzma.compress(bytes(30 * MIB)),
    "gzip in gzip": gzip.compress(gzip.compress(bytes(30 * MIB))),
    "docx part": making.zipped({"[Content_Types].xml": "", "word/document.xml": bytes(30 * MIB)}),
    "billion laughs": making.zipped({"[Content_Types].xml": "", "word/document.xml": LAUGHS}),
    "laughing xml": LAUGHS.encode(),
    "deep xml": b"<?xml version='1.0'?>" + b"<a>" * 100_000,
    "long text": b"word " * 300_000,
    "wide sheet": making.zipped(
        BOOK
        | {
            "xl/worksheets/sheet1.xml": SHEET.format(
                f"<sheetData><row r='1'>{EVERY_COLUMN}</row>{WIDE}</sheetData>"
            )
        }
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_end_at_a_limit(bomb: str) -> None:
    """Each bomb is told as a limit somewhere in the reading, and yields no more text than allowed."""
    reading = read(BOMBS[bomb], limits=SMALL)
    assert "limit" in statuses(reading)
    assert len(text_of(reading)) <= 2 * SMALL.text_chars


def test_ratio_counts_for_large_files_only() -> None:
    """Ten megabytes of nothing packed to little are harmless; what lies beyond is held to the ratio."""
    small = making.zipped({"a.txt": "x" * (9 * MIB)})
    large = making.zipped({"a.txt": "x" * (15 * MIB)})
    assert statuses(read(small, limits=ReadLimits(text_chars=20 * MIB))) == {"read"}
    assert "limit" in statuses(read(large, limits=ReadLimits(text_chars=20 * MIB)))


def test_what_was_read_before_a_limit_is_kept() -> None:
    """A limit ends the reading; it does not throw away what was found."""
    reading = read(making.zipped({"a.txt": "canary-first", "b": bytes(30 * MIB)}), limits=SMALL)
    assert "canary-first" in text_of(reading)


def test_a_quine_ends() -> None:
    """A gzip file that holds itself is unpacked no deeper than files may lie in one another."""
    content = b"x"
    for _ in range(20):
        content = gzip.compress(content)
    assert "limit" in statuses(read(content, limits=SMALL))


@pytest.mark.parametrize("reference", ["A1:XFD1048576", "XFD1048576"])
def test_lies_about_a_sheets_size_cost_nothing(reference: str) -> None:
    """A merged cell or dimension over a whole sheet changes nothing (pitfall 41)."""
    inside = (
        f'<dimension ref="{reference}"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>canary-cell</t></is></c>'
        '</row><row r="1048576"><c r="XFD1048576"><v>7</v></c></row></sheetData>'
        f'<mergeCells><mergeCell ref="{reference}"/></mergeCells>'
    )
    reading = read(making.zipped(BOOK | {"xl/worksheets/sheet1.xml": SHEET.format(inside)}))
    assert reading.status == "read"
    assert [passage.text for passage in reading.passages if passage.table] == ["canary-cell\n\t7"]


def test_pages_are_limited() -> None:
    """A document with more pages than allowed is read up to there."""
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    page = canvas.Canvas(out)
    for number in range(8):
        page.drawString(72, 720, f"canary-page-{number}")
        page.showPage()
    page.save()
    reading = read(out.getvalue(), limits=SMALL)
    assert reading.status == "limit"
    assert "canary-page-4" in text_of(reading)
    assert "canary-page-5" not in text_of(reading)


def pdf_with_content(stream: bytes, filters: bytes) -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>"
        b"\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>\nendobj\n4 0 obj\n<</Filter "
        + filters
        + f"/Length {len(stream)}>>\nstream\n".encode()
        + stream
        + b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n"
    )


def test_pdf_streams_that_swell_are_refused() -> None:
    """A page whose content unpacks beyond the limits is not handed to a PDF engine."""
    once = zlib.compress(bytes(200 * MIB), 9)
    assert read(pdf_with_content(once, b"/FlateDecode"), limits=SMALL).status == "limit"
    twice = zlib.compress(once, 9)
    assert read(pdf_with_content(twice, b"[/FlateDecode/FlateDecode]"), limits=SMALL).status == "limit"


def test_deep_html_ends() -> None:
    """A hundred thousand nested elements are text all the same."""
    reading = read(b"<html>" + b"<div>" * 100_000 + b"canary-deep")
    assert "canary-deep" in text_of(reading)


def test_nested_rtf_ends() -> None:
    """A hundred thousand nested groups are no document."""
    assert read(rb"{\rtf1 " + b"{" * 100_000).status in ("unreadable", "limit")
