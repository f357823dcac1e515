"""Documents made for the tests: one of each format, each with the same words in it."""

import io
import zipfile
from collections.abc import Callable

WORDS = "Łucja Ŵyn-Jones, born 3 April 2015, is on the SEN register"
PASSWORD = "acorn-velvet-tunnel-river-onion-maple"


def docx() -> bytes:
    """A Word document with a paragraph, a table, a header and a footer."""
    from docx import Document

    made = Document()
    made.add_paragraph(WORDS)
    table = made.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "UPN", "H801200001001"
    made.sections[0].header.paragraphs[0].text = "Private and Confidential"
    return _saved(made.save)


def xlsx() -> bytes:
    """A workbook of two sheets, one hidden."""
    from openpyxl import Workbook

    made = Workbook()
    made.active.append(["Name", "UPN"])
    made.active.append([WORDS, "H801200001001"])
    hidden = made.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    hidden["A1"] = "Free school meals"
    return _saved(made.save)


def pptx() -> bytes:
    """A slide with notes."""
    from pptx import Presentation

    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "Class 4P"
    slide.placeholders[1].text = WORDS
    slide.notes_slide.notes_text_frame.text = "Pupil premium"
    return _saved(made.save)


def odt() -> bytes:
    """A text document of OpenDocument."""
    from odf.opendocument import OpenDocumentText
    from odf.text import P

    made = OpenDocumentText()
    made.text.addElement(P(text=WORDS))
    return _saved(made.write)


def ods() -> bytes:
    """A spreadsheet of OpenDocument."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    made = OpenDocumentSpreadsheet()
    table, row, cell = Table(name="4P"), TableRow(), TableCell()
    cell.addElement(P(text=WORDS))
    row.addElement(cell)
    table.addElement(row)
    made.spreadsheet.addElement(table)
    return _saved(made.write)


def pdf() -> bytes:
    """A PDF with text, a form field, an attachment and metadata."""
    import pikepdf
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    page = Canvas(out, invariant=1)
    page.setTitle("Class list")
    page.drawString(72, 700, "UPN H801200001001")
    page.acroForm.textfield(name="dob", value="03/04/2015", x=72, y=600, width=200, height=20)
    page.save()
    with pikepdf.open(io.BytesIO(out.getvalue())) as made:
        made.attachments["notes.txt"] = WORDS.encode()
        return _saved(made.save)


def csv() -> bytes:
    """Comma-separated values."""
    return f"name,upn\r\n{WORDS!r},H801200001001\r\n".encode()


def png() -> bytes:
    """A picture of one pixel."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (1, 1), (200, 0, 0)).save(out, "PNG")
    return out.getvalue()


MAKERS: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("docx", docx),
    ("xlsx", xlsx),
    ("pptx", pptx),
    ("odt", odt),
    ("ods", ods),
    ("pdf", pdf),
    ("csv", csv),
    ("png", png),
)
IN_OWN_FORMAT = ("docx", "xlsx", "pptx", "pdf")


def package(parts: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts, as an Office package is one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 24, 10, 42, 0)), content, method)
    return out.getvalue()


def content_types(**parts: str) -> str:
    """The list of parts; keys are part names with '/' written '__' and '.' written '_dot_'."""
    rows = "".join(
        f'<Override PartName="/{name.replace("__", "/").replace("_dot_", ".")}" ContentType="{kind}"/>'
        for name, kind in parts.items()
    )
    return f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{rows}</Types>'


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()
