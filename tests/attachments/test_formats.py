"""What each further format gives, what of it is a file inside, and that a damaged one is never clean."""

import base64
import gzip
import io
import sqlite3
import struct
import tarfile
import zipfile

import py7zr
import pytest

from milter.attachments import ocr, read

from . import making
from .making import text_of, where_is


def tnef(attributes: list[tuple[int, int, bytes]]) -> bytes:
    """A TNEF stream (MS-OXTNEF 2.1): level, attribute, data."""
    out = b"\x78\x9f\x3e\x22\x01\x00"
    for level, name, data in attributes:
        out += struct.pack("<BHHI", level, name, 0, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return out


def property_list(properties: list[tuple[int, int, bytes]]) -> bytes:
    """MAPI properties (MS-OXTNEF 2.1.3.4): type, tag, value of variable length."""
    out = struct.pack("<I", len(properties))
    for kind, tag, value in properties:
        out += struct.pack("<HHII", kind, tag, 1, len(value)) + value + bytes(-len(value) % 4)
    return out


def tar_of(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def sevenzip(password: str | None = None, *, names: bool = False) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=password, header_encryption=names) as archive:
        archive.writestr("canary-seven", "folder/list.txt")
    return out.getvalue()


def test_winmail() -> None:
    """Subject, body, Outlook's properties and attachments of a winmail.dat are read (pitfall 22)."""
    html = b"<p>canary-html</p>"
    message = property_list(
        [
            (0x1E, 0x1000, b"canary-plain\0"),
            (0x102, 0x1013, html),
            (0x1F, 0x0E04, "canary-to\0".encode("utf-16-le")),
        ]
    )
    details = property_list([(0x1F, 0x3707, "canary-longname.docx\0".encode("utf-16-le"))])
    stream = tnef(
        [
            (1, 0x8004, b"canary-subject\0"),
            (1, 0x9003, message),
            (2, 0x9002, bytes(14)),
            (2, 0x8010, b"SHORT.DOC\0"),
            (2, 0x800F, making.docx()),
            (2, 0x9005, details),
        ]
    )
    reading = read(stream, name="winmail.dat")
    assert reading.format == "tnef"
    found = text_of(reading)
    for marker in ("subject", "plain", "html", "to", "header", "embedded"):
        assert f"canary-{marker}" in found, marker
    assert [(one.name, one.format) for one in reading.members] == [
        ("body.html", "html"),
        ("canary-longname.docx", "docx"),
    ]


def test_tar_and_gzip() -> None:
    """An archive in a packed file is two steps, and both are walked."""
    reading = read(
        gzip.compress(tar_of({"a/list.txt": b"canary-inside", "b.docx": making.docx()})), name="x.tar.gz"
    )
    assert reading.members[0].name == "x.tar"
    assert "canary-inside" in text_of(reading)
    assert "canary-footnote" in text_of(reading)


def test_a_folder_of_messages() -> None:
    """An exported mail folder is its messages, each with what it encodes (RFC 4155)."""
    first = b"From a@b.example Mon Nov 23 10:00:00 2026\nFrom: a@b.example\nSubject: canary-one\n\n"
    first += b"From here on: hello\n\n"
    second = (
        b"From c@d.example Mon Nov 23 11:00:00 2026\nSubject: two\nContent-Type: text/plain\n"
        b"Content-Transfer-Encoding: base64\n\nY2FuYXJ5LXR3bw==\n"
    )
    reading = read(first + second, name="Inbox.mbox")
    assert (reading.format, reading.status, len(reading.members)) == ("mbox", "read", 2)
    assert "canary-one" in text_of(reading)
    assert "canary-two" in text_of(reading)


def test_comments_of_an_archive() -> None:
    """What an archive says of itself and of its files is text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a.txt")
        entry.comment = b"canary-of-file"
        archive.writestr(entry, "a")
        archive.comment = b"canary-of-archive"
    found = text_of(read(out.getvalue()))
    assert "canary-of-file" in found
    assert "canary-of-archive" in found


def test_files_in_text_and_escapes() -> None:
    """A text file gives up what it packs in letters, and what it writes as escapes."""
    packed = base64.encodebytes(b"canary-packed, as text in letters and figures\n" * 4)
    for text in (b"begin 644 a.txt\n-8V%N87)Y+7!A8VME9```\n`\nend\n", packed):
        assert "canary-packed" in text_of(read(text, name="a.txt")), text
    assert "canary-json" in text_of(read(b'{"a": "\\u0063anary\\u002Djson"}', name="a.json"))


def test_values_in_xml_are_named() -> None:
    """In XML of any vocabulary a value stands beside the name of its element or attribute, which labels it."""
    reading = read(
        b'<?xml version="1.0"?><CTF><Pupil dateOfBirth="2014-03-02"><UPN>A123</UPN>'
        b"<Home_Postcode>LS1 4AA</Home_Postcode></Pupil></CTF>"
    )
    found = text_of(reading)
    for line in ("date Of Birth: 2014-03-02", "UPN: A123", "Home Postcode: LS1 4AA"):
        assert line in found, line


def test_sevenzip() -> None:
    """A 7-Zip archive is read, and a locked one opens with the message's word."""
    assert "canary-seven" in text_of(read(sevenzip()))
    for names in (False, True):
        closed = read(sevenzip("Swordfish9", names=names))
        assert (closed.status, closed.protection) == ("locked", "password")
        opened = read(sevenzip("Swordfish9", names=names), words=("wrong", "Swordfish9"))
        assert (opened.status, opened.protection) == ("read", "password")
        assert "canary-seven" in text_of(opened)


def test_sqlite() -> None:
    """Each table of a database comes with its column names, stored files as members."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE pupils (name TEXT, upn TEXT, photo BLOB)")
    database.execute("INSERT INTO pupils VALUES (?, ?, ?)", ("canary-pupil", "A1", making.docx()))
    database.commit()
    reading = read(database.serialize())
    database.close()
    (passage,) = [one for one in where_is(reading, "canary-pupil") if one.table]
    assert passage.text == "name\tupn\tphoto\ncanary-pupil\tA1\t"
    assert reading.members[0].format == "docx"


def test_a_message_in_a_message() -> None:
    """A forwarded message's headers, body and attachments are read."""
    import base64

    inner = (
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: canary-subject\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\ncanary-body\r\n"
        b"--x\r\n"
        b"Content-Type: application/octet-stream; name=a.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(making.docx()).replace(b"\n", b"\r\n")
        + b"--x--\r\n"
    )
    reading = read(making.zipped({"forwarded.eml": inner}))
    found = text_of(reading)
    for marker in ("subject", "body", "header", "footnote"):
        assert f"canary-{marker}" in found, marker


def test_paths_lead_inside() -> None:
    """A file inside a file is named by the way to it."""
    reading = read(making.zipped({"a.txt": "a", "b.zip": making.zipped({"c.txt": "c"})}), path="2.1")
    assert [one.path for one in reading.members] == ["2.1/1", "2.1/2"]
    assert reading.members[1].members[0].path == "2.1/2/1"


def test_flat_office_xml_and_drawings() -> None:
    """Spreadsheets saved as one XML file and drawings are read as what they show."""
    sheet = (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table>'
        "<Row><Cell><Data>Name</Data></Cell><Cell><Data>UPN</Data></Cell></Row>"
        "<Row><Cell><Data>canary-cell</Data></Cell><Cell><Data>A1</Data></Cell></Row></Table></Worksheet></Workbook>"
    )
    assert "canary-cell\tA1" in text_of(read(sheet.encode()))
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><text>canary<tspan>-drawn</tspan></text></svg>'
    assert "canary-drawn" in text_of(read(drawing))


PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR%s\x08\x02\0\0\0aaaa\0\0\0\x14tEXtComment\0canary-about\0bbbb"


def picture(width: int, height: int, size: int) -> bytes:
    head = PICTURE % (width.to_bytes(4, "big") + height.to_bytes(4, "big"))
    return head + b"\0\0\0\0IEND" + bytes(size - len(head))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (picture(200, 80, 90_000), "read"),
        (picture(2000, 120, 90_000), "read"),
        (picture(2000, 1500, 30_000), "read"),
        (picture(2000, 1500, 900_000), "unreadable"),
    ],
    ids=["icon", "banner", "light", "photo"],
)
def test_small_pictures_stop_no_mail(content: bytes, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A logo or a signature's picture is no page of text; a large picture may be one, and is not clean."""
    monkeypatch.setattr(ocr, "_engine", lambda: None)
    reading = read(content)
    assert reading.status == status
    assert "picture" in reading.notes
    assert "canary-about" in text_of(reading)


def docx_of(body: str, media: bytes) -> bytes:
    return making.zipped(
        {
            "[Content_Types].xml": making.TYPES,
            "word/document.xml": making.word_part("document", f"<w:body>{making.paragraph(body)}</w:body>"),
            "word/media/image1.png": media,
        }
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [("A letter of the usual length. " * 9, "read"), ("", "unreadable")],
    ids=["letter", "scan"],
)
def test_pictures_in_documents(body: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without text recognition a photograph in a letter is listed; a document of a picture alone is a scan."""
    monkeypatch.setattr(ocr, "_engine", lambda: None)
    reading = read(docx_of(body, picture(2000, 1500, 900_000)))
    assert reading.status == status
    assert ("no-text" in reading.notes) == (status == "unreadable")
    assert [one.status for one in reading.members] == ([status] if status == "read" else ["unreadable"])


@pytest.mark.parametrize(
    "content",
    [making.docx(), making.xlsx(), making.pdf(), making.odt(), sevenzip(), gzip.compress(b"text" * 1000)],
    ids=["docx", "xlsx", "pdf", "odt", "7z", "gz"],
)
def test_half_a_file_is_not_clean(content: bytes) -> None:
    """A file cut in two is never 'read'."""
    reading = read(content[: len(content) // 2])
    inside = [reading, *reading.members]
    assert any(one.status != "read" for one in inside)
