"""Whatever is protected opens with its password as what was sent, and not without."""

import io
import re
import zipfile
from pathlib import Path

import msoffcrypto
import pikepdf
import pytest
import pyzipper

from milter.attachments import read
from milter.attachments.protect import (
    CannotProtect,
    Protected,
    agile,
    archive,
    protect,
    strongly_locked,
    verify,
)
from milter.attachments.protect.office import marked_read_only
from milter.attachments.protect.package import open_package, write_package
from milter.attachments.reading import Reading

from .documents import IN_OWN_FORMAT, MAKERS, PASSWORD, docx, package, pdf, xlsx

ROUNDS = 100
MADE = {format_: make() for format_, make in MAKERS}
LOCKS = {"zip": "AES-256 (zip)", "pdf": "AES-256 (PDF R6)"}


def locked(content: bytes, format_: str, name: str = "") -> Protected:
    return protect(
        content, format=format_, name=name or f"Class list.{format_}", password=PASSWORD, rounds=ROUNDS
    )


def unlocked(found: Protected) -> bytes:
    """What a recipient has after typing the password, by other programs' code."""
    if found.format == "zip":
        with pyzipper.AESZipFile(io.BytesIO(found.content)) as opened:
            (member,) = opened.infolist()
            return bytes(opened.read(member, pwd=PASSWORD.encode()))
    out = io.BytesIO()
    if found.format == "pdf":
        with pikepdf.open(io.BytesIO(found.content), password=PASSWORD) as document:
            document.save(out)
    else:
        office = msoffcrypto.OfficeFile(io.BytesIO(found.content))
        office.load_key(password=PASSWORD, verify_password=True)
        office.decrypt(out, verify_integrity=True)
    return out.getvalue()


def said(reading: Reading) -> set[str]:
    """Every line that reading a file found, in it and in what it holds."""
    lines = {line.strip() for passage in reading.passages for line in passage.text.splitlines()}
    return lines.union(*(said(member) for member in reading.members)) - {""}


@pytest.mark.parametrize("format_", MADE)
def test_each_format_goes_under_the_lock_that_fits_it(format_: str) -> None:
    """Office and PDF keep their format, all else becomes a zip; the lock's name is for the register."""
    found = locked(MADE[format_], format_)
    own = format_ in IN_OWN_FORMAT
    assert found.format == (format_ if own else "zip")
    assert found.name == ("Class list." + found.format)
    assert found.lock == LOCKS.get(found.format, "AES-256 (Office agile)")
    assert found.verified
    assert found.note == ""


@pytest.mark.parametrize("format_", [format_ for format_ in MADE if format_ not in IN_OWN_FORMAT])
def test_zip_gives_back_the_very_bytes(format_: str) -> None:
    """Nothing of the file is changed, not even a signature or a bad line end."""
    assert unlocked(locked(MADE[format_], format_)) == MADE[format_]


@pytest.mark.parametrize("format_", ["docx", "xlsx", "pptx"])
def test_office_document_gives_back_the_sent_package_with_its_marks(format_: str) -> None:
    """Apart from the parts that bear the marks, every member is the sent one, byte for byte."""
    with zipfile.ZipFile(io.BytesIO(unlocked(locked(MADE[format_], format_)))) as now:
        after = {info.filename: now.read(info) for info in now.infolist()}
    with zipfile.ZipFile(io.BytesIO(MADE[format_])) as was:
        before = {info.filename: was.read(info) for info in was.infolist()}
    assert list(after) == list(before)
    for name, content in before.items():
        assert re.sub(rb"<sg:[^>]*/>", b"", after[name]) == content
    assert any(b"<sg:" in content for content in after.values())


@pytest.mark.parametrize("format_", MADE)
def test_reading_finds_behind_the_password_what_it_found_before(format_: str) -> None:
    """Nothing that inspection saw is lost by protecting, in any format."""
    before = read(MADE[format_], name=f"a.{format_}")
    after = read(locked(MADE[format_], format_).content, words=(PASSWORD,))
    assert said(before) <= said(after)


@pytest.mark.parametrize("format_", MADE)
def test_reading_without_the_password_finds_a_strong_lock_and_no_word(format_: str) -> None:
    """What leaves is locked in the eyes of our own inspection too."""
    found = read(locked(MADE[format_], format_).content)
    members = found.members or (found,)
    assert "locked" in {one.status for one in (found, *members)}
    assert any(strongly_locked(one) for one in (found, *members))
    assert not said(found) & said(read(MADE[format_]))


def test_protected_pdf_allows_no_change_and_keeps_form_and_attachment() -> None:
    """E7's 'read-only' for PDF; fields and attached files are still there (pitfall 7 says what it is worth)."""
    found = locked(MADE["pdf"], "pdf")
    with pikepdf.open(io.BytesIO(found.content), password=PASSWORD) as document:
        allow = document.allow
        changes = (allow.modify_other, allow.modify_form, allow.modify_assembly, allow.modify_annotation)
        assert not any(changes)
        assert allow.extract
        assert allow.accessibility
        assert list(document.attachments) == ["notes.txt"]
        assert document.Root.AcroForm.Fields[0].V == "03/04/2015"


def test_stricter_permissions_of_the_sender_stay() -> None:
    """A PDF that its author closed to printing is not opened to it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(MADE["pdf"])) as document:
        strict = pikepdf.Permissions(print_highres=False, print_lowres=False)
        document.save(out, encryption=pikepdf.Encryption(owner="boss", user="", R=6, allow=strict))
    with pikepdf.open(io.BytesIO(locked(out.getvalue(), "pdf").content), password=PASSWORD) as document:
        assert not document.allow.print_lowres


def test_zip_member_has_a_neutral_name_and_is_marked_read_only() -> None:
    """The list of a zip can be read without its password, so it tells nothing (pitfall 6)."""
    found = locked(MADE["odt"], "odt", "Jo Smith exclusion.odt")
    with pyzipper.AESZipFile(io.BytesIO(found.content)) as opened:
        (member,) = opened.infolist()
    assert member.filename == "document-1.odt"
    assert member.external_attr & 0x01
    assert (member.external_attr >> 16) & 0o777 == 0o444
    assert member.CRC == 0  # AE-2: the checksum of the plain content is not there to be compared


def test_zip_is_never_zipcrypto() -> None:
    """Method 99, extra field 0x9901, strength 3: WinZip's AES-256, whatever the size."""
    for size in (0, 1, 100_000):
        content = locked(bytes(size), "unknown", "x.bin").content
        with zipfile.ZipFile(io.BytesIO(content)) as plain:
            (member,) = plain.infolist()
        assert member.compress_type == 99
        assert member.extra[:2] == b"\x01\x99"
        assert member.extra[8] == 3


@pytest.mark.parametrize(
    ("content", "format_", "why"),
    [
        (package({"[Content_Types].xml": "<Types/>", "_xmlsignatures/a": "x"}), "docx", "signed"),
        (b"%PDF-1.7 nothing", "pdf", "damaged"),
        (MADE["pdf"] + b"%/ByteRange [0 1 2 3]", "pdf", "signed"),
        (b"PK\x03\x04 nothing", "xlsx", "damaged"),
    ],
)
def test_signed_and_damaged_documents_go_into_a_zip_untouched(content: bytes, format_: str, why: str) -> None:
    """They are never edited; the note says why they are in a zip."""
    found = locked(content, format_)
    assert found.format == "zip"
    assert why in found.note
    assert unlocked(found) == content


def test_certified_pdf_goes_into_a_zip() -> None:
    """A certification speaks of the file's bytes, so they stay."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(MADE["pdf"])) as document:
        document.Root.Perms = pikepdf.Dictionary()
        document.save(out)
    assert locked(out.getvalue(), "pdf").format == "zip"


def test_lock_that_fails_is_not_sent_but_replaced_by_one_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encrypted file that does not open again never leaves (pitfall 40); the zip of the plain bytes does."""
    real = agile.encrypt

    def broken(content: bytes, password: str, rounds: int) -> bytes:
        made = bytearray(real(content, password, rounds))
        made[-600] ^= 0xFF
        return bytes(made)

    monkeypatch.setattr(agile, "encrypt", broken)
    found = locked(MADE["docx"], "docx")
    assert (found.format, found.note) == ("zip", verify.FAILED)
    assert unlocked(found) == MADE["docx"]


def test_lock_of_something_else_than_what_was_sent_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens, with the password, but as another document: that is no success."""
    real = agile.encrypt
    other = marked_read_only(xlsx())
    monkeypatch.setattr(agile, "encrypt", lambda _content, password, rounds: real(other, password, rounds))
    assert locked(MADE["docx"], "docx").format == "zip"


def test_zip_that_fails_leaves_nothing_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even the zip does not open again, the message is held."""
    monkeypatch.setattr(archive, "MEMBER", "document-2")  # what is written is not what is looked for
    real = verify.archive
    monkeypatch.setattr(
        verify, "archive", lambda zipped, word, _, content: real(zipped, word, "document-1.csv", content)
    )
    with pytest.raises(CannotProtect, match="did not open again"):
        locked(MADE["csv"], "csv")


@pytest.mark.parametrize("password", ["", "pass\u00e9", "a\nb", "x" * 128])
def test_passwords_that_not_every_program_takes_are_refused(password: str) -> None:
    """Programs disagree on letters beyond ASCII, and PDF cuts at 127 bytes."""
    with pytest.raises(CannotProtect, match="password"):
        protect(b"x", format="text", name="a.txt", password=password)


def test_pdf_comparison_sees_a_changed_object() -> None:
    """The comparison is of objects, not of looks: one changed entry is enough."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.Root.PageLayout = pikepdf.Name.OneColumn
        document.save(out, encryption=pikepdf.Encryption(owner="o", user=PASSWORD, R=6, allow=_closed()))
    with pytest.raises(verify.NotTheSame):
        verify.pdf(out.getvalue(), PASSWORD, pdf())


def test_pdf_that_opens_without_password_is_noticed() -> None:
    """An owner's password alone protects nothing (pitfall 7)."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.save(out, encryption=pikepdf.Encryption(owner=PASSWORD, user="", R=6, allow=_closed()))
    with pytest.raises(verify.NotTheSame):
        verify.pdf(out.getvalue(), PASSWORD, pdf())


def test_edit_check_sees_a_change_beside_the_marks() -> None:
    """A part that changed without an edit of its own is noticed, and so is a part that vanished."""
    before = docx()
    verify.office_edits(before, before, ())
    with pytest.raises(verify.NotTheSame):
        verify.office_edits(before, marked_read_only(before), ())
    with pytest.raises(verify.NotTheSame):
        verify.office_edits(before, write_package(open_package(before)[:-1], {}), ())


def _closed() -> pikepdf.Permissions:
    return pikepdf.Permissions(
        modify_annotation=False, modify_assembly=False, modify_form=False, modify_other=False
    )


@pytest.mark.samples
def test_every_sample_document_is_protected_and_opens_as_what_it_was(samples: Path) -> None:
    """Documents from other hands, damaged ones too: each is locked, and reading it finds what it found before."""
    files = sorted(file for file in (samples / "documents").rglob("*.*") if file.is_file())
    assert files
    lost = {}
    for file in files:
        content = file.read_bytes()
        before = read(content, name=file.name)
        found = locked(content, before.format, file.name)
        after = read(found.content, words=(PASSWORD,))
        missing = said(before) - said(after)
        if missing or (found.format == "zip" and unlocked(found) != content):
            lost[file.name] = sorted(missing)[:5]
    assert lost == {}
