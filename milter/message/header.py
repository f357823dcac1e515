"""Header blocks by offsets: where fields stand, where the block ends, and what structured values say.

Guarantees linear time and an answer for any octets. Says where readers would plausibly disagree about the
block's end instead of choosing silently (pitfall 36). Decodes nothing but parameters (RFC 2045, RFC 2231).
"""

import re
from dataclasses import dataclass

from milter.message.model import Field
from milter.message.text import decode_text, decode_words, header_text, percent_decode
from milter.settings import Caps

_FIELD = re.compile(rb"([!-9;-~]{1,500})([ \t]*):([^\n]*(?:\n[ \t][^\n]*)*\n?)")
_END = re.compile(rb"\n\r?\n")
_SPACES_ONLY = re.compile(rb"\n[ \t]+\r?\n")
_MBOX = re.compile(rb">?From [^\n]*\n")
_STRUCTURAL = frozenset({"content-type", "content-transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Block:
    """One header block as most readers take it, and the other end that some readers see."""

    start: int
    fields: tuple[Field, ...]
    body: int  # offset of the first octet behind the block
    other_fields: tuple[Field, ...] = ()
    other_body: int = -1  # where the body starts for readers that end the block earlier; -1: all agree
    spaced: frozenset[int] = frozenset()  # starts of fields with white space before their colon
    limits: tuple[str, ...] = ()

    def values(self, name: str) -> list[bytes]:
        """Every value of a field, in order; those with white space before their colon too."""
        return [f.value for f in self.fields if f.name == name]


def read_block(data: bytes, start: int, end: int, caps: Caps) -> Block:
    """Return the header block at `start`. Lines end with CRLF or LF alike; an mbox 'From ' line is skipped.

    A block whose first line is no field is empty: the body starts at once. A later line that is no field
    ends the block, unless fields that decide the structure follow it: then both readings are given.
    """
    at = start
    if mbox := _MBOX.match(data, at, end):
        at = mbox.end()
    if data[at : at + 2] == b"\r\n" and at + 2 <= end:
        return Block(start, (), at + 2)
    if data[at : at + 1] == b"\n" and at < end:
        return Block(start, (), at + 1)
    if not _FIELD.match(data, at, end) and not _starts_folded(data, at, end):
        return Block(start, (), at)
    stop = _END.search(data, at, end)
    edge, body = (stop.start() + 1, stop.end()) if stop else (end, end)
    return _fields(data, at, edge, body, caps)


def _starts_folded(data: bytes, at: int, end: int) -> bool:
    """Whether the first line is a stray continuation with a field behind it."""
    if data[at : at + 1] not in (b" ", b"\t"):
        return False
    line = data.find(b"\n", at, end) + 1
    return bool(line and _FIELD.match(data, line, end))


def _fields(data: bytes, at: int, edge: int, body: int, caps: Caps) -> Block:
    start, fields, spaced, limits = at, list[Field](), set[int](), list[str]()
    broken = -1  # offset of the first line that is no field
    if edge - at > caps.header_bytes:
        limits.append(f"a header is longer than {caps.header_bytes} octets")
        edge = at + caps.header_bytes
    before = 0  # number of fields in front of the broken line
    while at < edge:
        if len(fields) >= caps.header_fields:
            limits.append(f"a header has more than {caps.header_fields} fields")
            break
        found = _FIELD.match(data, at, edge)
        if found:
            name = found[1].decode("ascii").lower()
            fields.append(Field(name, at, found.end(), found[3]))
            if found[2]:
                spaced.add(at)
            at = found.end()
            continue
        if broken < 0:
            broken, before = at, len(fields)
        line = data.find(b"\n", at, edge)
        at = line + 1 if line >= 0 else edge
    return _ends(
        data, _Ends(start, edge, body, broken, before), tuple(fields), frozenset(spaced), tuple(limits)
    )


@dataclass(frozen=True, slots=True)
class _Ends:
    start: int
    edge: int
    body: int
    broken: int
    before: int


def _ends(
    data: bytes, ends: _Ends, fields: tuple[Field, ...], spaced: frozenset[int], limits: tuple[str, ...]
) -> Block:
    """Choose the block's end, and name the other where the structure hangs on it."""
    if ends.broken >= 0:
        first, later = fields[: ends.before], fields[ends.before :]
        if not any(f.name in _STRUCTURAL for f in later):
            if not any(f.name == "content-transfer-encoding" for f in first):
                return Block(ends.start, first, ends.broken, spaced=spaced, limits=limits)
            # The letters of a stray line shift base64 for who takes it into the body, and not for who skips it.
            return Block(ends.start, first, ends.broken, fields, ends.body, spaced, limits)
        return Block(ends.start, fields, ends.body, first, ends.broken, spaced, limits)
    blank = _SPACES_ONLY.search(data, ends.start, ends.edge)
    if blank:
        first = tuple(f for f in fields if f.start < blank.end())
        later = tuple(f for f in fields if f.start >= blank.end())
        folded = any(f.name in _STRUCTURAL and f.start < blank.start() < f.end for f in first)
        if folded or any(f.name in _STRUCTURAL for f in later):
            return Block(
                ends.start, fields, ends.body, _cut(first, blank.start() + 1), blank.end(), spaced, limits
            )
    return Block(ends.start, fields, ends.body, spaced=spaced, limits=limits)


def _cut(fields: tuple[Field, ...], at: int) -> tuple[Field, ...]:
    """Return the fields as they are when the last one ends at `at`."""
    last = fields[-1]
    if last.end <= at:
        return fields
    kept = last.value[: len(last.value) - (last.end - at)]
    return (*fields[:-1], Field(last.name, last.start, at, kept))


_PARAMETER = re.compile(
    rb";\s*([^\s=;\"()]{1,100})\s*=\s*"
    rb"(?:\"([^\"\\]*(?:\\.[^\"\\]*)*)\"?|([^;\"][^;]*)|)",
    re.DOTALL,
)
_PARAMETERS = 2_000  # of one field


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name in lower case and its value, unquoted."""

    name: str
    value: bytes
    quoted: bool = False


def parameters(value: bytes) -> tuple[bytes, tuple[Parameter, ...]]:
    """Return a structured value's main word, and its parameters as they stand, at most 2,000 (RFC 2045 5.1).

    Tolerant: unquoted values run to the semicolon, an unclosed quote to the end, comments go.
    """
    value = strip_comments(value.replace(b"\r\n", b"").replace(b"\n", b""))
    main, semicolon, _ = value.partition(b";")
    if not semicolon:
        return main.strip(), ()
    found: list[Parameter] = []
    for match in _PARAMETER.finditer(value, len(main)):
        name = match[1].decode("latin-1").lower()
        if match[2] is not None:
            found.append(Parameter(name, re.sub(rb"\\(.)", rb"\1", match[2], flags=re.DOTALL), True))
        else:
            found.append(Parameter(name, (match[3] or b"").strip()))
        if len(found) >= _PARAMETERS:
            break
    return main.strip(), tuple(found)


def strip_comments(value: bytes) -> bytes:
    """Without RFC 5322 comments outside quotes; an unclosed comment is no comment."""
    if b"(" not in value:
        return value
    out, depth, quoted, kept, at = bytearray(), 0, False, 0, 0
    for match in re.finditer(rb"\\.|[\"()]", value, re.DOTALL):
        mark = match[0]
        if mark == b'"' and not depth:
            quoted = not quoted
        elif mark == b"(" and not quoted:
            if not depth:
                out += value[at : match.start()]
                kept = match.start()
            depth += 1
        elif mark == b")" and depth and not quoted:
            depth -= 1
            at = match.end()
    return bytes(out + value[kept if depth else at :])


def texts(params: tuple[Parameter, ...], name: str) -> tuple[str, ...]:
    """Every text that readers may take for a parameter, likeliest first, none twice.

    RFC 2231's extended and continued form, then plain ones from first to last; encoded words are decoded
    though RFC 2047 section 5 forbids them here, since mail programs write and read them.
    """
    extended = _extended(params, name)
    plain = [decode_words(decode_text(p.value)).strip() for p in params if p.name == name]
    return tuple(dict.fromkeys(text for text in [extended, *plain] if text))


def _extended(params: tuple[Parameter, ...], name: str) -> str:
    """RFC 2231 3 and 4: name*=, name*0=, name*1*= ... put together."""
    pieces: dict[int, tuple[bool, bytes]] = {}
    for p in params:
        if not p.name.startswith(name + "*"):
            continue
        piece, star, rest = p.name[len(name) + 1 :].partition("*")
        if not piece and not star:
            pieces = {0: (True, p.value)}
            break
        if piece.isdecimal() and piece.isascii() and len(piece) < 6 and not rest:
            pieces.setdefault(int(piece), (bool(star), p.value))
    if not pieces:
        return ""
    charset, out = "", []
    for number, (encoded, value) in sorted(pieces.items()):
        if encoded and number == 0 and value.count(b"'") >= 2:
            label, _, value = value.split(b"'", 2)  # noqa: PLW2901 - the language goes, the rest is the value
            charset = label.decode("latin-1")
        out.append(percent_decode(value) if encoded else value)
    return decode_words(decode_text(b"".join(out), charset)).strip()


def joined(fields: tuple[Field, ...], name: str) -> str:
    """Every value of a field as text, joined by line ends."""
    return "\n".join(header_text(f.value) for f in fields if f.name == name)
