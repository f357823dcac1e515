"""Opens what was just protected, with the password, and compares (pitfall 40).

Guarantees: nothing leaves protected that can't be opened, or that opens as anything else than what was sent.
Every check uses another implementation than the one that locked it, where there is one.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from milter.attachments.protect.errors import CannotProtect
from milter.attachments.protect.package import open_package
from milter.attachments.protect.pdfkey import file_key
from milter.attachments.protect.readonly import Edit, apply_edits

if TYPE_CHECKING:
    import pikepdf

FAILED = "the protected file did not open again as what was sent"


class NotTheSame(CannotProtect):
    """What was locked does not open as what was sent: it never leaves. A zip of the plain bytes may do."""

    def __init__(self) -> None:
        super().__init__(FAILED)


def office_edits(before: bytes, after: bytes, edits: Sequence[Edit]) -> None:
    """Compare an edited package with the original: edited parts differ by the edits, others in nothing."""
    old, new = open_package(before), open_package(after)
    _demand([member.name for member in old] == [member.name for member in new])
    by_part: dict[str, list[Edit]] = {}
    for edit in edits:
        by_part.setdefault(edit.part, []).append(edit)
    for was, now in zip(old, new, strict=True):
        if was.name in by_part:
            _demand(now.content() == apply_edits(was.content(), by_part[was.name]))
        else:
            _demand(
                (now.packed, now.crc, now.size, now.method) == (was.packed, was.crc, was.size, was.method)
            )


def office(locked: bytes, password: str, package: bytes) -> None:
    """Decrypt by msoffcrypto-tool, check the integrity value, compare."""
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError

    opened = io.BytesIO()
    try:
        document = msoffcrypto.OfficeFile(io.BytesIO(locked))
        _demand(document.is_encrypted())
        document.load_key(password=password)
        document.decrypt(opened, verify_integrity=True)
    except (DecryptionError, FileFormatError, InvalidKeyError, ValueError, OSError) as error:
        raise NotTheSame from error
    _demand(opened.getvalue() == package)


def archive(locked: bytes, password: str, member: str, content: bytes) -> None:
    """Open the zip with the password; its only member is AES-256 and unpacks to what was sent."""
    import pyzipper

    try:
        with pyzipper.AESZipFile(io.BytesIO(locked)) as opened:
            (info,) = opened.infolist()
            _demand(info.filename == member and bool(info.flag_bits & 1))
            _demand(info.wz_aes_strength == 3)  # WinZip's AES: 3 is 256 bits
            _demand(opened.read(info, pwd=password.encode("ascii")) == content)
    except (pyzipper.BadZipFile, RuntimeError, ValueError) as error:
        raise NotTheSame from error


def pdf(locked: bytes, password: str, content: bytes) -> None:
    """Open with the password and with no other; both documents, written out plainly, are the same bytes.

    The password is checked by another implementation than qpdf's, which gives the key that qpdf then opens by:
    its own way tries each password twice, 15 ms of hashing. 'Plainly' is without encryption, object streams,
    recompression and identifier, and as the version that encryption asks for: every object and stream that the
    document refers to is in it.
    """
    import pikepdf

    key = file_key(locked, password.encode("ascii"))
    if key is None:
        raise NotTheSame
    try:
        with pikepdf.open(io.BytesIO(locked), password=key.hex(), hex_password=True) as opened:
            _demand(opened.encryption.R == 6 and opened.encryption.bits == 256)
            _demand(
                not (opened.allow.modify_other or opened.allow.modify_assembly or opened.allow.modify_form)
            )
            after = _plainly(opened)
        with pikepdf.open(io.BytesIO(content)) as original:
            _demand(_plainly(original) == after)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError) as error:
        raise NotTheSame from error


def _plainly(document: "pikepdf.Pdf") -> bytes:
    import pikepdf

    if "/ID" in document.trailer:
        del document.trailer["/ID"]  # a document without one is given one when it is encrypted
    out = io.BytesIO()
    document.save(
        out,
        static_id=True,
        min_version=("1.7", 8),
        fix_metadata_version=False,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
    )
    return out.getvalue()


def _demand(held: bool) -> None:
    if not held:
        raise NotTheSame
