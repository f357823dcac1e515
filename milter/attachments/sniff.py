"""What a file is, by its content; its name and declared type are only asked what they claim.

Own signatures first, since they are quick and tell apart what libmagic does not (all Office formats); libmagic
describes the rest to people. A file that could be several things is all of them.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from milter.attachments.claims import claim_of

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF-", "pdf"),
    (b"{\\rt", "rtf"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\0\0\1\0", "icon"),
    (b"8BPS", "psd"),
    (b"\xd7\xcd\xc6\x9a", "wmf"),
    (b"\0\0\0\x0cjP  ", "jp2"),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"MThd", "midi"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"\x7fELF", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"!BDN", "pst"),
    (b"\0\1\0\0Standard ", "access"),
    (b"MSCF", "cab"),
    (b"PAR1", "parquet"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "onenote"),
)
RIFF = {b"WAVE": "wav", b"AVI ": "video", b"WEBP": "webp"}
HTML = re.compile(
    rb"(?i)^\s{0,200}(?:<!--[^>]{0,500}-->\s{0,200})?"
    rb"<(?:!doctype html|html|head|body|table|div|p|span|meta|style|script|title|center|font|h[1-6]|br|a)[\s>/]"
)
XML = re.compile(rb"^(?:\xef\xbb\xbf)?\s{0,200}<\?xml[\s]")
ROOT = re.compile(rb"<(?![?!])(?:([\w.-]+):)?([\w.-]+)")
FIELD = re.compile(
    rb"(?:[\x21-\x39\x3b-\x7e]{1,76}:|[ \t]|>?From )"
)  # a line of a header block (RFC 5322 2.2)
MAIL_FIELDS = re.compile(
    rb"(?im)^(?:received|return-path|mime-version|message-id|content-type|delivered-to|x-mailer|date|from|to|subject):"
)
# Where a message of a mail folder begins (RFC 4155 appendix A); its header stands behind the match.
MBOX = re.compile(rb"(?m)^From [^\r\n]{1,300}\r?\n(?=[\x21-\x39\x3b-\x7e]{1,76}:)")
PGP = re.compile(rb"-----BEGIN PGP (MESSAGE|SIGNED MESSAGE|PRIVATE KEY BLOCK|PUBLIC KEY BLOCK|SIGNATURE)")
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
PACKAGES = (
    (b"word/", "docx"),
    (b"ppt/", "pptx"),
    (b"xl/workbook.bin", "xlsb"),
    (b"xl/", "xlsx"),
    (b"visio/", "vsdx"),
)
TAIL = 66_000  # a zip directory's end lies within its last 65,557 bytes


def formats(content: bytes, name: str, declared: str) -> tuple[str, ...]:
    """All that the file could be, likeliest first; ('unknown',) where nothing fits."""
    found = [_start(content, name, declared)]
    if found[0] not in ("pdf", "eml", "zip") and b"%PDF-" in content[:1024]:
        found.append("pdf")
    if found[0] not in _ZIPPED and _zip_behind(content):
        found.append("zip")
    if found[0] in _SHOWN and (at := content.find(b"Rar!\x1a\x07", 1)) > 0 and content[at + 7 : at + 8]:
        found.append("rar")
    return tuple(refine(one, content) for one in dict.fromkeys(found))


_ZIPPED = frozenset(
    ("zip", "tar", "7z", "rar", "eml", "ole", "tnef", "gz", "bz2", "xz", "text", "html", "sqlite")
)
_SHOWN = frozenset(("png", "jpeg", "gif", "bmp", "webp", "pdf", "executable"))


def _start(content: bytes, name: str, declared: str) -> str:
    for signature, format_ in SIGNATURES:
        if content.startswith(signature):
            return format_
    if content.startswith(b"RIFF"):
        return RIFF.get(content[8:12], "unknown")
    if content[4:8] == b"ftyp":
        return "heic" if content[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "video"
    for fits, format_ in LOOKS:
        if fits(content):
            return format_
    return _textual(content, name, declared)


def _old_tar(content: bytes) -> bool:
    """A tar header without its later magic, by check sum."""
    if len(content) < 512 or not re.match(rb"[ 0]{0,7}[0-7]{1,7}[\0 ]", content[148:156]):
        return False
    stated = int(re.sub(rb"[^0-7]", b"", content[148:156]) or b"0", 8)
    return bool(content[0]) and stated == sum(content[:148]) + 256 + sum(content[156:512])


# Formats whose mark is too short, or stands too far in, to be trusted by itself.
LOOKS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda content: content[257:262] == b"ustar" or _old_tar(content), "tar"),
    (lambda content: content.startswith(b"BM") and content[6:10] == b"\0\0\0\0" and len(content) > 26, "bmp"),
    (lambda content: content.startswith(b"\1\0\0\0") and content[40:44] == b" EMF", "emf"),
    (lambda content: content.startswith(b"MZ") and b"\0" in content[:256], "executable"),
    (lambda content: content[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "mp3"),
)


def _textual(content: bytes, name: str, declared: str) -> str:
    head = content[:4096]
    if pkcs7(content):
        return "pkcs7"
    if PGP.search(head):
        return "pgp"
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or _mostly_alternate(head)
    plain = (
        head.replace(b"\0", b"").lstrip(b"\xff\xfe\xef\xbb\xbf")
        if wide
        else head.removeprefix(b"\xef\xbb\xbf")
    )
    if not wide and len(CONTROLS.findall(head)) > len(head) // 50:
        return "pdf" if b"%PDF-" in content[:1024] else "unknown"
    return _text_kind(plain, name, declared)


def _text_kind(plain: bytes, name: str, declared: str) -> str:
    if plain[:15].upper().startswith((b"BEGIN:VCALENDAR", b"BEGIN:VCARD")):
        return "calendar" if plain[6:7] in b"Vv" and plain[7:10].upper() == b"CAL" else "vcard"
    if XML.match(plain):
        return _xml_kind(plain)
    ending = name.rpartition(".")[2].lower()
    markup = HTML.search(plain) or b"<svg" in plain[:500].lower()
    if markup:
        return "svg" if b"<svg" in plain[:500].lower() and not HTML.search(plain) else "html"
    if MBOX.match(plain):
        return "mbox"
    if _message(plain, named=declared.startswith("message/") or ending in ("eml", "mht", "mhtml")):
        return "eml"
    if (declared.startswith("text/html") or ending in ("html", "htm", "xhtml", "shtml")) and b"<" in plain:
        return "html"
    return "csv" if ending in ("csv", "tsv") or "csv" in declared else "text"


def _message(plain: bytes, *, named: bool) -> bool:
    """A header block that opens the file; a text that merely quotes one has fewer kinds of field."""
    block = re.split(rb"\r?\n\r?\n", plain, maxsplit=1)[0]
    lines = block.splitlines()
    if not lines or not all(FIELD.match(line) for line in lines[:-1]):
        return False
    kinds = {kind.lower() for kind in MAIL_FIELDS.findall(block)}
    technical = kinds - {b"from:", b"to:", b"subject:", b"date:"}
    return len(kinds) >= (1 if named else 3) and bool(technical or named)


def _xml_kind(plain: bytes) -> str:
    root = ROOT.search(plain)
    name = root[2].lower() if root else b""
    if name == b"html":
        return "html"
    return "svg" if name == b"svg" else "xml"


def _mostly_alternate(head: bytes) -> bool:
    """UTF-16 of Western text: every other octet is NUL."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return half > 2 and ((odd > half * 0.6 and even < half * 0.1) or (even > half * 0.6 and odd < half * 0.1))


def _zip_behind(content: bytes) -> bool:
    """A zip archive appended to something else, with a directory that holds."""
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - TAIL))
    return at >= 0 and content.rfind(b"PK\x01\x02", 0, at) >= 0


def pkcs7(content: bytes) -> bool:
    """CMS in DER: a sequence that opens with an object identifier 1.2.840.113549.1.7 or .1.9.16.1."""
    head = content[:40]
    return head[:1] == b"\x30" and (
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x07" in head or b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01" in head
    )


def refine(format_: str, content: bytes) -> str:
    """Tell containers apart by what they hold."""
    if format_ == "zip":
        return _zip_kind(content)
    if format_ == "ole":
        from milter.attachments.ole import kind_of

        return kind_of(content)
    return format_


def _zip_kind(content: bytes) -> str:
    if content[30:38] == b"mimetype" and b"opendocument" in content[38:120]:
        kind = content[38:120]
        for key, format_ in ((b"spreadsheet", "ods"), (b"presentation", "odp"), (b"graphics", "odg")):
            if key in kind:
                return format_
        return "odt"
    names = _directory(content)
    if b"[Content_Types].xml" in names or b"[Content_Types].xml" in content[:4096]:
        return next((format_ for part, format_ in PACKAGES if part in names), "ooxml")
    return "epub" if b"application/epub+zip" in content[30:80] else "zip"


def _directory(content: bytes) -> bytes:
    """The bytes of the central directory (APPNOTE 4.3.16), or the last of the file where it can't be found."""
    end = content.rfind(b"PK\x05\x06")
    size = int.from_bytes(content[end + 12 : end + 16], "little") if end >= 0 else 0
    return content[end - size : end] if 0 < size <= end else content[-TAIL:]


def lies(found: tuple[str, ...], name: str, declared: str) -> bool:
    """Whether name or declared type claims something that the content is not (and the difference matters)."""
    return any(not accepted.intersection(found) for accepted in claim_of(name, declared))


@lru_cache(maxsize=1)
def _magic() -> Any:
    """Load libmagic by full path: importing pylibmagic would change ctypes for the whole process."""
    import ctypes
    import importlib.util
    from pathlib import Path

    spec = importlib.util.find_spec("pylibmagic")
    folder = Path((spec.submodule_search_locations or [""])[0]) if spec else Path()
    for library in sorted(folder.glob("libmagic*.so*")):
        ctypes.CDLL(str(library))
    import magic

    return magic.Magic(magic_file=str(folder / "magic.mgc")) if spec else magic.Magic()


def describe(content: bytes) -> str:
    """What libmagic calls it, for people: a few words."""
    try:
        words = str(_magic().from_buffer(content[:65536]))
    except Exception:  # libmagic raises its own errors and OSError where it is not there
        return "unknown"
    return "".join(one for one in words[:60] if one.isprintable())
