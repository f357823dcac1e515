"""Which lock a file bears, whether it counts, and that a word of the message opens it."""

import io
import zipfile
from pathlib import Path

import pikepdf
import pytest
import pyzipper

from milter.attachments import read
from milter.attachments.cells import fill
from milter.settings import ReadLimits

from . import making
from .making import text_of

WORD = "Swordfish9"


def locked_pdf(revision: int, *, user: str = WORD, aes: bool = True) -> bytes:
    lock = pikepdf.Encryption(user=user, owner="owner", R=revision, aes=aes, metadata=aes)
    if revision == 3:
        lock = pikepdf.Encryption(user=user, owner="owner", R=3, aes=False, metadata=False)
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(making.pdf())) as document:
        document.save(out, encryption=lock)
    return out.getvalue()


def aes_zip(names: tuple[str, ...] = ("list.txt",)) -> bytes:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(WORD.encode())
        for name in names:
            archive.writestr(name, "canary-inside")
    return out.getvalue()


def crypto_zip() -> bytes:
    """A ZipCrypto archive of 'list.txt' with 'canary-inside', by the APPNOTE's own description (6.1)."""
    import zlib

    content = b"canary-inside"
    table = [zlib.crc32(bytes([number])) ^ 0xFFFFFFFF ^ 0xFF000000 for number in range(256)]
    table = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(octet: int) -> None:
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ octet) & 255]
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 255]

    for octet in WORD.encode():
        update(octet)
    crc = zlib.crc32(content)
    packed = bytearray()
    for octet in bytes(11) + bytes([crc >> 24]) + content:
        temporary = keys[2] | 2
        packed.append(octet ^ (temporary * (temporary ^ 1) >> 8 & 255))
        update(octet)
    plain = making.zipped({"list.txt": bytes(packed)}, zipfile.ZIP_STORED)
    out = bytearray(plain)
    for start, flags, sum_at, size_at in (
        (plain.index(b"PK\3\4"), 6, 14, 22),
        (plain.index(b"PK\1\2"), 8, 16, 24),
    ):
        out[start + flags] |= 1
        out[start + sum_at : start + sum_at + 4] = crc.to_bytes(4, "little")
        out[start + size_at : start + size_at + 4] = len(content).to_bytes(4, "little")
    return bytes(out)


@pytest.mark.parametrize(
    ("content", "protection", "lock"),
    [
        (locked_pdf(6), "password", "PDF R6 AES-256"),
        (locked_pdf(4), "password", "PDF R4 AES-128"),
        (locked_pdf(3), "weak", "PDF R3 RC4-128"),
        (aes_zip(), "password", "AES-256 (ZIP)"),
        (crypto_zip(), "weak", "ZipCrypto"),
    ],
    ids=["pdf-6", "pdf-4", "pdf-rc4", "zip-aes", "zipcrypto"],
)
def test_a_locked_file_says_its_lock(content: bytes, protection: str, lock: str) -> None:
    """Without the password the file is locked, with it in the message it is read and the lock named."""
    closed = read(content)
    assert (closed.status, closed.protection, closed.lock) == ("locked", protection, lock)
    assert "canary" not in text_of(closed)
    opened = read(content, words=("wrong", WORD))
    assert (opened.status, opened.protection, opened.lock) == ("read", protection, lock)
    assert "opened-with-message-word" in opened.notes
    assert "canary" in text_of(opened)


@pytest.mark.parametrize("content", [locked_pdf(6), aes_zip()], ids=["pdf", "zip"])
def test_no_more_words_than_allowed_are_tried(content: bytes) -> None:
    """The number of tries is a limit of the attachment."""
    assert read(content, words=("a", "b", WORD), limits=ReadLimits(password_tries=2)).status == "locked"


def test_a_pdf_that_anyone_opens_is_read_only() -> None:
    """An owner's password alone locks nothing; its permissions are a wish."""
    reading = read(locked_pdf(6, user=""))
    assert (reading.status, reading.protection) == ("read", "none")
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(making.pdf())) as document:
        allow = pikepdf.Permissions(modify_other=False)
        document.save(out, encryption=pikepdf.Encryption(user="", owner="o", R=6, allow=allow))
    reading = read(out.getvalue())
    assert (reading.status, reading.protection) == ("read", "read-only")


def test_one_open_file_opens_the_archive() -> None:
    """An archive is protected only where all inside it is: one locked file beside an open one is its own affair."""
    locked = aes_zip()
    out = io.BytesIO(locked)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("open.txt", "canary-open")
    reading = read(out.getvalue())
    assert (reading.status, reading.protection) == ("read", "none")
    assert [(one.status, one.protection) for one in reading.members] == [
        ("locked", "password"),
        ("read", "none"),
    ]


def test_names_in_a_locked_archive_are_read() -> None:
    """Zip encryption leaves the file names for all to see."""
    assert "J Smith referral.docx" in text_of(read(aes_zip(("J Smith referral.docx",))))


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "protection", "lock"),
    [
        ("ecma376standard_password.docx", "password", "AES-128 (Office standard)"),
        ("example_password.docx", "password", "AES-256 (Office agile)"),
        ("example_password.xlsx", "password", "AES-256 (Office agile)"),
        ("rc4cryptoapi_password.doc", "weak", "RC4 (Word)"),
        ("rc4cryptoapi_password.ppt", "weak", "RC4 (PowerPoint)"),
        ("rc4cryptoapi_password.xls", "weak", "RC4 (Excel)"),
        ("xor_password_123456789012345.xls", "weak", "XOR (Excel)"),
    ],
)
def test_locked_office_files(samples: Path, name: str, protection: str, lock: str) -> None:
    """Every lock of Office is told by name and strength, and opens with its password."""
    content = (samples / "documents" / "locked" / name).read_bytes()
    closed = read(content, name=name)
    assert (closed.status, closed.protection, closed.lock) == ("locked", protection, lock)
    opened = read(content, name=name, words=("Password1234_", "123456789012345"))
    assert (opened.status, opened.protection) == ("read", protection)
    assert opened.format == name.rpartition(".")[2]
    assert opened.passages


@pytest.mark.samples
def test_a_published_password_locks_nothing(samples: Path) -> None:
    """A workbook locked with the password that every Office tries by itself is open to all."""
    reading = read((samples / "documents" / "xlsx" / "58616.xlsx").read_bytes())
    assert (reading.status, reading.protection, reading.format) == ("read", "weak", "xlsx")


def test_a_costly_key_is_not_derived(agile: bytes) -> None:
    """A file may ask for ten million rounds a try: it stays locked, and costs nothing."""
    costly = agile.replace(b'spinCount="1000"', b'spinCount="9999"')
    assert len(costly) == len(agile)
    limits = ReadLimits(password_tries=5)
    assert read(agile, words=(WORD,), limits=limits).status == "read"
    hostile = agile.replace(b'spinCount="1000" ', b'spinCount="9999999" '[: len(b'spinCount="1000" ')])
    assert read(hostile, words=(WORD,), limits=limits).status in ("locked", "unreadable")


@pytest.fixture(scope="module")
def agile() -> bytes:
    from milter.attachments.protect.agile import encrypt

    return encrypt(making.docx(), WORD, 1000)


def test_agile_word_opens(agile: bytes) -> None:
    """An agile package opens with the message's word, found among others."""
    reading = read(agile, name="a.docx", words=("first", WORD))
    assert (reading.status, reading.protection, reading.format) == ("read", "password", "docx")
    assert "canary-body" in text_of(reading)


READ_ONLY = {
    "docx": ("word/settings.xml", '<w:documentProtection w:edit="readOnly" w:enforcement="1"/>'),
    "docx-advice": ("word/settings.xml", '<w:writeProtection w:recommended="1"/>'),
}


@pytest.mark.parametrize("mark", READ_ONLY)
def test_word_documents_marked_read_only(mark: str) -> None:
    """Word's marks against editing are told."""
    part, element = READ_ONLY[mark]
    package = making.zipped(
        {
            "[Content_Types].xml": making.TYPES,
            "word/document.xml": making.word_part("document", f"<w:body>{making.paragraph('a')}</w:body>"),
            part: making.word_part("settings", element),
        }
    )
    reading = read(package)
    assert (reading.status, reading.protection) == ("read", "read-only")


def test_signed_documents_are_told() -> None:
    """A signature that an edit would break is told, so that nobody edits the file."""
    package = making.with_parts(making.xlsx_small("x"), {"_xmlsignatures/sig1.xml": "<Signature/>"})
    assert read(package).protection == "signed"


@pytest.mark.parametrize(
    ("content", "lock"),
    [
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n", "PGP"),
        (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x82" + bytes(200), "S/MIME"),
    ],
)
def test_sealed_files_are_encrypted(content: bytes, lock: str) -> None:
    """What only its reader's key opens is encrypted, and was not inspected."""
    reading = read(content)
    assert (reading.status, reading.protection, reading.lock) == ("locked", "encrypted", lock)


def test_a_signed_cms_file_is_read() -> None:
    """Opaque signed content is there for all to read."""
    inner = b"canary-signed text"
    octets = b"\x04" + bytes([len(inner)]) + inner
    explicit = b"\xa0" + bytes([len(octets)]) + octets
    data = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" + explicit
    content = (
        b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80"
        + data
    )
    reading = read(content)
    assert (reading.protection, reading.status) == ("signed", "read")
    assert "canary-signed" in text_of(reading)


@pytest.mark.parametrize(
    ("digits", "look", "shown"),
    [
        ("1234567", "00000000", "01234567"),
        ("12345", "00-00-00", "01-23-45"),
        ("943476591", "000 000 0000", "094 347 6591"),
    ],
)
def test_formats_of_zeros(digits: str, look: str, shown: str) -> None:
    """Zeros in front are shown as the cell's format shows them."""
    assert fill(digits, look) == shown
