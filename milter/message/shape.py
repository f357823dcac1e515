"""What an entity's header makes of its body: type, boundary, name, encoding, in each plausible reading.

Mail programs disagree about fields given twice, about values with comments, quotes, NUL or encoded words in
them, and about boundary parameters (pitfall 36; 'Inbox Invasion', CCS 2024). Each reading that would change
what the body holds is given; those that come to the same are not. Linear in the header's length.
"""

import re
from dataclasses import dataclass, replace

from milter.message.header import Block, Parameter, parameters, strip_comments, texts
from milter.message.model import Field
from milter.message.text import decode_words, header_text
from milter.message.transfer import Label, label

_TYPE = re.compile(rb"\s*([a-z0-9!#$&^_.+-]+)\s*/\s*([a-z0-9!#$&^_.+-]+)\s*(.?)", re.DOTALL)
_BOUNDARY = re.compile(rb"boundary[*0-9]{0,8}\s*=\s*", re.IGNORECASE)
_BOUNDARIES = 8  # candidates looked for in the body


@dataclass(frozen=True, slots=True)
class Shape:
    """One reading of an entity's header."""

    declared: str = "text/plain"
    params: tuple[Parameter, ...] = ()
    boundaries: tuple[bytes, ...] = ()  # candidates, likeliest first
    charset: str = ""
    explicit: bool = False  # a Content-Type field says so, and says it well
    view: str = ""  # which reading it is, in words; '' for most readers' own

    @property
    def kind(self) -> str:
        """What the body is: 'multipart', 'message' (one with a header of its own) or 'leaf'."""
        if self.declared.startswith("multipart/"):
            return "multipart"
        if self.declared in ("message/rfc822", "message/global", "message/news", "message/rfc2822"):
            return "message"
        return "leaf"

    @property
    def essence(self) -> tuple[object, ...]:
        """What makes a difference to the content."""
        return self.kind, self.boundaries if self.kind == "multipart" else (), self.charset


def shapes(block: Block, default: str) -> tuple[Shape, ...]:
    """Every reading of the Content-Type fields that changes what the body holds, most readers' first."""
    fields = [f for f in block.fields if f.name == "content-type"]
    found: list[Shape] = []
    for f in fields:
        spaced = f.start in block.spaced
        if found:
            view = "another Content-Type field taken"
            found += [replace(shape, view=shape.view or view) for shape in _readings(f.value, default)]
        else:
            found += _readings(f.value, default)
        if spaced and len(fields) == 1:
            found.append(
                Shape(default, view="a Content-Type field with a space before its colon passed over")
            )
    if not found:
        return (Shape(default),)
    first = found[0]
    distinct = {first.essence: first}
    for shape in found[1:]:
        distinct.setdefault(shape.essence, shape)
    return tuple(distinct.values())


def _readings(value: bytes, default: str) -> list[Shape]:
    """Every reading of one Content-Type value."""
    first = _reading(value, default)
    found = [first]
    if b"\0" in value:
        view = "NUL in a Content-Type field taken otherwise"
        others = (value.partition(b"\0")[0], value.replace(b"\0", b""))
        found += [replace(_reading(other, default), view=view) for other in others]
    if b"=?" in value:
        plain = decode_words(value.decode("latin-1")).encode("utf-8")
        found.append(replace(_reading(plain, default), view="encoded words in a Content-Type field decoded"))
    if not first.explicit:
        found.append(Shape(default, view="a malformed Content-Type field passed over"))
        low = value.lower()
        for guess in (b"multipart/mixed", b"message/rfc822"):
            if guess.partition(b"/")[0] in low:
                view = "a malformed Content-Type field taken for what it resembles"
                found.append(replace(first, declared=guess.decode(), view=view))
    return found


def _reading(value: bytes, default: str) -> Shape:
    main, params = parameters(value)
    named = _TYPE.match(main.lower())
    declared, explicit = default, False
    if named:
        declared, explicit = f"{named[1].decode()}/{named[2].decode()}", not named[3]
    elif main.strip().lower() in (b"text", b"html", b"plain", b""):
        declared, explicit = "text/html" if main.strip().lower() == b"html" else "text/plain", True
    elif unquoted := _TYPE.match(main.lower().strip(b"\"' \t<>")):
        declared = f"{unquoted[1].decode()}/{unquoted[2].decode()}"
    charsets = texts(params, "charset")
    return Shape(
        declared=declared,
        params=params,
        boundaries=_boundaries(value, params),
        charset=charsets[0].lower()[:60] if charsets else "",
        explicit=explicit,
    )


def _boundaries(value: bytes, params: tuple[Parameter, ...]) -> tuple[bytes, ...]:
    """Every string that some reader takes for the boundary: strict reading first, then raw ones."""
    if not _BOUNDARY.search(value):
        return ()
    found = [p.value for p in params if p.name == "boundary"]
    found += [text.encode("latin-1", "replace") for text in texts(params, "boundary")]
    flat = value.replace(b"\r\n", b"").replace(b"\n", b"")
    for match in list(_BOUNDARY.finditer(flat))[: _BOUNDARIES // 2]:
        found += _raw_values(flat[match.end() : match.end() + 1_000])
    found += [part for b in found if b"\0" in b for part in (b.partition(b"\0")[0], b.replace(b"\0", b""))]
    cleaned = [b.rstrip(b" \t\r\n") for b in found]
    return tuple(dict.fromkeys([*cleaned, *found]))


def _raw_values(text: bytes) -> list[bytes]:
    """Return a parameter's value as careless programs cut it out."""
    found = []
    if text[:1] in (b'"', b"'"):
        found.append(text[1:].partition(text[:1])[0])
    found.append(re.split(rb"[;\s]", text, maxsplit=1)[0])
    found.append(text.partition(b";")[0].strip())
    found.append(strip_comments(text).partition(b";")[0].strip(b' \t"'))
    return found


def labels(block: Block) -> tuple[Label, ...]:
    """Every transfer encoding that the fields name, most readers' first; one that is odd says so."""
    values = [f for f in block.fields if f.name == "content-transfer-encoding"]
    found = [label(f.value) for f in values]
    if len(values) == 1 and values[0].start in block.spaced:
        found.append(Label("identity", odd=True))
    return tuple(dict.fromkeys(found)) or (Label("identity"),)


@dataclass(frozen=True, slots=True)
class Disposition:
    """What the fields say about showing a leaf."""

    attachment: bool
    inline: bool
    names: tuple[str, ...]  # every name that some reader shows, likeliest first


def disposition(block: Block, shape: Shape) -> Disposition:
    """Names and manner of showing (RFC 2183), from Content-Disposition first, then Content-Type."""
    words, names = list[bytes](), list[str]()
    for f in block.fields:
        if f.name == "content-disposition":
            main, params = parameters(f.value)
            words.append(main.lower())
            names += texts(params, "filename") or texts(params, "name")
    for f in block.fields:
        if f.name == "content-type":
            params = shape.params or parameters(f.value)[1]
            names += texts(params, "name") or texts(params, "filename")
    attachment = any(word.startswith(b"attach") for word in words)
    inline = bool(words) and words[0].startswith(b"inline")
    return Disposition(attachment, inline, tuple(dict.fromkeys(names)))


def note(fields: tuple[Field, ...], names: tuple[str, ...]) -> str:
    """Return the text of the named fields, one a line; '' where none is there."""
    lines = [
        f"{f.name.title()}: {text}" for f in fields if f.name in names and (text := header_text(f.value))
    ]
    return "\n".join(lines)
