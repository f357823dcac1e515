"""Raw octets into a `Message`: every leaf, under every plausible reading, within caps.

Never raises, whatever comes in; time and memory are bounded by the caps and linear in the size.
"""

import re

from milter.message.address import header_addresses
from milter.message.header import joined, parameters, read_block
from milter.message.model import Field, Message, Part, Seal
from milter.message.shape import note, shapes
from milter.message.text import header_text
from milter.message.walk import Place, Source, Walk
from milter.settings import Caps

_BARE_CR = re.compile(rb"\r(?!\n)")
_ALSO_SAID = ("comments", "keywords", "thread-topic")
_MARK = b"\xef\xbb\xbf"


def parse(raw: bytes, caps: Caps = Caps()) -> Message:  # noqa: B008 - frozen
    """Parse a message as it stands in SMTP DATA or in a file, with CRLF or LF line ends.

    What can't be told apart by one reading is in `parts` under several, and named in `ambiguities`; what was
    not looked into is named in `limits`. Never raises.
    """
    start = len(_MARK) if raw.startswith(_MARK) else 0
    walk = Walk(caps, len(raw))
    parts = walk.entity(Source(raw), start, len(raw), Place())
    if _BARE_CR.search(raw):
        other = Source(_with_lf_for_cr(raw))
        view = "bare CR taken for a line end"
        walk.alternative(parts, Place(), view, lambda seen: walk.entity(other, start, len(raw), seen))
    block = walk.root or read_block(raw, start, len(raw), caps)
    fields = block.fields
    return Message(
        raw=raw,
        fields=fields,
        parts=(*parts, *_said(fields, (block.start, block.body))),
        header_end=block.body,
        subject=joined(fields, "subject"),
        message_id=header_text(next((f.value for f in fields if f.name == "message-id"), b"")),
        header_from=_addresses(fields, walk, "from"),
        header_to=_addresses(fields, walk, "to", "resent-to"),
        header_cc=_addresses(fields, walk, "cc", "resent-cc"),
        reply_to=_addresses(fields, walk, "reply-to"),
        automatic=_automatic(fields) or shapes(block, "text/plain")[0].declared == "multipart/report",
        seals=frozenset(walk.seals | _dkim_seal(fields)),
        dkim_domains=_dkim_domains(fields),
        ambiguities=tuple(walk.ambiguities),
        limits=tuple(walk.limits),
        nodes=tuple(walk.nodes),
    )


def _with_lf_for_cr(raw: bytes) -> bytes:
    """Return the same octets with each bare CR become LF, so that offsets stay; in pieces, to keep memory low."""
    pieces, at = [], 0
    while at < len(raw):
        stop = at + 1_000_000
        stop += raw[stop - 1 : stop + 1] == b"\r\n"
        piece = raw[at:stop]
        if _BARE_CR.search(piece):
            piece = b"\r\n".join([line.replace(b"\r", b"\n") for line in piece.split(b"\r\n")])
        pieces.append(piece)
        at = stop
    return b"".join(pieces)


def _said(fields: tuple[Field, ...], head: tuple[int, int]) -> tuple[Part, ...]:
    """Return what the message's fields say besides the subject (Y5): comments, keywords."""
    text = note(fields, _ALSO_SAID)
    if not text:
        return ()
    content = text.encode("utf-8", "replace")
    return (Part("HEADER", "headers", "text/plain", "utf-8", "", content, head=head),)


def _addresses(fields: tuple[Field, ...], walk: Walk, *names: str) -> tuple[str, ...]:
    """Every address of the named fields, up to the cap."""
    found: list[str] = []
    for f in fields:
        if f.name in names:
            found += header_addresses(f.value, walk.caps.addresses + 1)
    if len(found) > walk.caps.addresses:
        walk.limits[f"a header has more than {walk.caps.addresses} addresses"] = None
    return tuple(found[: walk.caps.addresses])


def _automatic(fields: tuple[Field, ...]) -> bool:
    """RFC 3834 section 5: any value other than 'no'."""
    words = [parameters(f.value)[0].strip().lower() for f in fields if f.name == "auto-submitted"]
    return any(word not in (b"", b"no") for word in words)


def _dkim_seal(fields: tuple[Field, ...]) -> set[Seal]:
    return {"dkim"} if any(f.name == "dkim-signature" for f in fields) else set()


def _dkim_domains(fields: tuple[Field, ...]) -> tuple[str, ...]:
    """d= of each DKIM-Signature (RFC 6376 3.5)."""
    found: dict[str, None] = {}
    for f in fields:
        if f.name == "dkim-signature":
            for tag in f.value.split(b";"):
                name, _, value = tag.partition(b"=")
                if name.strip() == b"d":
                    found[b"".join(value.split()).decode("utf-8", "replace").lower()] = None
    return tuple(found)
