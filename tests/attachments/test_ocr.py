"""Text of pictures is read where there is any, and what is none costs next to nothing."""

import io
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from milter.attachments import ocr
from milter.attachments.draft import Shared
from milter.attachments.read import read
from milter.settings import ReadLimits

needs_engine = pytest.mark.skipif(
    not ocr.installed(), reason="text recognition (tesserocr and tesseract-ocr-eng) is not installed"
)


def page_of(text: str) -> Image.Image:
    """A sheet of A4 at 200 dots an inch."""
    page = Image.new("L", (1654, 2339), 255)
    font = ImageFont.load_default(30)
    ImageDraw.Draw(page).multiline_text((150, 150), text, fill=0, font=font, spacing=16)
    return page


def photograph_of(page: Image.Image) -> Image.Image:
    """The sheet on a rough table, a little askew, in dim light and grainy, with 12 million dots."""
    table = Image.effect_noise((3000, 4000), 40)
    table.paste(
        page.resize((2000, 2828)).rotate(1.5, fillcolor=180).point(lambda dot: 40 + dot * 3 // 5), (500, 600)
    )
    return ImageChops.add(table, Image.effect_noise(table.size, 15), 1, -128)


def file_of(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("L", (width, height), Random(1).randbytes(width * height))


class Engine:
    """Takes pictures and finds one word in each."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def SetImageBytes(self, _dots: bytes, width: int, height: int, *_: Any) -> None:
        self.sizes.append((width, height))

    def Recognize(self, timeout: int) -> bool:
        assert timeout == 1000 * ocr.SECONDS
        return True

    def GetUTF8Text(self) -> str:
        return "canary"

    def Clear(self) -> None:
        pass


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(ocr, "_engine", lambda: made)
    return made


@needs_engine
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_photographed_letter_is_read(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A letter on a rough table in dim light is read, and the engine's chatter does not reach the log."""
    letter = photograph_of(page_of("Re: Ella Smith\nNHS number 943 476 5919\nShe has epilepsy."))
    reading = read(file_of(letter, kind))
    assert reading.status == "read"
    assert "943 476 5919" in " ".join(passage.text for passage in reading.passages)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("picture", [noise(2000, 2500), noise(1200, 900)], ids=["a sheet", "a snapshot"])
def test_noise_is_not_looked_at(picture: Image.Image, engine: Engine) -> None:
    """What is restless everywhere costs no recognition, and is as unread as without an engine (law 7)."""
    reading = read(file_of(picture, "PNG"))
    assert (reading.status, engine.sizes) == ("unreadable", [])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_large_pictures_are_drawn_as_large_as_a_page_needs(kind: str, engine: Engine) -> None:
    """A photograph of 48 million dots is recognised at some four million, in its own proportions."""
    reading = read(file_of(page_of("canary\n" * 40).resize((6000, 8000)), kind))
    assert reading.status == "read"
    ((width, height),) = engine.sizes
    assert 0.9 * ocr.MOST_DRAWN < width * height <= ocr.MOST_DRAWN
    assert abs(width / height - 6000 / 8000) < 0.01


def test_a_picture_that_takes_too_long_is_unread(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine has when its time is over may be half of the page: it does not count as read (law 7)."""
    moments = iter((0.0, ocr.SECONDS + 0.1))
    monkeypatch.setattr(ocr.time, "monotonic", lambda: next(moments))
    reading = read(file_of(page_of("canary\n" * 40), "PNG"))
    assert reading.status == "unreadable"
    assert "canary" not in " ".join(passage.text for passage in reading.passages)


LETTER = "Re: Ella Smith\nNHS number 943 476 5919\nShe has epilepsy and lives with her mother.\n" * 8


def in_a_shadow(page: Image.Image) -> Image.Image:
    """The page with a shadow that grows from one corner: ink there is no lighter than paper elsewhere is dark."""
    light = Image.linear_gradient("L").resize(page.size).rotate(30).point(lambda dot: 70 + dot * 185 // 255)
    return ImageChops.multiply(page, light)


def text_in(content: bytes) -> str:
    reading = read(content)
    assert reading.status == "read"
    return " ".join(passage.text for passage in reading.passages)


@needs_engine
def test_a_letter_in_a_shadow_is_read_whole() -> None:
    """Every line of a page is read, those that lie in a shadow too."""
    assert text_in(file_of(in_a_shadow(page_of(LETTER)), "JPEG")).count("943 476 5919") == 8


@needs_engine
@pytest.mark.parametrize(("orientation", "turned"), [(6, 90), (8, 270), (3, 180)])
def test_a_photograph_is_read_the_way_the_phone_was_held(orientation: int, turned: int) -> None:
    """Phones keep the picture as the sensor saw it, and say how to turn it (EXIF 0x0112)."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    page_of(LETTER).rotate(turned, expand=True).save(out, "JPEG", exif=exif)
    assert "943 476 5919" in text_in(out.getvalue())


@needs_engine
def test_every_page_of_a_fax_is_read() -> None:
    """A TIFF of several pages is read to its end."""
    out = io.BytesIO()
    first, last = page_of("Minutes of the meeting\n" * 8), page_of(LETTER)
    first.save(out, "TIFF", save_all=True, append_images=[first, last], compression="tiff_deflate")
    assert "943 476 5919" in text_in(out.getvalue())


@needs_engine
def test_ink_on_transparent_ground_is_read() -> None:
    """Dark letters on nothing are read as on paper, not as on black."""
    page = page_of(LETTER)
    ink = Image.merge("RGBA", (Image.new("L", page.size),) * 3 + (ImageChops.invert(page),))
    assert "943 476 5919" in text_in(file_of(ink, "PNG"))


@pytest.mark.parametrize(
    ("limits", "looked_at"), [(ReadLimits(ocr_pages=1), 1), (ReadLimits(ocr_seconds=0.0), 0)]
)
def test_pictures_beyond_the_limits_of_recognition_are_a_limit(
    limits: ReadLimits, looked_at: int, engine: Engine
) -> None:
    """What is left over of a scan is said to be unread for a limit, never taken for clean (law 7)."""
    out = io.BytesIO()
    page = page_of(LETTER)
    page.save(out, "PDF", save_all=True, append_images=[page, page])
    reading = read(out.getvalue(), limits=limits)
    assert (reading.status, "read.ocr-pages" in reading.why) == ("limit", True)
    assert len(engine.sizes) == looked_at


def test_the_seconds_of_recognition_are_the_messages(engine: Engine) -> None:
    """What one attachment took is not there for the next."""
    shared = Shared(ocr_seconds=100.0)
    reading = read(file_of(page_of(LETTER), "PNG"), shared=shared)
    assert (reading.status, engine.sizes) == ("limit", [])


def test_recognition_that_is_switched_off_is_no_limit_that_was_hit(engine: Engine) -> None:
    """With `ocr-pages = 0` a picture is unread, as where recognition is not installed, and nobody looks at it."""
    reading = read(file_of(page_of(LETTER), "PNG"), limits=ReadLimits(ocr_pages=0))
    assert reading.status == "unreadable"
    assert engine.sizes == []
