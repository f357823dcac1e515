"""Mail that the gateway writes itself: notices and reports, as octets that any server takes.

Guarantees: CRLF line ends, no line over 998 octets (RFC 5322 2.1.1), 7-bit throughout but for the local parts
of internationalised addresses, `Auto-Submitted` (RFC 3834), no field forged by what is put in. Message-ID and
date are the caller's: nothing here is random or knows the time.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256

import pybase64

_SPECIALS = re.compile(r"[()<>\[\]:;@\\,.\"]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WIDTH = 76
_WORD_OCTETS = 42  # of UTF-8 in an encoded word: 75 characters with base64 and its frame (RFC 2047 2)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail of the gateway's own."""

    sender: str  # address of the From field
    to: tuple[str, ...]
    subject: str
    text: str  # lines end in '\n'
    message_id: str  # with its angle brackets
    date: datetime  # with its time zone
    html: str = ""
    sender_name: str = ""
    auto_submitted: str = "auto-generated"  # or 'auto-replied' (RFC 3834 5); '' for mail on a person's behalf
    fields: tuple[tuple[str, str], ...] = ()  # further ones: In-Reply-To, References, Reply-To ...
    attachments: tuple["Attachment", ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to go with a letter, or in the place of a part."""

    name: str
    declared: str  # 'application/pdf'
    content: bytes
    inline: bool = False


def write_letter(letter: Letter) -> bytes:
    """Return the letter as octets: text, with HTML as its alternative, with attachments behind."""
    body = text_entity(letter.text, letter.html)
    if letter.attachments:
        body = multipart("mixed", (body, *(attachment_entity(file) for file in letter.attachments)))
    return letter_header(letter) + body


def letter_header(letter: Letter) -> bytes:
    """Return the letter's own fields, up to and without those of its content."""
    out = [
        field("Date", format_datetime(letter.date)),
        address_field("From", ((letter.sender_name, letter.sender),)),
        address_field("To", tuple(("", address) for address in letter.to)),
        field("Subject", letter.subject),
        field("Message-ID", letter.message_id),
    ]
    if letter.auto_submitted:
        out.append(field("Auto-Submitted", letter.auto_submitted))
        out.append(field("X-Auto-Response-Suppress", "All"))  # what Exchange heeds instead
    out += [field(name, value) for name, value in letter.fields]
    return b"".join(out) + b"MIME-Version: 1.0\r\n"


def text_entity(text: str, html: str = "") -> bytes:
    """Text as an entity, with its HTML alternative where there is one: header, blank line, body."""
    plain = _text("plain", text)
    return multipart("alternative", (plain, _text("html", html))) if html else plain


def html_entity(html: str) -> bytes:
    """HTML alone as an entity."""
    return _text("html", html)


def attachment_entity(file: Attachment) -> bytes:
    """Return a file as an entity in base64."""
    return content_fields(file) + b"\r\n" + base64_body(file.content)


def content_fields(file: Attachment) -> bytes:
    """Return the fields that describe a file; its name in RFC 2231's form, and plain where it is plain."""
    kind = "inline" if file.inline else "attachment"
    return (
        f"Content-Type: {_token(file.declared)}{_name('name', file.name)}\r\n"
        f"Content-Disposition: {kind}{_name('filename', file.name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
    ).encode("ascii")


def base64_body(content: bytes) -> bytes:
    """Base64 in lines of 76, each ended by CRLF (RFC 2045 6.8)."""
    return bytes(pybase64.encodebytes(content)).replace(b"\n", b"\r\n")


def multipart(subtype: str, entities: tuple[bytes, ...], parameters: str = "") -> bytes:
    """Entities put together. The boundary is made of their content and stands in none of them."""
    boundary = fresh_boundary(entities)
    head = (
        f'Content-Type: multipart/{subtype}{parameters};\r\n\tboundary="{boundary.decode()}"\r\n\r\n'.encode()
    )
    return (
        head
        + b"".join(b"--" + boundary + b"\r\n" + e.rstrip(b"\r\n") + b"\r\n" for e in entities)
        + (b"--" + boundary + b"--\r\n")
    )


def fresh_boundary(contents: tuple[bytes, ...]) -> bytes:
    """Return a boundary that none of the contents holds, the same for the same contents."""
    digest = sha256()
    for content in contents:
        digest.update(sha256(content).digest())
    while True:
        boundary = b"=_sealgate_" + digest.hexdigest()[:32].encode("ascii")
        if not any(boundary in content for content in contents):
            return boundary
        digest.update(b"again")


def _text(subtype: str, text: str) -> bytes:
    octets = "\r\n".join(text.splitlines()).encode("utf-8", "replace") + b"\r\n"
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode("ascii") + _quoted(octets)


def _quoted(octets: bytes) -> bytes:
    """Quoted-printable with CRLF line ends; a line that starts 'From ' or '.' is kept from old servers."""
    lines = binascii.b2a_qp(octets, istext=True).replace(b"\r\n", b"\n").split(b"\n")
    guarded = [b"=46" + line[1:] if line.startswith(b"From ") else line for line in lines]
    return b"\r\n".join(guarded)


def field(name: str, value: str) -> bytes:
    """Return a header field, folded, in encoded words where it is not ASCII, without line ends."""
    value = " ".join(_CONTROL.sub(" ", value).split(" ")).strip()
    if value.isascii() and "=?" not in value and all(len(word) < 900 for word in value.split(" ")):
        return _folded(name, value.split(" "))
    return _folded(name, _encoded_words(value))


def address_field(name: str, mailboxes: tuple[tuple[str, str], ...]) -> bytes:
    """Return a field of mailboxes, each a display name ('' for none) and an address."""
    words = []
    for number, (shown, address) in enumerate(mailboxes, 1):
        comma = "," if number < len(mailboxes) else ""
        bare = _CONTROL.sub("", address).replace(">", "").replace("<", "")
        words += [*_phrase(_CONTROL.sub(" ", shown).strip()), f"<{bare}>{comma}" if shown else bare + comma]
    return _folded(name, words)


def _phrase(shown: str) -> list[str]:
    if not shown:
        return []
    if not shown.isascii() or "=?" in shown or len(shown) > 200:
        return _encoded_words(shown)
    if _SPECIALS.search(shown):
        return ['"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"']
    return shown.split()


def _encoded_words(text: str) -> list[str]:
    """RFC 2047 B words of whole characters."""
    words, piece = [], b""
    for char in text:
        octets = char.encode("utf-8", "replace")
        if len(piece) + len(octets) > _WORD_OCTETS:
            words.append(piece)
            piece = b""
        piece += octets
    return [f"=?utf-8?b?{base64.b64encode(p).decode('ascii')}?=" for p in [*words, piece] if p]


def _folded(name: str, words: list[str]) -> bytes:
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > _WIDTH and line.strip() and word and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return ("\r\n".join([*lines, line]) + "\r\n").encode("utf-8", "replace")


def _token(declared: str) -> str:
    return (
        declared
        if re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", declared)
        else "application/octet-stream"
    )


def _name(parameter: str, name: str) -> str:
    """Return a file name as a parameter, in pieces where it is long (RFC 2231 3, 4)."""
    name = _CONTROL.sub("", name)[:255]
    if not name:
        return ""
    if re.fullmatch(r"[A-Za-z0-9 _.,()&+'-]{1,60}", name):
        return f';\r\n\t{parameter}="{name}"'
    safe = "".join(
        chr(b) if (chr(b).isalnum() and b < 128) or chr(b) in "._-" else f"%{b:02X}"
        for b in name.encode("utf-8", "replace")
    )
    pieces = re.findall(r"(?:%..|.){1,18}", safe)
    return "".join(
        f";\r\n\t{parameter}*{number}*={chr(39).join(('utf-8', '', '')) if not number else ''}{piece}"
        for number, piece in enumerate(pieces)
    )
