"""What protecting costs: milliseconds a file and MB/s, by format and size, and where the time goes.

Usage: python benchmarks/protect_bench.py [repeats]. Documents are made by a seed; the time of the best of the
repeats is printed in processor time, with verification, as `protect()` always does it.
"""

import io
import random
import sys
import time
import zipfile
from collections.abc import Callable

from milter.attachments.protect import ROUNDS, ROUNDS_FOR_CHOSEN_PASSWORDS, agile, body_to_pdf, protect

PASSWORD = "acorn-velvet-tunnel-river-onion-maple"  # noqa: S105 - made up
RANDOM = random.Random(20261124)
NAMES = ("Amira Khan", "Jo Marsh", "Lucja Zak", "Wyn Jones", "Stefan Popa")


def padded(document: bytes, size: int) -> bytes:
    """Grow an Office package to a size by a picture-like part."""
    out = io.BytesIO(document)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image1.png", RANDOM.randbytes(max(0, size - len(document))))
    return out.getvalue()


def docx(size: int) -> bytes:
    """Make a Word document of this size."""
    from docx import Document

    made = Document()
    for _ in range(40):
        made.add_paragraph(" ".join(RANDOM.choice(NAMES) for _ in range(40)))
    out = io.BytesIO()
    made.save(out)
    return padded(out.getvalue(), size)


def xlsx(rows: int) -> bytes:
    """Make a workbook of so many rows of ten cells."""
    from openpyxl import Workbook

    made = Workbook(write_only=True)
    sheet = made.create_sheet("4P")
    for row in range(rows):
        sheet.append([RANDOM.choice(NAMES), row, *(RANDOM.randrange(10**9) for _ in range(8))])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def pptx(slides: int) -> bytes:
    """Make a presentation of so many slides."""
    from pptx import Presentation

    made = Presentation()
    for _ in range(slides):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = RANDOM.choice(NAMES)
        slide.placeholders[1].text = " ".join(RANDOM.choice(NAMES) for _ in range(40))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def odt(paragraphs: int) -> bytes:
    """Make an OpenDocument text of so many paragraphs."""
    from odf.opendocument import OpenDocumentText
    from odf.text import P

    made = OpenDocumentText()
    for _ in range(paragraphs):
        made.text.addElement(P(text=" ".join(RANDOM.choice(NAMES) for _ in range(40))))
    out = io.BytesIO()
    made.write(out)
    return out.getvalue()


def legacy(size: int) -> bytes:
    """Make bytes that pack like those of doc, xls and ppt: half text in UTF-16, half of all kinds."""
    words = " ".join(RANDOM.choice(NAMES) for _ in range(size // 50)).encode("utf-16-le")
    return (words + RANDOM.randbytes(size))[:size]


def pdf(pages: int) -> bytes:
    """Make a PDF of so many pages of text."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for _ in range(pages):
        for line in range(45):
            canvas.drawString(60, 780 - 16 * line, " ".join(RANDOM.choice(NAMES) for _ in range(6)))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def text(size: int) -> bytes:
    """Make comma-separated values of this size."""
    line = b"Amira Khan,2015-04-03,H801200001001\r\n"
    return line * (size // len(line))


def best(repeats: int, work: Callable[[], object]) -> float:
    """Return the shortest of the repeats, in milliseconds of processor time: other work does not count."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times) * 1000


def line(what: str, size: int, milliseconds: float) -> None:
    """Print one row."""
    rate = size / 1e6 / (milliseconds / 1000)
    print(f"{what:<38} {size / 1000:>10.0f} kB {milliseconds:>9.1f} ms {rate:>8.1f} MB/s")


def main() -> None:
    """Measure and print."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    cases = (
        ("docx", docx(50_000)),
        ("docx", docx(1_000_000)),
        ("docx", docx(10_000_000)),
        ("xlsx", xlsx(1_000)),
        ("xlsx", xlsx(30_000)),
        ("pptx", pptx(5)),
        ("pptx", pptx(100)),
        ("odt", odt(40)),
        ("odt", odt(4_000)),
        ("doc", legacy(100_000)),
        ("xls", legacy(2_000_000)),
        ("pdf", pdf(3)),
        ("pdf", pdf(300)),
        ("csv", text(100_000)),
        ("csv", text(10_000_000)),
        ("jpg", RANDOM.randbytes(5_000_000)),
    )
    for format_, content in cases:
        kwargs = {"format": format_, "name": f"a.{format_}", "password": PASSWORD}
        line(f"protect {format_}", len(content), best(repeats, lambda c=content, k=kwargs: protect(c, **k)))
    body = "Dear colleagues,\n\nAmira Khan was born on 3 April 2015.\n\n" * 40
    line("body to PDF", len(body), best(repeats, lambda: body_to_pdf(body, title="Message")))
    small = docx(50_000)
    for rounds in (ROUNDS, ROUNDS_FOR_CHOSEN_PASSWORDS):
        took = best(repeats, lambda r=rounds: agile.encrypt(small, PASSWORD, r))
        line(f"encrypting alone, {rounds:,} rounds", len(small), took)


if __name__ == "__main__":
    main()
