"""The marks that the gateway leaves on mail and takes off: trace fields, loop stop, internet headers.

Guarantees: a message that passes keeps its octets; fields are only put in front, and the add-in's own fields
taken out. What a client says of itself (HELO) is cleaned before it is repeated. No clock: the time is given.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from milter.message.model import Field, Message
from milter.message.text import unfold

FIELD = "X-Sealgate-Trace"
_OURS = "x-sealgate-"  # what the Outlook add-in sets for the gateway, and nobody else
_UNSAFE = re.compile(r"[^A-Za-z0-9.:_\[\]-]")


@dataclass(frozen=True, slots=True)
class Trace:
    """One passage of a message through the gateway, as its Received field tells it (RFC 5321 4.4)."""

    id: str  # the gateway's own reference
    key: bytes  # signs the trace field, so that nobody else can claim a loop
    helo: str  # as the client said it; hostile
    peer: str  # the client's IP address
    hostname: str
    protocol: str  # 'ESMTP', 'ESMTPS', 'UTF8SMTP' ... (RFC 3848, RFC 6531)
    at: datetime  # with its time zone
    recipient: str = ""  # only where there is one: others must not show (RFC 5321 7.2)


def received(trace: Trace) -> bytes:
    """Return the Received field of this passage, folded, each line within 998 octets."""
    lines = [
        f"Received: from {_safe(trace.helo)} ({_literal(trace.peer)})",
        f"by {_safe(trace.hostname)} (Sealgate) with {_safe(trace.protocol)} id {_safe(trace.id)}",
    ]
    if trace.recipient and trace.recipient.isprintable() and len(trace.recipient) < 255:
        lines.append(f"for <{trace.recipient}>")
    return ("\r\n\t".join(lines) + f";\r\n\t{format_datetime(trace.at)}\r\n").encode()


def trace_field(trace: Trace) -> bytes:
    """Return the signed field by which the gateway knows a message that it has dealt with."""
    identity = _safe(trace.id)
    return f"{FIELD}: {identity}; {_signature(identity, trace.key)}\r\n".encode("ascii")


def traced(message: Message, trace: Trace) -> bytes:
    """Return the message as it goes on: trace fields in front, the add-in's own fields gone."""
    raw = message.raw
    gap = (
        b"" if message.fields or raw[:1] in (b"\r", b"\n") else b"\r\n"
    )  # a body without header stays a body
    pieces, at = [trace_field(trace), received(trace), gap], 0
    for f in message.fields:
        if _is_internet_header(f):
            pieces.append(raw[at : f.start])
            at = f.end
    pieces.append(raw[at:])
    return b"".join(pieces)


def internet_headers(message: Message) -> dict[str, str]:
    """Return what the add-in asked for: X-Sealgate-Protect as 'protect', the first value of each."""
    found: dict[str, str] = {}
    for f in message.fields:
        if _is_internet_header(f):
            found.setdefault(f.name.removeprefix(_OURS), unfold(f.value).decode("utf-8", "replace"))
    return found


def proves(message: Message, secret: str) -> bool:
    """Whether a message carries the secret word that only the organisation's own servers put into it."""
    told = internet_headers(message).get("entry", "").strip()
    return bool(secret) and hmac.compare_digest(told.encode("utf-8", "replace"), secret.encode("ascii"))


def internet_fields(message: Message) -> tuple[str, ...]:
    """Return the names of the add-in's fields, to be taken out of an edited copy."""
    return tuple({f.name for f in message.fields if _is_internet_header(f)})


def loops(message: Message, key: bytes, max_received: int = 50) -> bool:
    """Whether the message has been here before, or has passed too many hosts (RFC 5321 6.3)."""
    hops = sum(1 for f in message.fields if f.name == "received")
    return hops > max_received or any(_is_ours(f, key) for f in message.fields)


def _is_internet_header(f: Field) -> bool:
    return f.name.startswith(_OURS) and f.name != FIELD.lower()


def _is_ours(f: Field, key: bytes) -> bool:
    if f.name != FIELD.lower():
        return False
    identity, _, signature = unfold(f.value).decode("ascii", "replace").partition(";")
    return hmac.compare_digest(
        signature.strip().encode("ascii", "replace"), _signature(identity.strip(), key).encode("ascii")
    )


def _signature(identity: str, key: bytes) -> str:
    return hmac.new(key, b"sealgate-trace\0" + identity.encode("utf-8", "replace"), sha256).hexdigest()


def _safe(word: str) -> str:
    """Return a word of ours or of a stranger, fit to stand in a structured field."""
    return _UNSAFE.sub("?", word)[:255] or "unknown"


def _literal(peer: str) -> str:
    """RFC 5321 4.1.3."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return "unknown"
    return f"[IPv6:{address}]" if isinstance(address, IPv6Address) else f"[{address}]"
