"""Writes a document as docx, xlsx, pptx or PDF, its hidden places truly hidden. Same document, same bytes."""

import datetime as dt
import io
import re
import zipfile
from random import Random
from xml.sax.saxutils import escape

from benchmarks.corpus.slots import plain
from benchmarks.corpus.template import Block, Document

MADE = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
TITLES = {"heading", "subject", "sheet", "hiddensheet"}


def settled(content: bytes) -> bytes:
    """Give a zip with all its dates set to one, so that bytes depend on the seed alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (2026, 3, 10, 9, 0, 0)), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _runs(document: Document) -> list[Block | list[Block]]:
    """Blocks in order, rows that follow one another taken together as a table."""
    out: list[Block | list[Block]] = []
    for block in document.blocks:
        if block.sort != "row":
            out.append(block)
        elif out and isinstance(out[-1], list):
            out[-1].append(block)
        else:
            out.append([block])
    return out


def write_docx(document: Document, rng: Random) -> bytes:
    """Word: tables are tables, headers headers, comments comments, hidden text hidden or white."""
    import docx
    from docx.shared import RGBColor

    file = docx.Document()
    file.core_properties.created = file.core_properties.modified = MADE
    file.core_properties.author = document.cast.fill("pro9", "", "")
    last = file.add_paragraph("")
    for block in _runs(document):
        if isinstance(block, list):
            _docx_table(file, block)
            continue
        text = plain_lines(block.text)
        if block.sort in {"header", "footer"}:
            getattr(file.sections[0], block.sort).paragraphs[0].text = text
        elif block.sort == "comment":
            file.add_comment(last.runs or last.add_run("see"), text=text, author="Reviewer", initials="R")
        elif block.sort == "hidden":
            run = file.add_paragraph().add_run(text)
            if rng.random() < 0.5:
                run.font.hidden = True
            else:
                run.font.color.rgb = RGBColor(255, 255, 255)
        elif block.sort in TITLES:
            last = file.add_heading(text, 1)
        elif text:
            last = file.add_paragraph(text)
    out = io.BytesIO()
    file.save(out)
    return settled(out.getvalue())


def _docx_table(file: object, rows: list[Block]) -> None:
    width = max(len(row.cells) for row in rows)
    table = file.add_table(len(rows), width)  # type: ignore[attr-defined]
    for place, row in enumerate(rows):
        cells = table.rows[place].cells
        for column, cell in enumerate(row.cells):
            cells[column].text = plain(cell)


def plain_lines(text: str) -> str:
    """Line ends kept, sentinels made characters."""
    return "\n".join(plain(line) for line in text.split("\n"))


def write_xlsx(document: Document, rng: Random) -> bytes:
    """Excel: dates are dates in half of the books, hidden sheets hidden or very hidden, comments on cells."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": MADE.replace(tzinfo=None), "author": document.cast.fill("pro9", "", "")})
    when = book.add_format({"num_format": "dd/mm/yyyy"}) if rng.random() < 0.5 else None
    sheet, line = None, 0
    for block in document.blocks:
        if block.sort in {"sheet", "hiddensheet"} or sheet is None:
            name = plain(block.text) if block.sort in {"sheet", "hiddensheet"} else "Sheet1"
            name = re.sub(r"[\[\]:*?/\\]", "-", name)[:31]  # signs that Excel takes in no name of a sheet
            sheet, line = book.add_worksheet(name), 0
            if block.sort == "hiddensheet":
                sheet.very_hidden() if rng.random() < 0.5 else sheet.hide()
            if block.sort in {"sheet", "hiddensheet"}:
                continue
        line = _xlsx_block(sheet, block, line, when)
    book.worksheets()[0].activate()
    book.close()
    return settled(out.getvalue())


def _xlsx_block(sheet, block: Block, line: int, when) -> int:  # type: ignore[no-untyped-def]
    text = plain_lines(block.text)
    if block.sort in {"header", "footer"}:
        getattr(sheet, f"set_{block.sort}")("&L" + text.replace("&", "&&"))
        return line
    if block.sort == "comment":
        sheet.write_comment(max(line - 1, 0), 0, text, {"author": "Reviewer"})
        return line
    if block.sort == "hidden":
        sheet.write_string(line, 0, text)
        sheet.set_row(line, None, None, {"hidden": True})
        return line + 1
    if block.sort == "row":
        for column, cell in enumerate(block.cells):
            _xlsx_cell(sheet, line, column, plain(cell), when)
    elif text:
        sheet.write_string(line, 0, text)
    return line + 1


def _xlsx_cell(sheet, line: int, column: int, cell: str, when) -> None:  # type: ignore[no-untyped-def]
    if when is not None and len(cell) == 10 and cell[2] == cell[5] == "/" and cell.replace("/", "").isdigit():
        day, month, year = (int(part) for part in cell.split("/"))
        sheet.write_datetime(line, column, dt.datetime(year, month, day), when)  # noqa: DTZ001
    elif cell.isdigit() and not cell.startswith("0") and len(cell) < 12:
        sheet.write_number(line, column, int(cell))
    else:
        sheet.write_string(line, column, cell)


def write_pptx(document: Document, rng: Random) -> bytes:  # noqa: ARG001
    """PowerPoint: a slide for each heading, comments and hidden text in the speaker's notes."""
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    deck.core_properties.created = deck.core_properties.modified = MADE
    slide = None
    for block in _runs(document):
        title = not isinstance(block, list) and block.sort in TITLES
        if slide is None or title:
            slide = deck.slides.add_slide(deck.slide_layouts[1])
            if title:
                slide.shapes.title.text = plain_lines(block.text)  # type: ignore[union-attr]
                continue
        if isinstance(block, list):
            width = max(len(row.cells) for row in block)
            table = slide.shapes.add_table(
                len(block), width, Inches(1), Inches(2), Inches(8), Inches(3)
            ).table
            for place, row in enumerate(block):
                for column, cell in enumerate(row.cells):
                    table.cell(place, column).text = plain(cell)
        elif block.sort in {"comment", "hidden", "footer"}:
            slide.notes_slide.notes_text_frame.text += plain_lines(block.text) + "\n"
        elif block.text:
            slide.placeholders[1].text_frame.text += plain_lines(block.text) + "\n"
    out = io.BytesIO()
    deck.save(out)
    return settled(out.getvalue())


def write_pdf(document: Document, rng: Random) -> bytes:  # noqa: ARG001
    """PDF by a program: paragraphs, tables, white text where hidden, comments as annotations' text."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

    font = _pdf_font()
    styles = getSampleStyleSheet()
    for name in ("Normal", "Heading2"):
        styles[name].fontName = font
    flow: list[object] = []
    for block in _runs(document):
        if isinstance(block, list):
            width = max(len(row.cells) for row in block)
            cells = [[plain(cell) for cell in row.cells] + [""] * (width - len(row.cells)) for row in block]
            flow.append(
                Table(
                    cells,
                    style=[("FONT", (0, 0), (-1, -1), font, 8), ("GRID", (0, 0), (-1, -1), 0.25, "grey")],
                )
            )
        elif block.text:
            text = escape(plain_lines(block.text)).replace("\n", "<br/>")
            text = f'<font color="white">{text}</font>' if block.sort == "hidden" else text
            flow += [Paragraph(text, styles["Heading2" if block.sort in TITLES else "Normal"]), Spacer(1, 6)]
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4, invariant=1, title="Document", author="").build(flow)
    return out.getvalue()


def _pdf_font() -> str:
    """Give a font with accents and full-width forms where the machine has one."""
    from pathlib import Path

    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not path.exists():
        return "Helvetica"
    if "DejaVu" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("DejaVu", str(path)))
    return "DejaVu"
