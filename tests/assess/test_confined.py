"""What readers can do inside a confined child, where files can't be opened for writing."""

import gzip
import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from milter.assess.child import matter_header
from milter.assess.inspect import Matter
from milter.assess.wire import from_json
from milter.attachments.ocr import installed
from milter.message.model import Part
from milter.sandbox import SyncSandbox
from milter.settings import ReadLimits
from tests.attachments.test_canaries import CANARIES
from tests.attachments.test_formats import sevenzip, tar_of


def _photograph(text: str) -> bytes:
    """Give a page of large print as a bitmap, beyond the size of logos."""
    page = Image.new("L", (1600, 700), 255)
    font = ImageFont.load_default(48)
    ImageDraw.Draw(page).multiline_text((80, 80), text, fill=0, font=font, spacing=30)
    out = io.BytesIO()
    page.save(out, "BMP")
    return out.getvalue()


@pytest.mark.skipif(
    not installed(), reason="text recognition (tesserocr and tesseract-ocr-eng) is not installed"
)
def test_text_of_a_picture_is_recognised_in_a_child() -> None:
    """A photographed page is read in a confined child, and one without text does not kill it."""
    pages = (_photograph(""), _photograph("Pupil Ella Smith\nNHS number 943 476 5919"))
    parts = tuple(Part(str(at), "attachment", "", "", "scan.bmp", page) for at, page in enumerate(pages, 1))
    with SyncSandbox("milter.assess.child", {"folder": None}, limits=ReadLimits()) as child:
        answer, _ = child.call(*matter_header(Matter("", parts)))
    empty, letter = from_json(answer["parts"])
    assert (empty.status, letter.status) == ("read", "read")
    assert "nhs-number" in [finding.kind for finding in letter.examination.findings]


def test_every_format_is_read_within_the_limits_of_a_child() -> None:
    """A small file of any format is read in full by a child with the shipped limits."""
    files = {name: make() for name, (make, _) in CANARIES.items()}
    files |= {"tar": tar_of({"a.txt": b"a"}), "tgz": gzip.compress(tar_of({"a.txt": b"a"})), "7z": sevenzip()}
    parts = tuple(
        Part(str(at), "attachment", "", "", "", content) for at, content in enumerate(files.values(), 1)
    )
    with SyncSandbox("milter.assess.child", {"folder": None}, limits=ReadLimits()) as child:
        answer, _ = child.call(*matter_header(Matter("", parts)))
    names = dict(zip((part.path for part in parts), files, strict=True))
    unread = [
        (names[part["path"].partition("/")[0]], part["format"], part["why"])
        for part in answer["parts"]
        if part["status"] != "read"
    ]
    assert unread == []


def test_candidate_passwords_are_looked_for_only_where_a_file_is_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mail without a locked file never pays for the search of its words."""
    from milter.assess import inspect as inspecting
    from milter.assess import words
    from milter.assess.known import load

    def fail(*_: object) -> tuple[str, ...]:
        raise AssertionError("looked for")

    monkeypatch.setattr(words, "words_of", fail)
    parts = (
        Part("1", "body", "text/plain", "", "", b"The password is Elephant7."),
        Part("2", "attachment", "text/csv", "", "a.csv", b"a,b\n1,2\n"),
    )
    facts = inspecting.inspect(Matter("Minutes", parts), load(None).knowledge)
    assert [part.status for part in facts] == ["read", "read", "read"]
