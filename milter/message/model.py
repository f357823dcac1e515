"""A message as values: the bytes that came, every leaf that any reader could see in them, and what was odd.

Nothing here is edited; a change to a message is made of the raw bytes and offsets by `build`.
"""

from dataclasses import dataclass, field
from typing import Literal

Seal = Literal["smime-signed", "smime-encrypted", "pgp-signed", "pgp-encrypted", "dkim"]


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: where it stands, so that bytes can be spliced, and its name in lower case."""

    name: str
    start: int  # offset of its first octet in the raw message
    end: int  # offset behind its line end, folded lines included
    value: bytes  # behind the colon, as it stands, line ends of folding included


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the MIME tree, decoded from its transfer encoding."""

    path: str  # section numbers of RFC 3501 6.4.5, '2.1'; views other than the first add '~name'
    role: Literal["body", "attachment", "headers"]  # 'headers': what a nested message's headers say
    declared: str  # what Content-Type says, lower case: 'text/plain'
    charset: str  # what Content-Type says; '' where it does not
    name: str  # the file name in whatever encoding it came; '' where none
    content: bytes
    head: tuple[int, int] = (0, 0)  # offsets of the part's header block in the raw message
    body: tuple[int, int] = (
        0,
        0,
    )  # offsets of its still encoded body; (0, 0) inside a decoded nested message
    view: str = ""  # '' is the view most readers take; else the reading that alone shows this content
    inline: bool = False  # Content-Disposition: inline
    method: str = ""  # METHOD of a text/calendar part
    enclosing: str = ""  # path of the outermost nested message that holds it; '' in the message itself


@dataclass(frozen=True, slots=True)
class Node:
    """One entity of the first view, multiparts and nested messages too, where it stands: what edits go by."""

    path: str  # '' is the whole message
    declared: str  # 'multipart/mixed'; what a reader takes it for
    head: tuple[int, int]  # offsets of its header block, blank line included
    body: tuple[int, int]
    boundary: bytes = b""  # of a multipart
    encoding: str = "identity"  # transfer encoding of a leaf
    delimiters: tuple[int, ...] = ()  # offsets of a multipart's delimiter lines, the closing one last
    closed: bool = True  # a multipart's closing delimiter is there


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message. `parts` is the union of all plausible views of its structure (pitfall 36)."""

    raw: bytes
    fields: tuple[Field, ...]
    parts: tuple[Part, ...]
    header_end: int  # offset of the first octet of the body
    subject: str = ""  # decoded, unfolded; every Subject where there are several, joined by a line end
    message_id: str = ""
    header_from: tuple[str, ...] = ()  # addresses
    header_to: tuple[str, ...] = ()  # addresses of To and Resent-To
    header_cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    automatic: bool = False  # Auto-Submitted other than 'no', or a report: not written by a person (RFC 3834)
    seals: frozenset[Seal] = field(default_factory=frozenset)  # never edit what bears one of the first four
    dkim_domains: tuple[str, ...] = ()  # d= of each DKIM-Signature
    ambiguities: tuple[str, ...] = ()  # each difference between views, in plain words without content
    limits: tuple[str, ...] = ()  # each cap that was hit, in plain words: not all was inspected
    nodes: tuple[Node, ...] = ()  # the first view's tree outside nested messages, the whole message first
