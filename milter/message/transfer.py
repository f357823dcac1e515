"""Transfer encodings: which one a part bears, and its content under every reading that mail programs take.

Guarantees an answer for any octets in linear time. A reading is given only where its content differs from the
first's. `odd` tells that the label itself is such that programs read it differently.
"""

import re
from binascii import Error, a2b_qp, a2b_uu
from dataclasses import dataclass
from typing import Literal

import pybase64

from milter.message.header import strip_comments
from milter.message.text import decode_words, lenient_base64

Encoding = Literal["identity", "base64", "quoted-printable", "uuencode", "yenc"]

_KNOWN: dict[bytes, Encoding] = {
    b"": "identity",
    b"7bit": "identity",
    b"8bit": "identity",
    b"binary": "identity",
    b"base64": "base64",
    b"quoted-printable": "quoted-printable",
    b"x-uuencode": "uuencode",
    b"uuencode": "uuencode",
    b"x-uue": "uuencode",
    b"uue": "uuencode",
    b"x-yenc": "yenc",
    b"yenc": "yenc",
}
_SPACE = b" \t\r\n"
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_DIGITS = bytes(range(256)).translate(None, _DIGITS + b"=")
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n"
_RUNS_MOST = 2_000  # paddings that are decoded one by one
_LINES_MOST = 20_000  # looked at one by one
_A_LINE = re.compile(rb"[^\r\n]+")
_FOLDED_PAD = re.compile(rb"=[ \t]+(?=\r?\n)")
# Each starts with a plain line end, which is what makes searching fast.
_UU_BEGIN = re.compile(rb"\n[Bb]egin(-base64)? [0-7]{3,4}[ \t]+([^\r\n]{1,500})\r?\n")
_YENC_BEGIN = re.compile(rb"\n=ybegin [^\r\n]{0,200}?name=([^\r\n]{0,500})\r?\n")
_YENC_LINE = re.compile(rb"\n=y[^\n]*\n")
_YENC_ESCAPED = b"@JMIn`}"  # what must and what may be escaped; '=' itself last, since it starts the others
_BLOCK = re.compile(
    rb"\n(?:[A-Za-z0-9+/]{24,998}={0,2}(?:\r?\n|\Z))+(?:[A-Za-z0-9+/]{2,998}={0,2}(?=\r?\n|\Z))?"
)
_WORDS = re.compile(rb"[A-Za-z0-9]{2} [A-Za-z0-9]{2}")
_DOCUMENTS = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"Rar!", b"7z\xbc\xaf")
_YENC_SHIFT = bytes((n - 42) % 256 for n in range(256))


@dataclass(frozen=True, slots=True)
class Content:
    """One reading of an encoded body. `view` is '' for the first, else which reading it is, in words."""

    octets: bytes
    view: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What one Content-Transfer-Encoding value asks for."""

    encoding: Encoding
    odd: bool = False  # programs may well read it otherwise


def label(value: bytes) -> Label:
    """Return the encoding that a Content-Transfer-Encoding value names (RFC 2045 6.1), misspelt ones too."""
    plain = value.strip(_SPACE + b";,.\"'").lower()
    if plain in _KNOWN:
        return Label(_KNOWN[plain])
    bare = strip_comments(value).translate(None, _SPACE + b"\0;,.\"'").lower()
    if bare in _KNOWN:
        return Label(_KNOWN[bare], odd=True)
    letters = re.sub(
        rb"[^a-z0-9]", b"", decode_words(value.decode("latin-1")).lower().encode("latin-1", "replace")
    )
    if b"base64" in letters or b"base46" in letters or letters in (b"b64", b"b"):
        return Label("base64", odd=True)
    if b"quotedp" in letters or b"printable" in letters or letters in (b"qp", b"q"):
        return Label("quoted-printable", odd=True)
    if b"uue" in letters:
        return Label("uuencode", odd=True)
    return Label("identity", odd=letters[:4] not in (b"7bit", b"8bit", b"bina", b"none", b"plai", b"text"))


def decode(body: bytes, encoding: Encoding) -> tuple[Content, ...]:
    """Return a body's content under an encoding: most programs' reading first, then those that differ."""
    if encoding == "base64":
        return _base64(body)
    if encoding == "quoted-printable":
        return (Content(quoted_printable(body)),)
    if encoding == "uuencode":
        found = embedded(body)
        return (Content(found[0].octets if found else _uu_lines(body, 0)[0]),)
    if encoding == "yenc":
        found = embedded(body)
        return (Content(found[0].octets if found else _yenc(body)),)
    return (Content(body),)


def quoted_printable(body: bytes) -> bytes:
    """RFC 2045 6.7; white space behind a soft line break is forgiven, what is no triple stays."""
    if b"= " in body or b"=\t" in body:
        body = _FOLDED_PAD.sub(b"=", body)
    return a2b_qp(body)


def _base64(body: bytes) -> tuple[Content, ...]:
    """Clean base64 at memory speed; else octets outside the alphabet go, and each way past a '=' is read."""
    text = body.rstrip(_SPACE)
    pad = text.find(b"=")
    if pad < 0 or len(text) - pad <= 2:
        try:
            octets = pybase64.b64decode(body)
        except (Error, ValueError):
            octets = lenient_base64(body)
        return (Content(octets), *_url_safe(body, octets))
    if body.count(b"=") > _RUNS_MOST:
        return (
            Content(lenient_base64(body.replace(b"=", b""))),
            Content(_quads(body), "base64 full of paddings"),
        )
    first = lenient_base64(body)
    at = body.index(b"=")
    short, whole = lenient_base64(body[:at]), lenient_base64(body.replace(b"=", b""))
    readings = [Content(first)]
    footer = _is_footer(body[at:])
    if short != first and not footer:
        readings.append(Content(short, "base64 read to the first padding only"))
    if whole != first and not (footer and _is_noise(whole[len(short) :])):
        readings.append(Content(whole, "base64 read as if it held no padding"))
    return (*readings, *_url_safe(body, first))


def _quads(body: bytes) -> bytes:
    """Each group of four decoded, in one go: padding gives NUL octets, which are taken out."""
    digits = body.translate(None, _NO_DIGITS).replace(b"=", b"A")
    return bytes(pybase64.b64decode(digits[: len(digits) // 4 * 4])).replace(b"\0", b"")


def _is_footer(rest: bytes) -> bool:
    """Whether what stands behind the padding is words, as list software adds them, and not more base64."""
    return not _has_digit_line(rest.lstrip(b"="), b"")


def _has_digit_line(text: bytes, marks: bytes) -> bool:
    """Whether a line may be base64, and holds one of `marks` where there are any.

    That is one without space between words, no mere ruler, no delimiter. A text of very many lines may be.
    """
    for number, found in enumerate(_A_LINE.finditer(text)):
        line = found[0].strip()
        if number >= _LINES_MOST:
            return True
        if b" " in line or line.startswith(b"--") or not line.strip(b"_-=*"):
            continue
        if not marks or line.translate(None, marks) != line:
            return True
    return False


def words_in_base64(body: bytes) -> tuple[bytes, bool]:
    """Return the lines of a base64 body that are plain words, and whether they are most of it.

    Some programs show such a body as it stands when it is no base64 at all (RFC 2045 6.8 leaves it open).
    """
    if b" " not in body or not _WORDS.search(body):
        return b"", False
    words, lines = [], 0
    for found in _A_LINE.finditer(body):
        lines += 1
        if lines > _LINES_MOST:
            return body, True
        if _WORDS.search(found[0]):
            words.append(found[0])
    return b"\n".join(words), len(words) * 2 > lines


def _is_noise(octets: bytes) -> bool:
    """Whether words were decoded as if they were base64: what comes out is hardly text."""
    printable = len(octets) - len(octets.translate(None, _PRINTABLE))
    return printable < len(octets) * 0.8


def _url_safe(body: bytes, first: bytes) -> tuple[Content, ...]:
    """RFC 4648 5: '-' and '_' for '+' and '/', which some decoders take."""
    if b"-" not in body and b"_" not in body:
        return ()
    if not _has_digit_line(body, b"-_"):
        return ()
    octets = lenient_base64(body.replace(b"-", b"+").replace(b"_", b"/"))
    return (Content(octets, "base64 of the URL alphabet"),) if octets != first else ()


def looks_base64(body: bytes) -> bool:
    """Whether unlabelled octets are base64 from end to end: one block, whole quads, both cases."""
    sample = body[:4096].strip(_SPACE)
    if len(sample) < 24 or b" " in sample or sample.translate(None, _DIGITS + _SPACE + b"="):
        return False
    if not (re.search(rb"[a-z]", sample) and re.search(rb"[A-Z]", sample)):
        return False
    digits = body.translate(None, _SPACE)
    return len(digits) % 4 == 0 and not digits.rstrip(b"=").translate(None, _DIGITS)


def looks_quoted(body: bytes) -> bool:
    """Whether octets that bear no such label carry quoted-printable triples or soft line breaks."""
    return re.search(rb"=(?:[0-9A-Fa-f]{2}|[ \t]{0,8}\r?\n)", body) is not None


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file that stands inside text, as mail programs before MIME sent it."""

    name: bytes
    octets: bytes
    kind: str  # 'uuencode', 'base64', 'yenc'


def embedded(text: bytes, most: int = 1_000) -> tuple[Embedded, ...]:
    """Files inside text: uuencode (POSIX), begin-base64, yEnc, and bare blocks of base64; at most `most`."""
    text = b"\n" + text
    found: list[Embedded] = []
    if b"\nbegin" in text or b"\nBegin" in text:
        found += _uu_files(text, most)
    if b"\n=ybegin " in text:
        found += _yenc_files(text, most)
    return tuple(found[:most] or _blocks(text, most))


def _blocks(text: bytes, most: int) -> list[Embedded]:
    """Lines of base64 that no label names: taken where they spell text or start as a document does."""
    found: list[Embedded] = []
    at = 0
    while len(found) < most and (block := _BLOCK.search(text, at)):
        octets = lenient_base64(block[0])
        if octets.startswith(_DOCUMENTS) or not _is_noise(octets):
            found.append(Embedded(b"", octets, "base64"))
        at = max(block.end() - 1, at + 1)
    return found


def _uu_files(text: bytes, most: int) -> list[Embedded]:
    found: list[Embedded] = []
    at = 0
    while len(found) < most and (begin := _UU_BEGIN.search(text, at)):
        if begin[1]:
            stop = text.find(b"\n====", begin.end() - 1)
            stop = stop if stop >= 0 else len(text)
            octets = lenient_base64(text[begin.end() : stop])
        else:
            octets, stop = _uu_lines(text, begin.end())
        if octets:
            found.append(Embedded(begin[2].strip(), octets, "base64" if begin[1] else "uuencode"))
        at = max(stop, begin.end()) - 1
    return found


def _uu_lines(text: bytes, at: int) -> tuple[bytes, int]:
    """Return what the uuencoded lines from `at` hold, and where the first line that is none starts."""
    out: list[bytes] = []
    while at < len(text):
        stop = text.find(b"\n", at)
        stop = stop + 1 if stop >= 0 else len(text)
        octets = _uu_line(text[at : min(stop, at + 100)].rstrip(b"\r\n"))
        if not octets:
            break
        out.append(octets)
        at = stop
    return b"".join(out), at


def _uu_line(line: bytes) -> bytes:
    """One uuencoded line, b'' where it is none or the last. Trailing spaces may have been cut on the way."""
    if not line or not 32 < line[0] < 96:
        return b""
    digits = ((line[0] - 32) * 4 + 2) // 3
    if len(line) - 1 > digits + 8:
        return b""
    try:
        return a2b_uu(line[: digits + 3])
    except Error:
        pass
    try:
        return a2b_uu(line[: digits + 1])
    except Error:
        return b""


def _yenc_files(text: bytes, most: int) -> list[Embedded]:
    found: list[Embedded] = []
    at = 0
    while len(found) < most and (begin := _YENC_BEGIN.search(text, at)):
        stop = text.find(b"\n=yend", begin.end() - 1)
        stop = stop if stop >= 0 else len(text)
        found.append(Embedded(begin[1].strip(), _yenc(text[begin.end() : stop]), "yenc"))
        at = stop
    return found


def _yenc(body: bytes) -> bytes:
    """Decode yEnc (draft 1.3): each octet plus 42, '=' escapes the next, '=y' lines are no content."""
    coded = _YENC_LINE.sub(b"\n", body).translate(None, b"\r\n")
    for escaped in _YENC_ESCAPED:
        coded = coded.replace(b"=" + bytes([escaped]), bytes([(escaped - 64) % 256]))
    return coded.translate(_YENC_SHIFT)
