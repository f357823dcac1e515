"""PDF: text of each page, and what stands beside it: form values, annotations, attachments, metadata.

qpdf (pikepdf) opens the file, measures its streams and walks its objects; PDFium takes the text, and is never
handed a file whose streams swell beyond the limits. A page that shows only pictures is a scan: read by OCR where
that is installed, else the file is 'unreadable' with the note 'no-text'. PDFium crashes when two threads use it:
one thread a process.
"""

import re
from typing import Any

from milter.attachments.draft import Draft, File, UnreadableError
from milter.attachments.links import note_links
from milter.attachments.ocr import text_of_page
from milter.attachments.pdfextras import Extras, extras_of
from milter.attachments.pdflock import opened
from milter.attachments.picture import MORE_PICTURES

PICTURE_SHARE = 0.25  # a page without text whose pictures cover this much of it is a scan
PAGE_TEXT_CHARS = 10  # letters and digits below which a page counts as without text
MOST_PICTURES = 500  # looked at on one page


def read_pdf(file: File, draft: Draft) -> None:
    """Read a PDF, locked or not."""
    password, document = opened(file, draft)
    extras = Extras()
    if document is None:
        draft.fail("unreadable", "the PDF file is damaged")  # PDFium mends more than qpdf
    else:
        with document:
            extras = extras_of(document, draft)
    scans = _pages(file, draft, password)
    extras.say(draft)
    if scans:
        draft.note("no-text")
        draft.fail("unreadable", f"{scans} of its pages are pictures without text")
        if file.budget.ocr_spent:
            draft.fail("limit", f"{scans} of its pages are pictures, and it {MORE_PICTURES}")


def _pages(file: File, draft: Draft, password: str) -> int:
    """Take the text of each page; how many pages are pictures that could not be read."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(file.content, password=password or None)
    except pdfium.PdfiumError as fault:
        raise UnreadableError("the PDF file is damaged") from fault
    scans = 0
    try:
        for number in range(len(document)):
            file.budget.page()
            try:
                page = document[number]
            except pdfium.PdfiumError:
                draft.fail("unreadable", "a page of it is damaged")
                continue
            try:
                scans += _page(page, f"page {number + 1}", file, draft)
            finally:
                page.close()
    finally:
        document.close()
    return scans


def _page(page: Any, where: str, file: File, draft: Draft) -> bool:
    """Take one page's text; whether it is a picture that could not be read."""
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range().replace("\r\n", "\n").replace("\ufffe", "-")
    finally:
        text_page.close()
    note_links(text, draft)
    draft.say(where, text)
    if len(re.findall(r"\w", text[:2000])) >= PAGE_TEXT_CHARS or not _pictured(page):
        return False
    recognised = text_of_page(page, file)
    if recognised is None:
        return True
    draft.say(f"{where}, picture", recognised)
    return False


def _pictured(page: Any) -> bool:
    """Whether pictures cover a good part of the page."""
    from pypdfium2 import raw

    width, height = page.get_size()
    covered = 0.0
    for number, thing in enumerate(page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=4)):
        left, bottom, right, top = thing.get_bounds()
        covered += abs((right - left) * (top - bottom))
        if number > MOST_PICTURES or covered >= PICTURE_SHARE * width * height:
            break
    return bool(covered >= PICTURE_SHARE * width * height)
