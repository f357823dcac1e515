"""Ordinary large files are read in full by a child with the shipped limits, and it grows little over them."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from milter.attachments.ocr import installed
from milter.sandbox import SyncSandbox
from milter.settings import ReadLimits

GROWN_MIB = 110  # beside a gateway process at rest that is far below 400 MB for a core
NUMBER = "943 476 5919"
WORDS = (
    "the",
    "council",
    "agreed",
    "to",
    "review",
    "its",
    "plan",
    "for",
    "works",
    "on",
    "roads",
    "by",
    "spring",
)
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def phrases(count: int) -> list[str]:
    return [" ".join(Random(count).choices(WORDS, k=3)) + f" {at}" for at in range(count)]


def packed(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(rows: str, strings: list[str]) -> bytes:
    """A workbook of one sheet, as Excel writes it."""
    items = "".join(f"<si><t>{text}</t></si>" for text in strings)
    return packed(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="r"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="r1" Type="{LINKS}/worksheet"'
            f' Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{LINKS}/sharedStrings"'
            ' Target="sharedStrings.xml"/></Relationships>',
            "xl/sharedStrings.xml": f"<sst {MAIN}>{items}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>",
        }
    )


def row(number: int, cells: list[str], kind: str = "") -> str:
    mark = f' t="{kind}"' if kind else ""
    values = "".join(
        f'<c r="{chr(65 + at)}{number}"{mark}><v>{cell}</v></c>' for at, cell in enumerate(cells)
    )
    return f'<row r="{number}">{values}</row>'


def text_workbook() -> bytes:
    """60,000 rows of ten texts, and a patient's number in the last under the heading of the first."""
    strings = [*phrases(2_000), "NHS number", "9434765919"]
    rows = [row(1, ["2000", *map(str, range(9))], "s")]
    rows += [row(at, [str((at * step) % 2_000) for step in range(1, 11)], "s") for at in range(2, 60_000)]
    return workbook("".join((*rows, row(60_000, ["2001"], "s"))), strings)


def number_workbook() -> bytes:
    """60,000 rows of fifteen numbers, and a patient's."""
    rows = [row(1, ["0"], "s")]
    rows += [row(at, [str((at * step) % 999_983) for step in range(1, 16)]) for at in range(2, 60_000)]
    return workbook("".join((*rows, row(60_000, ["9434765919"]))), ["NHS number"])


def log() -> bytes:
    """A log of 17 MB, in which somebody noted a patient."""
    lines = [
        f"2026-11-02 10:02:{at % 60:02} INFO {text} {text} {text}" for at, text in enumerate(phrases(170_000))
    ]
    return "\n".join(
        (*lines, f"2026-11-02 10:03:00 NOTE Ella Smith, NHS number {NUMBER}, has epilepsy")
    ).encode()


def chat() -> bytes:
    """A conversation of 12 MB with pictures of faces in it, which take four octets a character in memory."""
    texts = phrases(120_000)
    lines = [f"{first} \U0001f600 {second} \u2013 ok" for first, second in pairwise(texts)]
    return "\n".join((*lines, f"Ella Smith, NHS number {NUMBER}, has epilepsy")).encode()


def table() -> bytes:
    lines = [f'{at},"{text}",{text},{at % 997}' for at, text in enumerate(phrases(150_000))]
    return "\n".join(("ref,what,more,NHS number", *lines, "1,a,b,9434765919")).encode()


def archive() -> bytes:
    return packed({"a.xlsx": text_workbook(), "b.csv": table()})


FILES: dict[str, Callable[[], bytes]] = {
    "texts.xlsx": text_workbook,
    "numbers.xlsx": number_workbook,
    "day.log": log,
    "chat.txt": chat,
    "table.csv": table,
    "all.zip": archive,
}


def inspected(name: str, content: bytes) -> dict[str, Any]:
    """Have a fresh child read a file; only its time is not the shipped one, since machines differ."""
    limits = replace(ReadLimits(), seconds=300.0)
    with SyncSandbox("tests.assess.measured", {"folder": None}, limits=limits) as child:
        answer, _ = child.call({"op": "detect", "name": name, "reveal": False}, content)
    return answer


@pytest.mark.parametrize("name", FILES)
def test_a_large_file_is_read_to_its_last_row(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    """Everything in it is read, what stands at its end is found, and the child stays within its bound."""
    answer = inspected(name, FILES[name]())
    record_property("grown-mib", answer["grown"])
    assert {part["status"] for part in answer["parts"]} == {"read"}, answer["parts"]
    assert "nhs-number" in {finding["kind"] for finding in answer["findings"]}
    assert answer["grown"] < GROWN_MIB


@pytest.mark.skipif(
    not installed(), reason="text recognition (tesserocr and tesseract-ocr-eng) is not installed"
)
def test_a_telephones_photograph_is_read() -> None:
    """A letter photographed with 12 million dots is read, within the same bound."""
    sheet = Image.new("L", (3000, 4000), 235)
    font = ImageFont.load_default(60)
    text = "\n".join([f"Re: Ella Smith, NHS number {NUMBER}"] * 20)
    ImageDraw.Draw(sheet).multiline_text((250, 300), text, fill=40, font=font, spacing=30)
    out = io.BytesIO()
    sheet.convert("RGB").save(out, "JPEG", quality=90)
    answer = inspected("IMG_0001.jpg", out.getvalue())
    assert [part["status"] for part in answer["parts"]] == ["read"]
    assert "nhs-number" in {finding["kind"] for finding in answer["findings"]}
    assert answer["grown"] < GROWN_MIB
