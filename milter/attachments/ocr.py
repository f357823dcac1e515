"""Text of pictures by Tesseract: the optional extra `ocr`; without it, or without its English data, there is none.

The engine is made once, before children are forked. What it and its library write to standard error is thrown away:
it tells of every box that it can't make out.

Guarantees bounded time: pictures are drawn no larger than a page needs, what is nothing but noise is not looked at,
each picture has `SECONDS`, and all pictures of a message together have `ReadLimits.ocr_seconds` of the processor. What
is not recognised for such a reason is as unread as where there is no engine, and `Budget.ocr_spent` says if the
message's share is used up.
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
UNEVEN = 40  # of 255: how much lighter paper is in one place than in another, where shadows lie on it
BAND = 256  # rows that are worked on at a time: numbers take four times the room of dots
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # EXIF orientation to what Pillow calls its Transpose
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
    os.environ.setdefault(
        "OMP_THREAD_LIMIT", "1"
    )  # a child is one process of many, and threads cost it memory
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
    texts: list[str] = []
    with Image.open(io.BytesIO(file.content)) as picture:
        for number in range(getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1):
            if number:
                picture.seek(number)  # a fax of several pages is one TIFF
            text = _text(_drawn(picture), file) if not number or _may(file) else None
            if text is None:
                return None
            texts.append(text)
    return "\n".join(texts)


def _drawn(picture: Any) -> Any:
    """A picture in grey, no larger than a page needs, upright as a phone says that it was held, on white paper."""
    from PIL import Image

    scale = min(1.0, (MOST_DRAWN / max(1, picture.width * picture.height)) ** 0.5)
    size = max(1, int(picture.width * scale)), max(1, int(picture.height * scale))
    turn = TURNS.get(picture.getexif().get(0x0112, 1))
    picture.draft("L", size)  # a JPEG is unpacked at a half, a quarter or an eighth
    grey = picture.convert("L")
    if picture.mode in ("RGBA", "LA", "PA"):
        grey.paste(255, mask=picture.getchannel("A").point(lambda dot: 255 - dot))
    if scale < 1:
        grey = grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return grey if turn is None else grey.transpose(turn)


def text_of_page(page: Any, file: File) -> str | None:
    """The text of a PDF page drawn as a picture, or None as above."""
    width, height = page.get_size()
    if width * height > MOST_POINTS or not _may(file):
        return None
    scale = min(DOTS / 72, (MOST_DRAWN / max(1.0, width * height)) ** 0.5)
    return _text(page.render(scale=scale, grayscale=True).to_pil(), file)


def _may(file: File) -> bool:
    """Take one page off the limit where there is an engine to spend it on."""
    budget = file.budget
    if not installed() or not budget.limits.ocr_pages:  # 0: switched off, which is no limit that was hit
        return False
    if budget.ocr_pages >= budget.limits.ocr_pages or budget.shared.ocr_seconds >= budget.limits.ocr_seconds:
        budget.ocr_spent = True
        return False
    budget.ocr_pages += 1
    return True


def _text(grey: Any, file: File) -> str | None:
    if _is_noise(grey):
        return None
    grey = _without_shadows(grey)
    engine = _engine()
    begin, end = time.process_time(), time.monotonic() + SECONDS
    with _silenced():
        engine.SetImageBytes(grey.tobytes(), grey.width, grey.height, 1, grey.width)
        try:
            engine.Recognize(timeout=int(1000 * SECONDS))
            return str(engine.GetUTF8Text()) if time.monotonic() < end else None
        finally:
            engine.Clear()
            file.budget.shared.ocr_seconds += time.process_time() - begin


def _without_shadows(grey: Any) -> Any:
    """The picture as it were if the paper were white everywhere: where a shadow lies, the engine sees no ink in it."""
    from PIL import Image, ImageFilter, ImageMath

    paper = grey.reduce(16).filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(4))
    dots = sorted(paper.tobytes())
    if dots[len(dots) * 9 // 10] - dots[len(dots) // 10] < UNEVEN:
        return grey
    light = paper.resize(grey.size, Image.Resampling.BILINEAR).point([1, *range(1, 256)])
    lit = Image.new("L", grey.size)
    for top in range(0, grey.height, BAND):
        box = (0, top, grey.width, min(grey.height, top + BAND))
        band = ImageMath.lambda_eval(
            lambda its: its["convert"](its["min"](its["ink"] * 255 / its["light"], 255), "L"),
            ink=grey.crop(box),
            light=light.crop(box),
        )
        lit.paste(band, box)
    return lit


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
