"""PowerPoint 97-2003 (MS-PPT): every text atom of the record tree, superseded edits too.

Records are walked flat, container or not, so that no nesting hides one and none costs more than its bytes.
"""

import struct
import zlib

from milter.attachments import ole
from milter.attachments.draft import Draft, File, UnreadableError
from milter.attachments.links import note_links
from milter.attachments.officelock import read_locked_binary

TEXT_CHARS, TEXT_BYTES, STRING = 0x0FA0, 0x0FA8, 0x0FBA
SLIDE, NOTES, MASTER, COMMENT, OBJECT, CRYPT = 0x03EE, 0x03F0, 0x03F8, 0x2EE0, 0x1011, 0x2F14
MODIFY_PASSWORD = 0x0FBA  # a string of instance 3 below the document info
BREAKS = str.maketrans({"\r": "\n", "\x0b": "\n"})


def read_ppt(file: File, draft: Draft) -> None:
    """Read a presentation."""
    with ole.opened(file.content) as archive:
        records = ole.stream(archive, "PowerPoint Document")
        user = ole.stream(archive, "Current User")
        if not records:
            raise UnreadableError("the presentation is damaged")
        if user[12:16] == b"\xdf\xc4\xd1\xf3" or archive.exists("EncryptedSummary"):
            read_locked_binary(file, draft, "RC4 (PowerPoint)")
            return
        _walk(records, draft)
        ole.read_properties(archive, draft)
        ole.read_embedded(archive, draft)


def _walk(records: bytes, draft: Draft) -> None:
    texts: dict[str, list[str]] = {}
    place = "slide"
    at = 0
    while at + 8 <= len(records):
        version, kind, size = struct.unpack_from("<HHI", records, at)
        at += 8
        if kind in (SLIDE, NOTES, MASTER, COMMENT):
            place = {SLIDE: "slide", NOTES: "notes", MASTER: "master", COMMENT: "comment"}[kind]
        if version & 0xF == 0xF:  # a container: its children follow
            continue
        body = records[at : at + size]
        if kind in (TEXT_CHARS, STRING):
            texts.setdefault(place, []).append(body.decode("utf-16-le", "replace"))
        elif kind == TEXT_BYTES:
            texts.setdefault(place, []).append(body.decode("latin-1"))
        elif kind == OBJECT:
            _object(body, packed=bool(version >> 4), draft=draft)
        at += size
    for where, found in texts.items():
        text = "\n".join(found).translate(BREAKS)
        note_links(text, draft)
        draft.say(where, text)


def _object(body: bytes, *, packed: bool, draft: Draft) -> None:
    budget = draft.file.budget
    if packed:
        try:
            content = zlib.decompressobj().decompress(body[4:], budget.room() + 1)
        except zlib.error:
            draft.fail("unreadable", "an embedded object is damaged")
            return
        budget.ratio(len(content), len(body))
    else:
        content = body
    budget.unpack(len(content))
    draft.member("embedded object", content)
