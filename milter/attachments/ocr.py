"""Text of pictures by Tesseract: the optional extra `ocr`; without it there is none."""

from typing import Any

from milter.attachments.draft import File


def installed() -> bool:
    """Whether the engine and its English data are there."""
    try:
        import tesserocr

        with tesserocr.PyTessBaseAPI(lang="eng"):
            return True
    except (ImportError, RuntimeError):
        return False


def text_of_picture(file: File) -> str | None:
    """The text of a picture, or None where recognition is not installed or its page limit is spent."""
    budget = file.budget
    if budget.ocr_pages >= budget.limits.ocr_pages:
        return None
    try:
        import io

        import tesserocr
        from PIL import Image
    except ImportError:
        return None
    budget.ocr_pages += 1
    Image.MAX_IMAGE_PIXELS = 100_000_000  # more is refused by Pillow as a decompression bomb
    try:
        with Image.open(io.BytesIO(file.content)) as picture:
            return str(tesserocr.image_to_text(picture.convert("L"), lang="eng"))
    except RuntimeError:  # the engine is there, its language data is not
        return None


def text_of_page(page: Any, file: File) -> str | None:
    """The text of a PDF page drawn as a picture (200 dots an inch), or None as above."""
    budget = file.budget
    if budget.ocr_pages >= budget.limits.ocr_pages:
        return None
    try:
        import tesserocr
    except ImportError:
        return None
    width, height = page.get_size()
    if width * height > 5_000_000:  # points; a page of some 30 A4 sheets
        return None
    budget.ocr_pages += 1
    try:
        return str(tesserocr.image_to_text(page.render(scale=200 / 72, grayscale=True).to_pil(), lang="eng"))
    except RuntimeError:
        return None
