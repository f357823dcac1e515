"""Octets into characters: charsets of bodies, encoded words of headers.

Guarantees an answer for any octets, in linear time: a charset that is unknown, wrong or missing never stops
the reading. Refuses codecs that are not charsets (punycode, unicode_escape ...), which Python would take.
"""

import codecs
import re
from binascii import a2b_qp
from urllib.parse import unquote_to_bytes

import pybase64

# Labels that mail carries and Python does not know, or reads too narrowly: Windows' supersets are what the
# writers meant (WHATWG Encoding Standard, 4.2).
_ALIASES = {
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "l1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso646-us": "cp1252",
    "x-ansi": "cp1252",
    "ansi": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-user-defined": "cp1252",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
}
_NOT_CHARSETS = frozenset(
    {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_ASCII = re.compile(rb"[^\t\n\f\r -~]")
# The five octets that cp1252 leaves undefined read as controls, as every browser does.
_CP1252_HOLES = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
_CP1252 = {n: bytes([n]).decode("cp1252") for n in range(0x80, 0xA0) if n not in _CP1252_HOLES}


def decode_text(content: bytes, charset: str = "") -> str:
    """Return the text that octets spell: by their mark, the declared charset, UTF-16, UTF-8, cp1252.

    A declared charset is taken where it is known and fits; one that would turn plain ASCII into something
    else (UTF-16, EBCDIC) does not fit plain ASCII. Never raises, never drops content.
    """
    for mark, codec in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace")
    codec = known_charset(charset)
    if codec and not codec.startswith("utf-") and (wide := _utf16_by_nul(content)):
        return content.decode(wide, "replace")  # no charset of single octets spells text with NUL
    if codec and (text := _fitting(content, codec)) is not None:
        return text
    if codec := _utf16_by_nul(content):
        return content.decode(codec, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return decode_cp1252(content)


def known_charset(label: str) -> str:
    """Python's codec for a charset label, '' where the label is unknown or is no charset."""
    label = label.strip().strip("\"'").lower()
    if not label or len(label) > 60 or not label.isascii():
        return ""
    label = _ALIASES.get(label, label)
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return ""
    if info.name.replace("_", "-") in _NOT_CHARSETS or not getattr(info, "_is_text_encoding", True):
        return ""
    return info.name


def decode_cp1252(content: bytes) -> str:
    """Windows-1252 as browsers read it: every octet is some character."""
    return content.decode("latin-1").translate(_CP1252)


def _fitting(content: bytes, codec: str) -> str | None:
    if codec == "cp1252":
        return decode_cp1252(content) if not _looks_utf8(content) else None
    try:
        text = content.decode(codec)
    except (UnicodeError, ValueError):
        return None
    if not text.isascii() and _NOT_ASCII.search(content) is None and not _shifts(codec):
        return None  # plain ASCII was declared to be UTF-16 or EBCDIC
    return text


def _looks_utf8(content: bytes) -> bool:
    """Whether octets declared Latin are UTF-8 all the same: Latin text hardly ever is by chance."""
    if content.isascii():
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _shifts(codec: str) -> bool:
    """Whether a charset writes other letters with plain ASCII octets, on purpose."""
    return codec in {"utf-7", "hz"} or codec.startswith("iso2022")


def _utf16_by_nul(content: bytes) -> str:
    """UTF-16 without a mark shows in NUL at every other octet of what is mostly Latin text."""
    sample = content[:4096]
    if len(sample) < 4 or b"\0" not in sample:
        return ""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.6 and even < half * 0.2:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.2:
        return "utf-16-be"
    return ""


def header_text(value: bytes) -> str:
    """Return a field's value as a reader sees it: unfolded, encoded words decoded (RFC 2047), trimmed."""
    return decode_words(decode_text(unfold(value)))


def unfold(value: bytes) -> bytes:
    """RFC 5322 2.2.3: line ends go, the white space behind them stays. Bare CR counts as white space."""
    if b"\n" not in value and b"\r" not in value:
        return value.strip(b" \t")
    return value.replace(b"\r\n", b"").replace(b"\n", b"").replace(b"\r", b" ").strip(b" \t")


def decode_words(text: str) -> str:
    """Decode every encoded word (RFC 2047), those too that stand where the standard forbids them.

    White space between two of them goes (6.2); neighbours of one charset are joined before decoding, since
    writers split in the midst of a character. What is no encoded word stays. Linear in the length.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    octets: list[bytes] = []
    charset, at = "", 0
    while (word := _next_word(text, at)) is not None:
        start, end, label, decoded = word
        between = text[at:start]
        if octets and not between.strip() and label == charset:
            octets.append(decoded)
        else:
            out.append(decode_text(b"".join(octets), charset))
            if between.strip() or not (octets or at):
                out.append(between)
            octets, charset = [decoded], label
        at = end
    out.append(decode_text(b"".join(octets), charset))
    out.append(text[at:])
    return "".join(out)


def _next_word(text: str, at: int) -> tuple[int, int, str, bytes] | None:
    """Return the next encoded word from `at`: its start, its end, its charset, its octets."""
    while (start := text.find("=?", at)) >= 0:
        first = text.find("?", start + 2, start + 80)
        if first > 0 and text[first + 2 : first + 3] == "?" and text[first + 1] in "bBqQ":
            end = text.find("?=", first + 3)
            if end < 0:
                return None  # no later word can be closed either
            label = text[start + 2 : first].partition("*")[0].lower()  # RFC 2231 5: language behind '*'
            return start, end + 2, label, _word_octets(text[first + 1], text[first + 3 : end])
        at = start + 2
    return None


def _word_octets(encoding: str, body: str) -> bytes:
    octets = body.encode("utf-8", "replace")
    if encoding in "qQ":
        return a2b_qp(octets.replace(b"_", b" ").replace(b"\n", b""))
    return lenient_base64(octets)


_BASE64 = bytes(range(256)).translate(
    None, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)


_RUNS_MOST = 2_000  # decoded one by one


def lenient_base64(octets: bytes) -> bytes:
    """Decode whatever base64 there is: other octets are skipped, each '=' ends a run."""
    if octets.count(b"=") > _RUNS_MOST:
        octets = octets.replace(b"=", b"")
    runs = octets.split(b"=")
    return b"".join(_base64_run(run) for run in runs if run)


def _base64_run(run: bytes) -> bytes:
    run = run.translate(None, _BASE64)
    if len(run) % 4 == 1:
        run = run[:-1]
    return bytes(pybase64.b64decode(run + b"=" * (-len(run) % 4), validate=True))


def percent_decode(value: bytes) -> bytes:
    """RFC 2231 4: '%41' is 'A'; what is no such triple stays."""
    return unquote_to_bytes(value)
