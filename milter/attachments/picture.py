"""Pictures: their size, the text of their metadata, and whether a text may hide in them.

A picture that is small (under 40 kB, or under 300 pixels either way) is taken for a logo, icon or signature
and counts as read. A larger one may be a picture of text (Y5): alone, it is 'unreadable' unless text
recognition is installed. In a document that has text of its own a larger picture is listed with the note
'picture' and does not make the document unreadable; in one that has hardly any it does ('no-text').
"""

import re
import struct
import zlib

from milter.attachments.draft import Draft, File, LimitError, UnreadableError

SMALL_BYTES = 40 * 1024
SMALL_PIXELS = 300
OWN_TEXT_CHARS = 60  # letters and digits below which a document is taken for a scan
PICTURES = frozenset(
    ("png", "jpeg", "gif", "bmp", "tiff", "webp", "heic", "icon", "emf", "wmf", "psd", "jp2")
)
MORE_PICTURES = "shows more pictures than text is recognised in (read.ocr-pages, read.ocr-seconds)"
TAGS = re.compile(rb"<[^>]*>")
WORDS = re.compile(rb"[\x20-\x7e]{6,}")


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height in pixels; (0, 0) where it can't be told."""
    try:
        if content.startswith(b"\x89PNG"):
            width, height = struct.unpack_from(">II", content, 16)
            return int(width), int(height)
        if content.startswith(b"GIF8"):
            width, height = struct.unpack_from("<HH", content, 6)
            return int(width), int(height)
        if content.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", content, 18)
            return abs(width), abs(height)
        if content.startswith(b"\xff\xd8"):
            return _jpeg_size(content)
    except struct.error:
        pass
    return 0, 0


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        kind = content[at + 1]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            return int(width), int(height)
        at += 2 + int(struct.unpack_from(">H", content, at + 2)[0])
    return 0, 0


def small(content: bytes) -> bool:
    """Whether it is too small to be a page of text."""
    width, height = size_of(content)
    return len(content) < SMALL_BYTES or bool(width and height and min(width, height) < SMALL_PIXELS)


def metadata(content: bytes) -> str:
    """Comments and captions that the file carries beside its pixels."""
    found: list[bytes] = []
    start = content.find(b"<x:xmpmeta")
    if start >= 0:
        end = content.find(b"</x:xmpmeta>", start)
        found.append(TAGS.sub(b" ", content[start : end if end > 0 else start + 65536]))
    if content.startswith(b"\x89PNG"):
        found += _png_text(content)
    elif content.startswith(b"\xff\xd8"):
        found += _jpeg_text(content)
    return "\n".join(piece.decode("utf-8", "replace").replace("\0", " ").strip() for piece in found)


def _png_text(content: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 8
    while at + 12 <= len(content) and len(found) < 100:
        size, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + size]
        if kind == b"tEXt":
            found.append(body)
        elif kind in (b"zTXt", b"iTXt"):
            found.append(_unpacked(body))
        at += 12 + size
    return found


def _unpacked(body: bytes) -> bytes:
    """A compressed text chunk: the zlib stream starts at 0x78."""
    at = body.find(b"\x78")
    try:
        return body[:at] + b" " + zlib.decompressobj().decompress(body[at:], 1 << 20) if at >= 0 else body
    except zlib.error:
        return body


def _jpeg_text(content: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and len(found) < 100:
        kind = content[at + 1]
        if kind == 0xDA:
            break
        size = int(struct.unpack_from(">H", content, at + 2)[0])
        body = content[at + 4 : at + 2 + size]
        if kind == 0xFE:
            found.append(body)
        elif kind == 0xED or (kind == 0xE1 and body.startswith(b"Exif")):
            found += WORDS.findall(body)
        at += 2 + max(size, 2)
    return found


def read_picture(file: File, draft: Draft) -> None:
    """A picture on its own."""
    draft.note("picture")
    draft.say("properties", metadata(file.content), hidden=True)
    if small(file.content):
        return
    recognised = recognise(file, draft)
    if not recognised and file.budget.ocr_spent:
        raise LimitError(MORE_PICTURES)
    if not recognised:
        raise UnreadableError("a picture, which may be a picture of text")


def recognise(file: File, draft: Draft) -> bool:
    """Read the text of a picture by OCR, where that is installed."""
    from milter.attachments.ocr import text_of_picture

    text = text_of_picture(file)
    if text is None:
        return False
    draft.say("picture", text)
    return True


def embedded_picture(name: str, content: bytes, draft: Draft) -> None:
    """A picture inside a document: its own reading, which `settle_pictures` judges when all text is known."""
    if small(content):
        text = metadata(content)
        if text:
            draft.say("picture properties", text, hidden=True)
        return
    draft.member(name, content)


def settle_pictures(draft: Draft) -> None:
    """Large pictures in a document: forgiven where it has text of its own, else it is a scan."""
    from dataclasses import replace

    unread = [
        one for one in draft.members if "picture" in one.notes and one.status in ("unreadable", "limit")
    ]
    if not unread:
        return
    own = sum(len(re.findall(r"\w", one.text[:5000])) for one in draft.passages if not one.hidden)
    if own < OWN_TEXT_CHARS:
        draft.note("no-text")
        if draft.file.budget.ocr_spent:
            draft.fail("limit", MORE_PICTURES)
        draft.fail("unreadable", "holds pictures and hardly any text")
        return
    draft.note("picture")
    draft.members = [replace(one, status="read", why="") if one in unread else one for one in draft.members]
