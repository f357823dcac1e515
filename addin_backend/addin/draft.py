"""A message as it is being written: what Outlook tells of it, taken in with limits, and made a message of.

What is made is what Outlook would send, as far as Outlook tells: the same parse, inspection and judgement run on it
that run on what passes the gateway. Nothing of a draft is kept.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from addin_backend.addin.problem import ProblemError
from milter.message.address import AddressError, canonical
from milter.message.envelope import Envelope, Recipient
from milter.message.letter import (
    Attachment,
    address_field,
    attachment_entity,
    html_entity,
    multipart,
    text_entity,
)
from milter.message.letter import field as header_field

MOST_ATTACHMENTS = 200
MOST_SUBJECT = 4_000  # characters
MOST_NAME = 500
FIRST = 2  # number of the first attachment's part: the text is 1 (RFC 3501 6.4.5)
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class File:
    """One attachment. `content` is None where only its digest was told."""

    name: str
    declared: str
    inline: bool
    digest: str  # SHA-256 in hexadecimal, as told; '' where it was not
    content: bytes | None = None

    @property
    def nests(self) -> bool:
        """Whether it is a message of its own, whose parts are parts of this one."""
        return self.declared.startswith(("message/", "multipart/"))


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being written."""

    subject: str
    sender: str
    to: tuple[tuple[str, str], ...]  # (name, address) each
    cc: tuple[tuple[str, str], ...]
    bcc: tuple[tuple[str, str], ...]
    text: str
    html: str
    files: tuple[File, ...] = field(default=())
    protect: bool = False
    appointment: bool = False

    @property
    def envelope(self) -> Envelope:
        """Give whom it would go to, each once."""
        addresses = dict.fromkeys(address for _, address in self.to + self.cc + self.bcc)
        return Envelope(self.sender, tuple(Recipient(address) for address in addresses))


def draft_of(given: Any, most_recipients: int) -> Draft:
    """Take in a draft from its JSON. Raises ProblemError."""
    if not isinstance(given, dict):
        raise ProblemError("not-understood", "A draft is an object.")
    body = given.get("body") or {}
    files = given.get("attachments") or []
    if not isinstance(body, dict) or not isinstance(files, list):
        raise ProblemError("not-understood", "Body is an object, attachments are a list.")
    if len(files) > MOST_ATTACHMENTS:
        raise ProblemError("too-large", f"There are more than {MOST_ATTACHMENTS} attachments.")
    to, cc, bcc = (_mailboxes(given, name) for name in ("to", "cc", "bcc"))
    if len(to) + len(cc) + len(bcc) > most_recipients:
        raise ProblemError("too-large", f"There are more than {most_recipients} recipients.")
    return Draft(
        subject=_text(given, "subject")[:MOST_SUBJECT],
        sender=_address(_text(given, "sender")),
        to=to,
        cc=cc,
        bcc=bcc,
        text=_text(body, "text"),
        html=_text(body, "html"),
        files=tuple(_file(one) for one in files),
        protect=given.get("protect") is True,
        appointment=given.get("kind") == "appointment",
    )


def written(draft: Draft) -> bytes:
    """Give the draft as a message; attachments whose content is not at hand stand there empty."""
    head = [
        address_field("From", (("", draft.sender),)),
        *(address_field(name, boxes) for name, boxes in (("To", draft.to), ("Cc", draft.cc)) if boxes),
        header_field("Subject", draft.subject),
        *([header_field("X-Sealgate-Protect", "yes")] if draft.protect else []),
        b"MIME-Version: 1.0\r\n",
    ]
    body = _body(draft)
    if draft.files:
        body = multipart("mixed", (body, *(_entity(one) for one in draft.files)))
    return b"".join(head) + body


def _body(draft: Draft) -> bytes:
    if draft.appointment:
        text = draft.text or draft.html
        return multipart("alternative", (text_entity(draft.text, draft.html), _invitation(draft, text)))
    if draft.html and not draft.text:
        return html_entity(draft.html)
    return text_entity(draft.text, draft.html)


def _invitation(draft: Draft, text: str) -> bytes:
    """Give the invitation (RFC 5545) that Exchange makes of an appointment, as far as it carries words."""
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:draft"),
        *(
            f"SUMMARY:{_escaped(draft.subject)}",
            f"DESCRIPTION:{_escaped(text)}",
            "END:VEVENT",
            "END:VCALENDAR",
        ),
    )
    octets = "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"
    kind = b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"
    return (
        kind
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(octets).replace(b"\n", b"\r\n")
    )


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(plain.splitlines())


def _entity(file: File) -> bytes:
    content = file.content or b""
    if file.declared == "message/rfc822" and content:
        name = header_field("Content-Description", file.name)
        return (
            b"Content-Type: message/rfc822\r\n" + name + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + content
        )
    declared = "application/octet-stream" if file.declared.startswith("multipart/") else file.declared
    return attachment_entity(Attachment(file.name, declared, content, file.inline))


def take_content(file: File, content: bytes) -> None:
    """Put content to an attachment. Raises ProblemError where it is not what its digest says."""
    if file.digest and sha256(content).hexdigest() != file.digest:
        raise ProblemError("not-understood", "An attachment is not what its digest says.")
    file.content = content


def decoded(text: Any) -> bytes:
    """Give the octets of base64. Raises ProblemError."""
    if not isinstance(text, str):
        raise ProblemError("not-understood", "Content is base64 text.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError("not-understood", "Content is not well-formed base64.") from error


def _file(given: Any) -> File:
    if not isinstance(given, dict):
        raise ProblemError("not-understood", "An attachment is an object.")
    digest = _text(given, "sha256").lower()
    if digest and not DIGEST.fullmatch(digest):
        raise ProblemError("not-understood", "sha256 is 64 hexadecimal digits.")
    declared = _text(given, "type").partition(";")[0].strip().lower()[:100]
    file = File(_text(given, "name")[:MOST_NAME], declared, given.get("inline") is True, digest)
    if given.get("content") is not None:
        take_content(file, decoded(given["content"]))
    return file


def _mailboxes(given: Mapping[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    many = given.get(name) or []
    if not isinstance(many, list):
        raise ProblemError("not-understood", f"'{name}' is a list.")
    return tuple(_mailbox(one) for one in many)


def _mailbox(one: Any) -> tuple[str, str]:
    if not isinstance(one, dict):
        raise ProblemError("not-understood", "A recipient is an object.")
    return _text(one, "name")[:MOST_NAME], _address(_text(one, "address"))


def _address(text: str) -> str:
    try:
        return canonical(text.strip())
    except AddressError as error:
        raise ProblemError("not-understood", "An address is no e-mail address.") from error


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ProblemError("not-understood", f"'{name}' is text.")
    return value
