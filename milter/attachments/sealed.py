"""Files sealed for one reader: S/MIME (CMS, RFC 5652) and OpenPGP (RFC 9580). Signed ones are read."""

import re
import zlib

from milter.attachments.draft import Draft, File, LockedError, UnreadableError
from milter.message.text import decode_text

DATA, SIGNED, ENVELOPED, ENCRYPTED = (
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x07" + bytes([one]) for one in (1, 2, 3, 6)
)
COMPRESSED = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"
AUTHENTICATED = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"
DEPTH = 20
CLEAR = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----(.*?)-----BEGIN PGP SIGNATURE-----", re.DOTALL)


def read_pkcs7(file: File, draft: Draft) -> None:
    """An S/MIME file: enveloped ones are locked, signed and compressed ones hold their content openly."""
    head = file.content[:60]
    if ENVELOPED in head or ENCRYPTED in head or AUTHENTICATED in head:
        draft.protect("encrypted", "S/MIME")
        raise LockedError("is encrypted for its reader (S/MIME)")
    content = octets_behind(file.content, DATA)
    if COMPRESSED in head and content:
        packed = len(content)
        try:
            content = zlib.decompressobj().decompress(content, file.budget.room() + 1)
        except zlib.error as fault:
            raise UnreadableError("the S/MIME file is damaged") from fault
        file.budget.unpack(len(content))
        file.budget.ratio(len(content), packed)
    if SIGNED in head:
        draft.protect("signed", "S/MIME signature")
    if content:
        draft.member("content", content)
    elif SIGNED not in head:
        raise UnreadableError("the S/MIME file is damaged")


def octets_behind(content: bytes, identifier: bytes) -> bytes:
    """The OCTET STRING behind an object identifier in DER or BER, its pieces joined; empty where there is none."""
    at = content.find(identifier)
    return _octets(content, at + len(identifier), 0) if at >= 0 else b""


def _octets(content: bytes, at: int, depth: int) -> bytes:
    """Follow explicit tags and constructed strings down to octets."""
    pieces: list[bytes] = []
    while at + 2 <= len(content) and depth < DEPTH:
        tag = content[at]
        size, start = _length(content, at + 1)
        if tag in (0xA0, 0x24, 0x30) and not pieces:  # explicit [0], constructed, sequence
            at, depth = start, depth + 1
            continue
        if tag != 0x04 or size < 0:
            break
        pieces.append(content[start : start + size])
        at = start + size
    return b"".join(pieces)


def _length(content: bytes, at: int) -> tuple[int, int]:
    """A length (X.690 8.1.3) and where the contents start; -1 for an indefinite one."""
    first = content[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if count == 0:
        return -1, at + 1
    return int.from_bytes(content[at + 1 : at + 1 + min(count, 8)], "big"), at + 1 + count


def read_pgp(file: File, draft: Draft) -> None:
    """An armoured OpenPGP file; a clear-signed one is text."""
    text = decode_text(file.content)
    signed = CLEAR.search(text)
    if signed:
        draft.protect("signed", "PGP signature")
        draft.say("text", text)
        return
    if "BEGIN PGP MESSAGE" in text:
        draft.protect("encrypted", "PGP")
        raise LockedError("is encrypted for its reader (PGP)")
    if "BEGIN PGP PRIVATE KEY" in text:
        draft.note("private-key")
    draft.say("text", text)


def read_pgp_packets(file: File, draft: Draft) -> None:
    """A binary OpenPGP file that starts with an encrypted session key or encrypted data (RFC 9580 section 5)."""
    del file
    draft.protect("encrypted", "PGP")
    raise LockedError("is encrypted for its reader (PGP)")
