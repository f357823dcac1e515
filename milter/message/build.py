"""Changes to a message, made by splicing its raw octets: what is not changed stays byte for byte (law 2).

Guarantees: nothing is re-serialised; new fields and parts have CRLF line ends and no line over 998 octets.
Refuses (EditError) to touch what bears an S/MIME or PGP seal, and to change parts of a message that was not
understood in one way: what another reading shows would leave untouched.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

from milter.errors import SealgateError
from milter.message.header import read_block
from milter.message.letter import (
    Attachment,
    Letter,
    attachment_entity,
    base64_body,
    content_fields,
    field,
    fresh_boundary,
    html_entity,
    text_entity,
    write_letter,
)
from milter.message.model import Message, Node
from milter.message.parse import parse
from milter.message.text import header_text
from milter.settings import Caps

__all__ = [
    "Attachment",
    "EditError",
    "Letter",
    "NewPart",
    "Note",
    "append_part",
    "replace_body",
    "replace_part",
    "replace_subject",
    "rewrite",
    "with_field",
    "without_fields",
    "write_letter",
]

NewPart = Attachment
_SPACES_ONLY = re.compile(rb"(?<=\n)[ \t]+\r?\n")
_SEALS = frozenset({"smime-signed", "smime-encrypted", "pgp-signed", "pgp-encrypted"})
_STALE = frozenset({"content-length", "content-md5", "lines"})  # wrong once a body has changed
_DESCRIBING = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "content-description"}
)


class EditError(SealgateError):
    """The message can't be changed without breaking or missing something; it is held instead."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is put in the place of a message's own text."""

    text: str
    html: str = ""
    above: bool = False  # it repeats the first text below itself, so that further ones stay as they are


class Splice(NamedTuple):
    """Octets to stand where others stood, by offsets in the message as it came."""

    start: int
    end: int
    octets: bytes


def with_field(message: Message, name: str, value: str) -> bytes:
    """Return the message with this field and no other of its name, on top where it had none."""
    return rewrite(message, fields=((name, value),))


def without_fields(message: Message, *names: str) -> bytes:
    """Return the message without any field of these names."""
    return rewrite(message, drop=names)


def replace_subject(message: Message, subject: str) -> bytes:
    """Return the message with this subject and no other. Raises EditError for a sealed message."""
    return rewrite(message, subject=subject)


def replace_part(message: Message, path: str, part: NewPart) -> bytes:
    """Return the message with a part, or a whole nested message, replaced by a file. Raises EditError."""
    return rewrite(message, parts={path: part})


def append_part(message: Message, part: NewPart) -> bytes:
    """Return the message with one more attachment, made multipart/mixed for it. Raises EditError."""
    return rewrite(message, append=(part,))


def replace_body(message: Message, note: Note) -> bytes:
    """Return the message with a note wherever its own text was shown. Raises EditError."""
    return rewrite(message, body=note)


def rewrite(
    message: Message,
    *,
    subject: str | None = None,
    fields: tuple[tuple[str, str], ...] = (),
    drop: tuple[str, ...] = (),
    parts: Mapping[str, NewPart | None] | None = None,
    append: tuple[NewPart, ...] = (),
    body: Note | None = None,
) -> bytes:
    """All changes at once, in one pass. `None` for a part takes it out of its multipart.

    Raises EditError where the message is sealed (but for `fields` and `drop`), where it was not understood in
    one way, and where a path is none of the message's own (parts of nested messages can't be changed alone).
    """
    structural = bool(parts or append or body)
    _refuse(message, subject is not None or structural, structural)
    splices = [*_field_splices(message, fields, drop)]
    if subject is not None:
        splices += _subject_splices(message, subject)
    if structural:
        new = {path: _Entity.of(part) for path, part in (parts or {}).items()}
        missing: _Entity | None = None
        if body is not None:
            shown, missing = _body_entities(message, body)
            new |= shown
        splices += _part_splices(message, new, tuple(attachment_entity(p) for p in append), missing)
        splices += _smoothed(message, splices)
    edited = _applied(message.raw, splices)
    if structural and parse(edited).ambiguities:
        # Readings that held the same so far, such as a part that stands twice, differ once one is changed.
        raise EditError(
            "The changed message could be read in more than one way, so it can't be changed safely."
        )
    return edited


def _smoothed(message: Message, splices: list[Splice]) -> list[Splice]:
    """Take lines of mere spaces out of the header: they would make the new content ambiguous."""
    lines = [
        Splice(m.start(), m.end(), b"") for m in _SPACES_ONLY.finditer(message.raw, 0, message.header_end)
    ]
    return [line for line in lines if not any(s.start < line.end and line.start < s.end for s in splices)]


def _refuse(message: Message, edits: bool, structural: bool) -> None:
    if edits and message.seals & _SEALS:
        raise EditError("The message is signed or encrypted; changing it would break that.")
    if structural and (message.ambiguities or message.limits):
        raise EditError(
            "The message can be read in more than one way, or not in full, so it can't be changed safely."
        )
    if structural and not message.nodes:
        # RFC 2045 section 6.4 forbids it; its parts have no place in the octets.
        raise EditError("The message's parts are encoded all together, so it can't be changed safely.")


def _applied(raw: bytes, splices: list[Splice]) -> bytes:
    out, at = [], 0
    for splice in sorted(splices, key=lambda s: (s.start, s.end)):  # stable: insertions keep their order
        if splice.start < at:
            raise EditError("Two changes meet in one place of the message.")
        out += [raw[at : splice.start], splice.octets]
        at = splice.end
    return b"".join([*out, raw[at:]])


def _field_splices(
    message: Message, fields: tuple[tuple[str, str], ...], drop: tuple[str, ...]
) -> list[Splice]:
    gone = {name.lower() for name in drop}
    splices = [Splice(f.start, f.end, b"") for f in message.fields if f.name in gone]
    for name, value in fields:
        splices += _one_field(message, name, field(name, value))
    return splices


def _one_field(message: Message, name: str, octets: bytes) -> list[Splice]:
    """Return the first field of the name replaced, others gone; on top where there is none."""
    there = [f for f in message.fields if f.name == name.lower()]
    if not there:
        top = message.nodes[0].head[0] if message.nodes else message.fields[0].start
        gap = b"" if message.fields or message.header_end > top else b"\r\n"
        return [Splice(top, top, octets + gap)]
    first, *others = there
    return [Splice(first.start, first.end, octets), *(Splice(f.start, f.end, b"") for f in others)]


def _subject_splices(message: Message, subject: str) -> list[Splice]:
    """Return the old octets stay inside the new field where the new subject only adds around them."""
    olds = [f for f in message.fields if f.name == "subject"]
    octets = field("Subject", subject)
    if olds:
        old = header_text(olds[0].value)
        kept = olds[0].value.strip()
        around = subject.partition(old) if old and b"=?" in kept else ("", "", "")
        if around[1] and all(len(line) < 900 for line in kept.split(b"\n")):
            before, after = (field("", edge.strip())[2:].strip() for edge in (around[0], around[2]))
            joined = b"Subject: " + b"\r\n ".join(piece for piece in (before, kept, after) if piece) + b"\r\n"
            if header_text(joined.partition(b":")[2]) == " ".join(subject.split()):
                octets = joined
    return _one_field(message, "Subject", octets)


@dataclass(frozen=True, slots=True)
class _Entity:
    """New content fields and a new body for a node."""

    fields: bytes
    body: bytes

    @classmethod
    def of(cls, part: NewPart | None) -> "_Entity | None":
        return cls(content_fields(part), base64_body(part.content)) if part else None

    @classmethod
    def cut(cls, entity: bytes) -> "_Entity":
        head, _, body = entity.partition(b"\r\n\r\n")
        return cls(head + b"\r\n", body)


def _body_entities(message: Message, note: Note) -> tuple[dict[str, _Entity | None], _Entity | None]:
    """Return the note for each part that shows text; where none does, the note to put in front."""
    shown = [p for p in message.parts if p.role == "body" and not p.enclosing]
    whole = {p.path: p for p in shown if not p.view}
    kinds = [p.declared for p in whole.values()]
    both = _Entity.cut(text_entity(note.text, note.html))
    plain, html = _Entity.cut(text_entity(note.text)), _Entity.cut(html_entity(note.html or "<p></p>"))
    bodies = {p.body for p in whole.values()}
    new: dict[str, _Entity | None] = {p.path: None for p in shown if p.view and p.body not in bodies}
    for path, part in whole.items():
        first = kinds.index(part.declared) == list(whole).index(path)
        if part.declared == "text/plain" and first:
            new[path] = plain if "text/html" in kinds else both
        elif part.declared == "text/html" and first:
            new[path] = (html if note.html else plain) if "text/plain" in kinds else both
        elif not note.above:
            new[path] = _Entity.cut(text_entity(""))
    if kinds and not {"text/plain", "text/html"} & set(kinds):
        new[next(iter(whole))] = both
    return new, None if kinds else both


def _part_splices(
    message: Message, new: dict[str, _Entity | None], append: tuple[bytes, ...], front: _Entity | None
) -> list[Splice]:
    root = message.nodes[0]
    leaf = not root.delimiters
    own = new.pop("1", None) if leaf else None
    splices = [Splice(f.start, f.end, b"") for f in message.fields if f.name in _STALE]
    for path, entity in new.items():
        splices += _node_splices(message, path, entity)
    if front or append:
        lead = (front.fields + b"\r\n" + front.body,) if front else ()
        if root.declared == "multipart/mixed" and not leaf:
            return splices + _added(message.raw, root, lead, append)
        return splices + _wrapped(message, own, lead, append)
    if own:
        splices += _described(message, own.fields, _DESCRIBING)
        splices.append(Splice(*root.body, _gap(message.raw, root.body[0]) + own.body))
    return splices


def _node_splices(message: Message, path: str, entity: _Entity | None) -> list[Splice]:
    aside = next((p for p in message.parts if p.path == path and p.view and p.role == "body"), None)
    if aside:
        return [Splice(*aside.body, b"")]
    node = next((n for n in message.nodes if n.path == path and path), None)
    if node is None:
        message_text = f"There is no part {path} that can be changed."
        raise EditError(message_text)
    if entity is None:
        return [_removal(message, node)]
    kept = [
        message.raw[f.start : f.end]
        for f in read_block(message.raw, node.head[0], node.body[1], Caps()).fields
        if f.name not in _DESCRIBING | _STALE
    ]
    head = b"".join(line if line.endswith(b"\n") else line + b"\r\n" for line in kept)
    body = entity.body.removesuffix(b"\r\n") if _followed(message, node) else entity.body
    return [Splice(node.head[0], node.body[1], head + entity.fields + b"\r\n" + body)]


def _followed(message: Message, node: Node) -> bool:
    """Whether a line end and a delimiter stand behind a node."""
    return message.raw[node.body[1] : node.body[1] + 2] in (b"\r\n", b"\n-")


def _removal(message: Message, node: Node) -> Splice:
    """Return a child with the delimiter in front of it taken out of its multipart."""
    parent = next(n for n in message.nodes if n.path == node.path.rpartition(".")[0])
    before = max(d for d in parent.delimiters if d <= node.head[0])
    after = min((d for d in parent.delimiters if d > node.head[0]), default=0)
    if not after:
        return Splice(before, parent.body[1], b"--" + parent.boundary + b"--\r\n")
    return Splice(before, after, b"")


def _added(raw: bytes, root: Node, lead: tuple[bytes, ...], append: tuple[bytes, ...]) -> list[Splice]:
    """Entities in front of the first and behind the last part of a multipart/mixed."""
    mark = b"--" + root.boundary + b"\r\n"
    first = b"".join(mark + _ended(entity) for entity in lead)
    last = b"".join(mark + _ended(entity) for entity in append)
    splices = [Splice(root.delimiters[0], root.delimiters[0], first)] if first else []
    if last and root.closed:
        return [*splices, Splice(root.delimiters[-1], root.delimiters[-1], last)]
    if last:
        end = root.body[1]
        gap = b"" if raw[:end].endswith(b"\n") else b"\r\n"
        splices.append(Splice(end, end, gap + last + mark[:-2] + b"--\r\n"))
    return splices


def _wrapped(
    message: Message, own: _Entity | None, lead: tuple[bytes, ...], append: tuple[bytes, ...]
) -> list[Splice]:
    """Return the message's content as the first part of a new multipart/mixed, its octets as they were."""
    raw, root = message.raw, message.nodes[0]
    moved = [
        raw[f.start : f.end] for f in message.fields if f.name.startswith("content-") and f.name not in _STALE
    ]
    head = own.fields if own else b"".join(line if line.endswith(b"\n") else line + b"\r\n" for line in moved)
    boundary = fresh_boundary((raw, *lead, *append))
    mark = b"--" + boundary + b"\r\n"
    start, end = root.body
    opening = _gap(raw, start) + b"".join(mark + _ended(entity) for entity in lead) + mark + head + b"\r\n"
    closing = b"\r\n" + b"".join(mark + _ended(entity) for entity in append) + mark[:-2] + b"--\r\n"
    content = f'Content-Type: multipart/mixed;\r\n\tboundary="{boundary.decode()}"\r\n'.encode()
    describing = {f.name for f in message.fields if f.name.startswith("content-")} - _STALE
    splices = _described(message, content, describing)
    if own:
        return [*splices, Splice(start, end, opening + own.body.removesuffix(b"\r\n") + closing)]
    return [*splices, Splice(start, start, opening), Splice(end, end, closing)]


def _described(message: Message, content: bytes, names: Set[str]) -> list[Splice]:
    """Return the message's own content fields replaced by others, behind its last field."""
    splices = [Splice(f.start, f.end, b"") for f in message.fields if f.name in names]
    at = message.fields[-1].end if message.fields else message.nodes[0].head[0]
    gap = b"" if at == 0 or message.raw[at - 1 : at] == b"\n" else b"\r\n"
    version = b"" if any(f.name == "mime-version" for f in message.fields) else b"MIME-Version: 1.0\r\n"
    return [*splices, Splice(at, at, gap + version + content)]


def _gap(raw: bytes, at: int) -> bytes:
    """Return the blank line that must stand in front of a body, where it is missing."""
    before = raw[max(0, at - 3) : at]
    return b"" if before.endswith((b"\n\n", b"\n\r\n")) or before in (b"\n", b"\r\n") else b"\r\n"


def _ended(entity: bytes) -> bytes:
    return entity.rstrip(b"\r\n") + b"\r\n"
