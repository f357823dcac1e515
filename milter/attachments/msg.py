"""Outlook messages (MS-OXMSG): every text property, every attachment, messages in messages."""

import re
from typing import Any

from milter.attachments import mapi, ole
from milter.attachments.draft import Draft, File, UnreadableError
from milter.attachments.links import note_links

STREAM = re.compile(r"__substg1\.0_([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})(?:-[0-9A-Fa-f]{8})?$")
UNICODE, NARROW, BINARY, STORAGE = 0x001F, 0x001E, 0x0102, 0x000D

Path = tuple[str, ...]


def read_msg(file: File, draft: Draft) -> None:
    """Read a message with all that is attached to it."""
    with ole.opened(file.content) as archive:
        paths = ole.paths(archive)
        _message(archive, paths, (), draft)


def _message(archive: Any, paths: list[Path], below: Path, draft: Draft) -> None:
    """One message's own storage."""
    here = [path for path in paths if path[: len(below)] == below]
    others: dict[str, None] = {}
    for path in here:
        match = STREAM.fullmatch(path[-1])
        if not match:
            continue
        tag, kind = int(match[1], 16), int(match[2], 16) & 0xEFFF
        if len(path) == len(below) + 1:
            _property(tag, kind, ole.stream(archive, *path), others, draft)
        elif path[len(below)].startswith("__recip") and kind in (UNICODE, NARROW):
            others[_text(kind, ole.stream(archive, *path))] = None
    draft.say("other fields", "\n".join(text for text in others if text.strip()), hidden=True)
    for storage in dict.fromkeys(path[len(below)] for path in here if len(path) > len(below) + 1):
        if storage.lower().startswith("__attach"):
            _attachment(archive, here, (*below, storage), draft)


def _text(kind: int, content: bytes) -> str:
    return content.decode("utf-16-le" if kind == UNICODE else "cp1252", "replace").rstrip("\0")


def _property(tag: int, kind: int, content: bytes, others: dict[str, None], draft: Draft) -> None:
    if kind in (UNICODE, NARROW):
        text = _text(kind, content)
        if tag == mapi.HTML:
            draft.member("body.html", text.encode(), "text/html; charset=utf-8")
        elif tag in mapi.PLACES:
            note_links(text, draft)
            draft.say(mapi.PLACES[tag], text, hidden=tag == mapi.HEADERS)
        elif tag not in mapi.SILENT:
            others[text] = None
    elif kind == BINARY and tag == mapi.HTML:
        draft.member("body.html", content, "text/html")
    elif kind == BINARY and tag == mapi.RTF and content:
        try:
            draft.member("body.rtf", mapi.unpacked_rtf(content, draft.file.budget), "text/rtf")
        except UnreadableError as fault:
            draft.fail("unreadable", str(fault))


def _attachment(archive: Any, paths: list[Path], below: Path, draft: Draft) -> None:
    """One attachment: a file, a message, or an object."""
    names = [
        _text(kind, ole.stream(archive, *below, f"__substg1.0_{tag:04X}{kind:04X}"))
        for tag in (mapi.LONG_NAME, mapi.NAME, mapi.TITLE)
        for kind in (UNICODE, NARROW)
    ]
    name = next((one for one in names if one), "attachment")
    content = ole.stream(archive, *below, f"__substg1.0_{mapi.DATA:04X}{BINARY:04X}")
    if content:
        draft.file.budget.unpack(len(content))
        draft.member(name, content)
    inner = (*below, f"__substg1.0_{mapi.DATA:04X}{STORAGE:04X}")
    if any(path[: len(inner)] == inner for path in paths):
        _inner_message(archive, paths, inner, name, draft)


def _inner_message(archive: Any, paths: list[Path], below: Path, name: str, draft: Draft) -> None:
    budget = draft.file.budget
    budget.member()
    child = Draft(draft.file.child(name, b"", "", len(draft.members) + 1))
    if child.file.depth > budget.limits.depth:
        child.fail("limit", f"files lie more than {budget.limits.depth} deep in one another")
    elif archive.exists([*below, "__properties_version1.0"]):
        _message(archive, paths, below, child)
    else:
        ole.read_embedded(archive, child, below=below[:-1])
    draft.members.append(child.finish("msg"))
