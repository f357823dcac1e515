"""winmail.dat (MS-OXTNEF): the message and the attachments that Outlook wraps into it."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from milter.attachments import mapi
from milter.attachments.draft import Draft, File, UnreadableError
from milter.attachments.links import note_links

SUBJECT, BODY, TITLE, DATA, START, MESSAGE_PROPERTIES, PROPERTIES = (
    0x8004, 0x800C, 0x8010, 0x800F, 0x9002, 0x9003, 0x9005,
)  # fmt: skip
FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
TEXT, WIDE, BINARY, OBJECT = 0x1E, 0x1F, 0x102, 0x0D


@dataclass(slots=True)
class Attached:
    """One attachment as its attributes come."""

    name: str = ""
    content: bytes = b""
    said: list[str] = field(default_factory=list)


def read_tnef(file: File, draft: Draft) -> None:
    """Read a whole stream; what stands before a damage is kept."""
    attached: list[Attached] = []
    for name, data in _attributes(file.content, draft):
        if name == START:
            attached.append(Attached())
        elif name in (SUBJECT, BODY):
            text = data.rstrip(b"\0").decode("cp1252", "replace")
            note_links(text, draft)
            draft.say("subject" if name == SUBJECT else "body", text)
        elif name == MESSAGE_PROPERTIES:
            _message(data, draft)
        elif name in (TITLE, DATA, PROPERTIES):
            if not attached:  # some writers leave out the start
                attached.append(Attached())
            _attachment(name, data, attached[-1], draft)
    for one in attached:
        draft.say("attachment details", "\n".join(one.said), hidden=True)
        if one.content:
            file.budget.unpack(len(one.content))
            draft.member(one.name or "attachment", one.content)


def _attributes(content: bytes, draft: Draft) -> Iterator[tuple[int, bytes]]:
    at = 6
    while at + 11 <= len(content):
        _, name, _, size = struct.unpack_from("<BHHI", content, at)
        data = content[at + 9 : at + 9 + size]
        if len(data) < size:
            draft.fail("unreadable", "the winmail.dat file is damaged")
        at += 9 + size + 2
        yield name, data


def _attachment(name: int, data: bytes, one: Attached, draft: Draft) -> None:
    if name == TITLE:
        one.name = one.name or data.rstrip(b"\0").decode("cp1252", "replace")
    elif name == DATA:
        one.content = data
    else:
        for tag, value in _properties(data, draft):
            if tag in (mapi.LONG_NAME, mapi.NAME) and isinstance(value, str):
                one.name = value if tag == mapi.LONG_NAME or not one.name else one.name
            elif tag == mapi.DATA and isinstance(value, bytes):
                one.content = one.content or value[16:]  # an interface's name stands before the object
            elif isinstance(value, str) and tag not in mapi.SILENT:
                one.said.append(value)


def _message(data: bytes, draft: Draft) -> None:
    others: dict[str, None] = {}
    for tag, value in _properties(data, draft):
        if isinstance(value, str):
            if tag in mapi.PLACES:
                draft.say(mapi.PLACES[tag], value, hidden=tag == mapi.HEADERS)
            elif tag == mapi.HTML:
                draft.member("body.html", value.encode(), "text/html; charset=utf-8")
            elif tag not in mapi.SILENT:
                others[value] = None
        elif tag == mapi.HTML:
            draft.member("body.html", value, "text/html")
        elif tag == mapi.RTF:
            try:
                draft.member("body.rtf", mapi.unpacked_rtf(value, draft.file.budget), "text/rtf")
            except UnreadableError as fault:
                draft.fail("unreadable", str(fault))
    draft.say("other fields", "\n".join(text for text in others if text.strip()), hidden=True)


def _properties(data: bytes, draft: Draft) -> Iterator[tuple[int, str | bytes]]:
    """The text and binary ones of a property list (MS-OXTNEF 2.1.3.4)."""
    at = 4
    try:
        for _ in range(min(struct.unpack_from("<I", data)[0], 10_000)):
            kind, tag = struct.unpack_from("<HH", data, at)
            at += 4
            if tag >= 0x8000:
                at = _skip_name(data, at)
            many, kind = kind & 0x1000, kind & 0x0FFF
            count = 1
            if many or kind in (TEXT, WIDE, BINARY, OBJECT):
                count = struct.unpack_from("<I", data, at)[0]
                at += 4
            for _ in range(min(count, 10_000)):
                if kind in FIXED:
                    at += FIXED[kind]
                    continue
                size = struct.unpack_from("<I", data, at)[0]
                value = data[at + 4 : at + 4 + size]
                at += 4 + (size + 3) // 4 * 4
                yield tag, _value(kind, value)
    except struct.error:
        draft.fail("unreadable", "the winmail.dat file is damaged")


def _value(kind: int, value: bytes) -> str | bytes:
    if kind == WIDE:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    return value.rstrip(b"\0").decode("cp1252", "replace") if kind == TEXT else value


def _skip_name(data: bytes, at: int) -> int:
    """Step over a named property's set and its number or name."""
    kind, size = struct.unpack_from("<16xII", data, at)
    return at + 24 + ((size + 3) // 4 * 4 if kind else 0)
