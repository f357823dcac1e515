"""Text of pictures by Tesseract: the optional extra `ocr`; without it, or without its English data, there is none.

The engine is made once, before children are forked. Its messages go to standard error: tesserocr would have them
written to a file, which a confined child may not open, and the engine dies of that.
"""

import io
import os
from functools import lru_cache
from glob import glob
from typing import Any

from milter.attachments.draft import File

MOST_PIXELS = 100_000_000  # more is refused by Pillow as a decompression bomb
MOST_POINTS = 5_000_000  # of a PDF page; some 30 A4 sheets
DOTS = 200  # an inch, of a PDF page drawn


def installed() -> bool:
    """Whether the engine and its English data are there."""
    return _engine() is not None


@lru_cache(maxsize=1)
def _engine() -> Any:
    """The engine, None where it or its data is missing; made when first asked for."""
    try:
        import tesserocr
    except ImportError:
        return None
    folder = _data_folder()
    if not folder:
        return None
    engine = tesserocr.PyTessBaseAPI(init=False)
    engine.SetVariable("debug_file", "")  # standard error: a file is what a child may not open
    try:
        engine.Init(path=f"{folder}/", lang="eng")
    except RuntimeError:
        return None
    return engine


def _data_folder() -> str:
    """Where the English data lies; '' where nowhere. The wheel brings none, Debian's package does."""
    named = os.environ.get("TESSDATA_PREFIX", "")
    folders = [named] if named else sorted(glob("/usr/share/tesseract-ocr/*/tessdata"))  # noqa: PTH207 no Path in a child
    return next((one for one in folders if os.path.exists(f"{one}/eng.traineddata")), "")  # noqa: PTH110


def text_of_picture(file: File) -> str | None:
    """The text of a picture, or None where recognition is not installed or its page limit is spent."""
    if not _may(file):
        return None
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(io.BytesIO(file.content)) as picture:
        return _text(picture.convert("L"))


def text_of_page(page: Any, file: File) -> str | None:
    """The text of a PDF page drawn as a picture, or None as above."""
    width, height = page.get_size()
    if width * height > MOST_POINTS or not _may(file):
        return None
    return _text(page.render(scale=DOTS / 72, grayscale=True).to_pil())


def _may(file: File) -> bool:
    """Take one page off the limit where there is an engine to spend it on."""
    budget = file.budget
    if budget.ocr_pages >= budget.limits.ocr_pages or not installed():
        return False
    budget.ocr_pages += 1
    return True


def _text(grey: Any) -> str:
    engine = _engine()
    engine.SetImageBytes(grey.tobytes(), grey.width, grey.height, 1, grey.width)
    try:
        return str(engine.GetUTF8Text())
    finally:
        engine.Clear()
