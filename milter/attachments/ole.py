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
            roots = {path[0].lower() for path in archive.listdir()}
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


def read_properties(archive: Any, draft: Draft) -> None:
    """The texts of the document's property sets (MS-OLEPS)."""
    texts: dict[str, None] = {}
    for name in PROPERTIES:
        if not archive.exists(name):
            continue
        try:
            values = archive.getproperties(name, convert_time=False)
        except MemoryError:
            raise
        except Exception:  # noqa: S112 a damaged property set holds nothing that a program would show
            continue
        for value in values.values():
            for one in value if isinstance(value, list) else [value]:
                text = one.decode("cp1252", "replace") if isinstance(one, bytes) else one
                if isinstance(text, str) and "\0" not in text.rstrip("\0"):  # else a thumbnail
                    texts[text.rstrip("\0")] = None
        texts |= dict.fromkeys(custom_properties(stream(archive, name)))
    draft.say("properties", "\n".join(text for text in texts if text.strip()), hidden=True)


def custom_properties(content: bytes) -> list[str]:
    """Strings of the second, user-defined property set, which olefile leaves out (MS-OLEPS 2.25)."""
    if len(content) < 68 or struct.unpack_from("<I", content, 24)[0] < 2:
        return []
    at = struct.unpack_from("<I", content, 64)[0]
    section = content[at : at + (1 << 20)]
    found: list[str] = []
    for start in range(0, len(section) - 8, 4):
        kind, size = struct.unpack_from("<II", section, start)
        if kind == 0x1E and 0 < size <= len(section) - start - 8:  # VT_LPSTR
            found.append(section[start + 8 : start + 8 + size].rstrip(b"\0").decode("cp1252", "replace"))
        elif kind == 0x1F and 0 < size * 2 <= len(section) - start - 8:  # VT_LPWSTR
            found.append(
                section[start + 8 : start + 8 + size * 2].decode("utf-16-le", "replace").rstrip("\0")
            )
        elif kind == 0 and 0 < size < 1000:  # the dictionary of names
            found += _names(section[start:])
    return found[:1000]


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
    for path in archive.listdir():
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
