"""Reports about mail: writing those that the gateway owes (RFC 3464, 6522), and knowing those that come in.

Guarantees: a report written here holds header fields of the original at most, never its content (pitfall 33).
What comes in is judged by structure and envelope, never by words of a subject (pitfall 3); what may be a
machine's is never taken for a person's. Nothing here proves who sent a report: evidence is graded elsewhere.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Literal

from milter.message.header import parameters, read_block, texts
from milter.message.letter import Letter, field, letter_header, multipart, text_entity
from milter.message.model import Field, Message
from milter.message.text import header_text
from milter.settings import Caps

_SHOWN = ("date", "from", "to", "cc", "message-id", "in-reply-to", "references")
_CLEAN = re.compile(r"[^ -~]+")


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What became of a message for one recipient (RFC 3464 2.3)."""

    address: str
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    status: str  # enhanced code: '5.7.1'
    diagnostic: str = ""  # the reply that says so: '550 5.7.1 ...'; nothing personal in it
    orcpt: str | None = None  # as the envelope gave it: 'rfc822;bob@example.org', xtext


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery status notification's facts."""

    reporting_mta: str
    recipients: tuple[RecipientStatus, ...]
    arrival: datetime | None = None
    envid: str | None = None  # xtext, as the envelope gave it


def write_report(letter: Letter, report: Report, original: Message | None = None) -> bytes:
    """Return the letter as a multipart/report: words, status, header fields of the original.

    The subject of the original is left out: it may hold what the report is about (law 8).
    """
    parts = [text_entity(letter.text, letter.html), _status_entity(report)]
    if original is not None:
        parts.append(b"Content-Type: text/rfc822-headers\r\n\r\n" + _original_fields(original))
    return letter_header(letter) + multipart("report", tuple(parts), "; report-type=delivery-status")


def _status_entity(report: Report) -> bytes:
    lines = []
    if report.envid:
        lines.append(field("Original-Envelope-Id", _from_xtext(report.envid)))
    lines.append(field("Reporting-MTA", f"dns; {report.reporting_mta}"))
    if report.arrival:
        lines.append(field("Arrival-Date", format_datetime(report.arrival)))
    for recipient in report.recipients:
        lines.append(b"\r\n")
        if recipient.orcpt and ";" in recipient.orcpt:
            kind, _, address = recipient.orcpt.partition(";")
            lines.append(_typed("Original-Recipient", kind, _from_xtext(address)))
        kind = "rfc822" if recipient.address.isascii() else "utf-8"
        lines.append(_typed("Final-Recipient", kind, recipient.address))
        lines.append(field("Action", recipient.action))
        lines.append(field("Status", recipient.status))
        if recipient.diagnostic:
            lines.append(field("Diagnostic-Code", "smtp; " + _CLEAN.sub("?", recipient.diagnostic)))
    return b"Content-Type: message/delivery-status\r\n\r\n" + b"".join(lines)


def _typed(name: str, kind: str, address: str) -> bytes:
    r"""Return a typed address on one line, 7-bit: other characters as '\x{E9}' (RFC 6533 3)."""
    plain = "".join(c if " " <= c <= "~" else f"\\x{{{ord(c):X}}}" for c in address)
    return f"{name}: {_CLEAN.sub('', kind.strip())}; {plain[:800]}\r\n".encode("ascii")


def _from_xtext(value: str) -> str:
    """RFC 3461 section 4: '+2B' is '+'. Control characters do not come back."""
    plain = re.sub(r"\+([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), value)
    return _CLEAN.sub("?", plain)[:500]


def _original_fields(original: Message) -> bytes:
    lines = [
        field(f.name.title().replace("Id", "ID"), header_text(f.value)[:2_000])
        for f in original.fields
        if f.name in _SHOWN
    ]
    return b"".join(lines[:50])


Kind = Literal[
    "dsn-delivered",
    "dsn-failed",
    "dsn-other",
    "mdn-displayed",
    "mdn-deleted",
    "mdn-other",
    "automatic",
    "list",
    "human",
]


@dataclass(frozen=True, slots=True)
class Status:
    """What an incoming report says of one recipient."""

    final_recipient: str
    original_recipient: str
    action: str  # of a DSN, lower case
    status: str  # enhanced code; '' where none is given


@dataclass(frozen=True, slots=True)
class Incoming:
    """What kind of mail came in, and which message of ours it is about. All of it is a stranger's word."""

    kind: Kind
    message_id: str = ""  # of the original, with angle brackets; '' where it does not say
    envid: str = ""
    final_recipient: str = ""  # of the first recipient it reports on
    statuses: tuple[Status, ...] = ()
    unattended: bool = False  # an MDN that no person's action caused (RFC 8098 3.2.6.1)


def classify(message: Message, envelope_sender: str) -> Incoming:
    """Judge mail that arrives on the receipts domain, by RFC 3464, 8098 and 3834, in this order.

    `envelope_sender` is '' for the null reverse-path. Only a reply that no sign calls a machine's is 'human'.
    """
    root = message.nodes[0].declared if message.nodes else ""
    report = root == "multipart/report"
    for p in message.parts:
        if p.enclosing or p.view:
            continue
        if p.declared in ("message/delivery-status", "message/global-delivery-status"):
            return _dsn(message, p.content, report)
        if p.declared in ("message/disposition-notification", "message/global-disposition-notification"):
            return _mdn(message, p.content, report)
    about = _replied_to(message)
    if report or _is_automatic(message, envelope_sender):
        return Incoming("automatic", about)
    if _is_list(message, envelope_sender):
        return Incoming("list", about)
    return Incoming("human", about)


def _dsn(message: Message, content: bytes, report: bool) -> Incoming:
    groups = _groups(content)
    statuses = tuple(
        Status(
            _address(_value(group, "final-recipient")),
            _address(_value(group, "original-recipient")),
            _value(group, "action").lower(),
            _value(group, "status"),
        )
        for group in groups[1:]
        if _value(group, "final-recipient") or _value(group, "action")
    )
    actions = {status.action for status in statuses}
    kind: Kind = "dsn-other"
    if report and "failed" in actions:
        kind = "dsn-failed"
    elif report and "delivered" in actions and not actions - {"delivered", "relayed", "expanded"}:
        kind = "dsn-delivered"
    envid = _value(groups[0], "original-envelope-id") if groups else ""
    first = statuses[0].final_recipient if statuses else ""
    return Incoming(kind, _original_id(message), envid, first, statuses)


def _mdn(message: Message, content: bytes, report: bool) -> Incoming:
    group = [f for g in _groups(content) for f in g]
    mode, _, disposition = _value(group, "disposition").lower().partition(";")
    what, _, modifier = disposition.strip().partition("/")
    kind: Kind = "mdn-other"
    if report and not modifier:
        kind = {"displayed": "mdn-displayed", "deleted": "mdn-deleted"}.get(what.strip(), "mdn-other")  # type: ignore[assignment]
    about = _value(group, "original-message-id") or _original_id(message)
    final = _address(_value(group, "final-recipient"))
    return Incoming(kind, about, final_recipient=final, unattended="automatic-action" in mode)


def _groups(content: bytes) -> list[tuple[Field, ...]]:
    """Return the blocks of fields that blank lines part (RFC 3464 2.1.1), at most 1,001."""
    groups, at = list[tuple[Field, ...]](), 0
    while at < len(content) and len(groups) <= 1_000:
        if content[at : at + 1] in (b"\r", b"\n"):
            at += 1
            continue
        block = read_block(content, at, len(content), Caps())
        if not block.fields or block.body <= at:
            break
        groups.append(block.fields)
        at = block.body
    return groups


def _value(fields: tuple[Field, ...] | list[Field], name: str) -> str:
    return next((header_text(f.value) for f in fields if f.name == name), "")


def _address(typed: str) -> str:
    """'rfc822; bob@example.org' without its type."""
    kind, semicolon, address = typed.partition(";")
    return (address if semicolon else kind).strip().strip("<>")


def _original_id(message: Message) -> str:
    """Message-ID of the message that a report returns, whole or headers only."""
    for node in message.nodes:
        if node.declared in ("message/rfc822", "message/global"):
            block = read_block(message.raw, *node.body, Caps())
            if found := _value(block.fields, "message-id"):
                return found
    for part in message.parts:
        if part.declared in ("text/rfc822-headers", "message/global-headers") and not part.enclosing:
            block = read_block(part.content, 0, len(part.content), Caps())
            if found := _value(block.fields, "message-id"):
                return found
    return ""


def _replied_to(message: Message) -> str:
    """In-Reply-To, else the last of References (RFC 5322 3.6.4)."""
    for name in ("in-reply-to", "references"):
        ids = re.findall(r"<[^<>\s]{1,900}>", _value(message.fields, name))
        if ids:
            return str(ids[-1])
    return ""


_AUTOREPLY = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply",
    "x-autoresponder",
    "x-autogenerated",
    "x-mdn-sent",
)
_DAEMONS = re.compile(
    r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|auto-?reply|autoresponder)@", re.IGNORECASE
)
_LISTS = re.compile(r"owner-[^@]*@|[^@]*-(?:request|bounces?|owner)(?:[+=][^@]*)?@", re.IGNORECASE)


def _is_automatic(message: Message, envelope_sender: str) -> bool:
    """RFC 3834 2 and 5: null sender, the field that says so, those of others, daemons' addresses."""
    if not envelope_sender or message.automatic or _DAEMONS.match(envelope_sender):
        return True
    if any(f.name in _AUTOREPLY for f in message.fields):
        return True
    if any(part.method for part in message.parts if not part.enclosing):
        return True  # an answer to an invitation, not to us
    return any(_DAEMONS.match(address) for address in message.header_from)


def _is_list(message: Message, envelope_sender: str) -> bool:
    """RFC 2919, 2369, and the Precedence field that lists have always set."""
    if any(f.name.startswith("list-") for f in message.fields) or _LISTS.match(envelope_sender):
        return True
    return _value(message.fields, "precedence").lower() in ("list", "bulk", "junk")


def report_type(message: Message) -> str:
    """report-type of a multipart/report (RFC 6522 3), lower case; '' where the message is none."""
    for f in message.fields:
        if f.name == "content-type":
            main, params = parameters(f.value)
            if main.lower() == b"multipart/report":
                return "".join(texts(params, "report-type")[:1]).lower()
    return ""
