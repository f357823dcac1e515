"""OLE compound files (MS-CFB): told apart by the streams at their root; properties and embedded objects.

Embedded documents whose bytes stand whole in one stream become members; Word, Excel and PowerPoint objects in
storages of their own are read where they lie.
"""

import io
import struct
from typing import Any

from milter.attachments.draft import Draft, UnreadableError

KINDS = (
    ("encryptedpackage", "locked-office"),
    ("worddocument", "doc"),
    ("workbook", "xls"),
    ("book", "xls"),
    ("powerpoint document", "ppt"),
    ("__properties_version1.0", "msg"),
    ("visiodocument", "vsd"),
)
MACROS = frozenset(("macros", "_vba_project_cur", "vba"))
WHOLE = frozenset(("package", "contents"))  # streams that hold another file, byte for byte
PROPERTIES = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
STREAM = 2  # the type of a directory entry (MS-CFB 2.6.1)
DEPTH = 50
TEXT, WIDE, MANY = 0x1E, 0x1F, 0x1000  # VT_LPSTR, VT_LPWSTR, VT_VECTOR (MS-OLEPS 2.11)
PROPERTY_BYTES = 1 << 20
STREAM_BYTES = 128 * 1024 * 1024


def opened(content: bytes) -> Any:
    """The file, opened by olefile. Raises UnreadableError where it is damaged."""
    import olefile

    try:
        return olefile.OleFileIO(io.BytesIO(content))
    except MemoryError:
        raise
    except Exception as fault:  # olefile raises OSError, struct.error, IndexError and more on damaged files
        raise UnreadableError("the file is damaged") from fault


def kind_of(content: bytes) -> str:
    """The format that its root streams show; 'ole' for others."""
    try:
        with opened(content) as archive:
            roots = {path[0].lower() for path in paths(archive)}
    except UnreadableError:
        return "ole"
    return next((kind for stream_, kind in KINDS if stream_ in roots), "ole")


def stream(archive: Any, *path: str) -> bytes:
    """One stream's bytes; empty where it is missing or damaged."""
    try:
        if not archive.exists(list(path)):
            return b""
        with archive.openstream(list(path)) as opened_:
            return bytes(opened_.read(STREAM_BYTES))
    except MemoryError:
        raise
    except Exception:  # as above
        return b""


def paths(archive: Any) -> list[tuple[str, ...]]:
    """The way to every stream. Storages that lie in one another in a circle are walked once."""
    found: list[tuple[str, ...]] = []
    seen: set[int] = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), archive.root)]
    while waiting:
        above, storage = waiting.pop()
        for entry in storage.kids:
            if entry.sid in seen or len(above) > DEPTH:
                continue
            seen.add(entry.sid)
            path = (*above, entry.name)
            if entry.entry_type == STREAM:
                found.append(path)
            else:
                waiting.append((path, entry))
    return sorted(found)


def read_properties(archive: Any, draft: Draft) -> None:
    """The texts of the document's property sets (MS-OLEPS)."""
    texts: dict[str, None] = {}
    for name in PROPERTIES:
        texts |= dict.fromkeys(property_texts(stream(archive, name)))
    draft.say("properties", "\n".join(text for text in texts if text.strip()), hidden=True)


def property_texts(content: bytes) -> list[str]:
    """Strings of a property set stream, whatever the property: by their type marks, each octet looked at once."""
    found: list[str] = []
    at = 48
    content = content[:PROPERTY_BYTES]
    while at + 8 <= len(content) and len(found) < 5000:
        kind, size = struct.unpack_from("<II", content, at)
        if kind in (TEXT, WIDE) and 0 < size <= len(content) - at - 8:
            text, at = _property(content, at + 4, wide=kind == WIDE)
            found.append(text)
        elif kind in (MANY | TEXT, MANY | WIDE) and 0 < size < 5000:
            at += 8
            for _ in range(size):
                text, at = _property(content, at, wide=kind == MANY | WIDE)
                found.append(text)
        else:
            if kind == 0 and 0 < size < 1000:  # the dictionary of names
                found += _names(content[at : at + 65536])
            at += 4
    return [text for text in found if text.isprintable()]


def _property(content: bytes, at: int, *, wide: bool) -> tuple[str, int]:
    """A string with its length before it, and where the next one starts."""
    if at + 4 > len(content):
        return "", at + 4
    size = struct.unpack_from("<I", content, at)[0] * (2 if wide else 1)
    raw = content[at + 4 : at + 4 + size]
    text = raw.decode("utf-16-le" if wide else "cp1252", "replace").rstrip("\0")
    return text, at + 4 + min(size + 3, PROPERTY_BYTES) // 4 * 4


def _names(dictionary: bytes) -> list[str]:
    found: list[str] = []
    at = 4
    while at + 8 <= len(dictionary) and len(found) < 100:
        size = struct.unpack_from("<I", dictionary, at + 4)[0]
        if not 0 < size < 256 or at + 8 + size > len(dictionary):
            break
        found.append(dictionary[at + 8 : at + 8 + size].rstrip(b"\0").decode("cp1252", "replace"))
        at += 8 + size
    return found


def read_embedded(archive: Any, draft: Draft, *, below: tuple[str, ...] = ()) -> None:
    """Objects embedded below a storage: files become members; macros are noted."""
    for path in paths(archive):
        name = path[-1].lower()
        if any(step.lower() in MACROS for step in path[:-1]):
            draft.note("macros")
        if tuple(path[: len(below)]) != below or len(path) <= len(below) + 1:
            continue
        if name in WHOLE:
            embedded("embedded object", stream(archive, *path), draft)
        elif name == "\x01ole10native":
            native(stream(archive, *path), draft)


def embedded(name: str, content: bytes, draft: Draft) -> None:
    """Bytes found inside a document: a file of a known kind is a member, of others the runs of text are kept."""
    from milter.attachments import sniff
    from milter.attachments.biff import wide_runs

    if not content:
        return
    draft.file.budget.unpack(len(content))
    if sniff.formats(content, name, "") == ("unknown",):
        draft.say("embedded data", "\n".join(wide_runs(content[: 1 << 20])), hidden=True)
    else:
        draft.member(name, content)


def native(content: bytes, draft: Draft) -> None:
    """A packaged file (MS-OLEDS 2.3.6): its names, then its bytes."""
    for header in (6, 4, 0):  # with and without the leading size and kind
        label, found, rest = content[header:].partition(b"\0")
        if not found or not label or not label[:1].isalnum():
            continue
        rest = rest.partition(b"\0")[2]
        at = rest.find(b"\0", 8)
        if at < 0 or at + 5 > len(rest):
            break
        size = struct.unpack_from("<I", rest, at + 1)[0]
        embedded(label.decode("cp1252", "replace"), rest[at + 5 : at + 5 + size], draft)
        return
    embedded("embedded object", content[4:], draft)
