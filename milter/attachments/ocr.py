"""Text of pictures by Tesseract: the optional extra `ocr`; without it, or without its English data, there is none.

The engine is made once, before children are forked. What it and its library write to standard error is thrown away:
it tells of every box that it can't make out.

Guarantees bounded time: pictures are drawn no larger than a page needs, what is nothing but noise is not looked at,
and each picture has `SECONDS`. What is not recognised for such a reason is as unread as where there is no engine.
"""

import contextlib
import io
import os
import time
from collections.abc import Iterator
from functools import lru_cache
from glob import glob
from typing import Any

from milter.attachments.draft import File

SECONDS = 10.0  # for one picture, of which a typed page of A4 takes one or two of the processor
RESTLESS = 16  # of 255: how far from what surrounds it a dot is ink
CALM, CALM_SHARE = 0.1, 0.05  # a strip is calm where less of it is ink; a page has more such strips
MOST_DRAWN = 4_500_000  # pixels: A4 at 200 dots an inch and some margin
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
    _nowhere()  # opened now: a child can't open it
    engine = tesserocr.PyTessBaseAPI(init=False)
    engine.SetVariable("debug_file", "")  # standard error: a file is what a child may not open
    try:
        engine.Init(path=f"{folder}/", lang="eng")
    except RuntimeError:
        return None
    return engine


@lru_cache(maxsize=1)
def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Let the engine's library write to nowhere, by whatever way it writes."""
    before = os.dup(2)
    os.dup2(_nowhere(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def _data_folder() -> str:
    """Where the English data lies; '' where nowhere. The wheel brings none, Debian's package does."""
    named = os.environ.get("TESSDATA_PREFIX", "")
    folders = [named] if named else sorted(glob("/usr/share/tesseract-ocr/*/tessdata"))  # noqa: PTH207 no Path in a child
    return next((one for one in folders if os.path.exists(f"{one}/eng.traineddata")), "")  # noqa: PTH110


def text_of_picture(file: File) -> str | None:
    """The text of a picture; None where it was not recognised: not installed, limits spent, noise, too long."""
    if not _may(file):
        return None
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(io.BytesIO(file.content)) as picture:
        scale = (MOST_DRAWN / max(1, picture.width * picture.height)) ** 0.5
        if scale < 1:
            size = max(1, int(picture.width * scale)), max(1, int(picture.height * scale))
            picture.draft("L", size)  # a JPEG is unpacked at a half, a quarter or an eighth
            return _text(picture.convert("L").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
        return _text(picture.convert("L"))


def text_of_page(page: Any, file: File) -> str | None:
    """The text of a PDF page drawn as a picture, or None as above."""
    width, height = page.get_size()
    if width * height > MOST_POINTS or not _may(file):
        return None
    scale = min(DOTS / 72, (MOST_DRAWN / max(1.0, width * height)) ** 0.5)
    return _text(page.render(scale=scale, grayscale=True).to_pil())


def _may(file: File) -> bool:
    """Take one page off the limit where there is an engine to spend it on."""
    budget = file.budget
    if budget.ocr_pages >= budget.limits.ocr_pages or not installed():
        return False
    budget.ocr_pages += 1
    return True


def _text(grey: Any) -> str | None:
    if _is_noise(grey):
        return None
    engine = _engine()
    end = time.monotonic() + SECONDS
    with _silenced():
        engine.SetImageBytes(grey.tobytes(), grey.width, grey.height, 1, grey.width)
        try:
            engine.Recognize(timeout=int(1000 * SECONDS))
            return str(engine.GetUTF8Text()) if time.monotonic() < end else None
        finally:
            engine.Clear()


def _is_noise(grey: Any) -> bool:
    """Whether a picture is as restless everywhere, which no page is: between lines and letters it has paper.

    It looks at strips of 64 by 1 dots of the picture drawn a thousand dots wide: on a page, photographed on a table
    as well, a good part of them is calm.
    """
    from PIL import Image, ImageChops, ImageFilter

    small = grey.reduce(max(1, round(max(grey.size) / 1000)))
    restless = ImageChops.difference(small, small.filter(ImageFilter.BoxBlur(8)))
    inked = restless.point([0] * RESTLESS + [255] * (256 - RESTLESS))
    strips = inked.resize((max(1, small.width // 64), small.height), Image.Resampling.BOX).histogram()
    calm = sum(strips[: int(255 * CALM)])
    return calm < CALM_SHARE * sum(strips)
