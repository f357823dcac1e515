"""Protects any file by an AES-256 zip (WinZip's AE-2), never ZipCrypto.

Guarantees: the recipient unpacks the very bytes that were sent, marked read-only. The member's name is
neutral, since names in a zip can be read without the password (pitfall 6).
"""

import io
import zipfile

from milter.attachments.protect import verify

LOCK = "AES-256 (zip)"
MEMBER = "document-1"
READ_ONLY = (0o100444 << 16) | 0x01  # Unix mode and the DOS read-only attribute
PACKED_ALREADY = frozenset(
    {
        "zip",
        "7z",
        "rar",
        "gz",
        "bz2",
        "xz",
        "docx",
        "xlsx",
        "pptx",
        "docm",
        "xlsm",
        "pptm",
        "odt",
        "ods",
        "odp",
        "pdf",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "heic",
        "mp3",
        "mp4",
        "m4a",
        "mov",
    }
)


def protect_archive(content: bytes, extension: str, password: str) -> bytes:
    """Return a zip with the one member 'document-1.<extension>'; NotTheSame where it does not open again."""
    import pyzipper
    from pyzipper.zipfile_aes import AESZipInfo

    member = f"{MEMBER}.{extension}" if extension else MEMBER
    info = AESZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0))  # no clock here
    info.create_system = 3  # attributes are read as Unix's
    info.external_attr = READ_ONLY
    info.compress_type = zipfile.ZIP_STORED if extension in PACKED_ALREADY else zipfile.ZIP_DEFLATED
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode("ascii"))
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        archive.writestr(info, content)
    verify.archive(out.getvalue(), password, member, content)
    return out.getvalue()
