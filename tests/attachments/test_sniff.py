"""A file is what its content says; polyglots are all that they could be; only real lies are lies."""

import io
import tarfile

import pytest

from milter.attachments import read

from . import making
from .making import text_of

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (16).to_bytes(4, "big") * 2 + bytes(13)


@pytest.mark.parametrize(
    "name", ["photo.jpg", "letter.pdf", "noname", "list.xlsx", "x" * 5000, "\u202etxt.exe"]
)
def test_the_name_decides_nothing(name: str) -> None:
    """A Word document is read as one whatever it is called."""
    assert read(making.docx(), name=name).format == "docx"


@pytest.mark.parametrize(
    ("content", "name", "declared"),
    [
        (making.RTF, "letter.doc", "application/msword"),
        (making.HTML.encode(), "export.xls", "application/vnd.ms-excel"),
        (b"a,b,c\n1,2,3\n", "list.csv", "application/vnd.ms-excel"),
        (b"hello", "readme", "application/octet-stream"),
        (b"hello", "notes.txt", "text/html"),
        (PNG, "logo.jpg", "image/jpeg"),
        (b"", "empty.docx", "application/pdf"),
    ],
)
def test_honest_habits_are_no_lies(content: bytes, name: str, declared: str) -> None:
    """What programs do every day is not held against anyone."""
    assert "type-mismatch" not in read(content, name=name, declared=declared).notes


@pytest.mark.parametrize(
    ("name", "declared"), [("photo.jpg", ""), ("", "application/pdf"), ("a.mp3", "audio/mpeg"), ("a.txt", "")]
)
def test_a_document_that_claims_to_be_something_else_lies(name: str, declared: str) -> None:
    """A Word document sent as a picture, a sound or a PDF is told to the rules."""
    assert "type-mismatch" in read(making.docx(), name=name, declared=declared).notes


@pytest.mark.parametrize("front", [PNG, b"%PDF-1.4\n%%EOF\n", b"MZ\0\0" + bytes(300), b"GIF89a" + bytes(50)])
def test_an_archive_behind_something_else_is_read(front: bytes) -> None:
    """A zip archive appended to a picture, a document or a program is a polyglot, and its files are seen."""
    reading = read(front + making.zipped({"list.txt": "canary-inside"}))
    assert "polyglot" in reading.notes
    assert "canary-inside" in text_of(reading)


def test_a_pdf_behind_a_picture_header_is_read() -> None:
    """A PDF header may stand within the first 1024 octets, and readers show such files."""
    reading = read(b"GIF89a" + bytes(20) + making.pdf())
    assert reading.notes[-1] == "polyglot"
    assert "canary-page" in text_of(reading)


def test_members_outside_the_directory_are_read() -> None:
    """A zip member that the directory leaves out is shown by programs that read from the start."""
    listed, stray = making.zipped({"a.txt": "canary-listed"}), making.zipped({"b.txt": "canary-stray"})
    stray = stray[: stray.index(b"PK\x01\x02")]
    reading = read(stray + listed)
    assert "canary-listed" in text_of(reading)
    assert "canary-stray" in text_of(reading)


def test_tar_without_its_magic() -> None:
    """An old tar archive is known by its check sum."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = 6
        archive.addfile(entry, io.BytesIO(b"canary"))
    content = bytearray(out.getvalue())
    content[257:265] = bytes(8)
    content[148:156] = b"%06o\0 " % (sum(content[:148]) + 256 + sum(content[156:512]))
    reading = read(bytes(content))
    assert reading.format == "tar"
    assert "canary" in text_of(reading)


def test_a_message_is_told_from_a_text_that_quotes_one() -> None:
    """Header lines of a saved message are mail; a note that starts with From and To is text."""
    message = b"Received: from a by b\r\nMIME-Version: 1.0\r\nSubject: x\r\nFrom: a@example.org\r\n\r\ncanary-mail\r\n"
    reading = read(message)
    assert reading.format == "eml"
    assert "canary-mail" in text_of(reading)
    assert read(b"From: Ann\nTo: Bob\n\nSee you at ten.\n").format == "text"


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (b"ID3\x03" + bytes(500), "mp3"),
        (b"\x7fELF" + bytes(500), "executable"),
        (b"!BDN" + bytes(500), "pst"),
        (bytes(range(256)) * 4, "unknown"),
    ],
)
def test_what_nothing_reads_is_unreadable(content: bytes, format_: str) -> None:
    """A recording, a program or an unknown file is never taken for clean."""
    reading = read(content)
    assert (reading.format, reading.status) == (format_, "unreadable")
    assert reading.why
