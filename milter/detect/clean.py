"""Text made plain once, before any detector looks at it: one byte a character, with a way back.

Full-width and mathematical digits, look-alike letters, zero-width characters, soft hyphens, no-break spaces,
typographic dashes and quotes and HTML entities hide a number from a pattern and not from a reader. After
`clean` they are gone, every character is one Latin-1 byte, and a span found in the plain text leads back to
the span of the original. Guarantees: linear time; line ends are '\\n'; character and byte offsets agree.
"""

import html
import re
import unicodedata
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field

_MOST_MARKS = 1_000_000  # beyond that the way back is given up, not the inspection: memory stays bounded
_ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});"
_ORDINARY = frozenset("\n\t" + "".join(map(chr, range(0x20, 0x7F))) + "".join(map(chr, range(0xA1, 0x100)))) - {
    "\x60", "\xad", "\xb4"
}  # fmt: skip
_PLAIN = {
    "\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n",
    "\xa0": " ", "\xad": "", "\x91": "'", "\x92": "'", "\x93": '"', "\x94": '"',
    "\x96": "-", "\x97": "-", "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'",
    "\u02bc": "'", "\xb4": "'", "\x60": "'", "\u201c": '"', "\u201d": '"', "\u2022": "\xb7",
    "\u25cf": "\xb7", "\u2212": "-", "\u2044": "/", "\u2215": "/", "\u2024": ".",
}  # fmt: skip
_LOOKALIKES = dict(
    zip(
        "АВЕКМНОРСТХаеорсухіјЅѕԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοıłŁđĐſ",
        "ABEKMHOPCTXaeopcyxijSsqwABEZHIKMNOPTYXoilLdDs",
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Clean:
    """Plain text and where it came from."""

    text: str
    octets: bytes  # the same, one byte a character, for RE2
    marks: "array[int]" = field(default_factory=lambda: array("q"))  # offsets where the distance changes
    shifts: "array[int]" = field(default_factory=lambda: array("q"))  # what to add from that mark on
    lost: bool = False  # too much was changed to keep the way back

    def origin(self, start: int, end: int) -> tuple[int, int] | None:
        """The original's span of a non-empty span of the plain text; None where the way back was lost."""
        if self.lost:
            return None
        if not self.marks:
            return start, end
        return self._back(start), self._back(end - 1) + 1

    def _back(self, offset: int) -> int:
        at = bisect_right(self.marks, offset) - 1
        return offset + (self.shifts[at] if at >= 0 else 0)


def clean(text: str) -> Clean:
    """Make text plain. Costs next to nothing where it is plain already."""
    text = text.replace("\r\n", " \n")
    odd = {char: _plain(char) for char in set(text) - _ORDINARY}
    alike = {ord(char): new for char, new in odd.items() if len(new) == 1}
    if alike:
        text = text.translate(alike)
    longer = "".join(char for char, new in odd.items() if len(new) != 1)
    if not longer and "&" not in text:
        return Clean(text, text.encode("latin-1"))
    pattern = re.compile(f"[{re.escape(longer)}]|{_ENTITY}" if longer else _ENTITY)
    return _replaced(text, pattern, odd)


def _replaced(text: str, pattern: re.Pattern[str], odd: dict[str, str]) -> Clean:
    pieces: list[str] = []
    marks, shifts = array("q"), array("q")
    done = length = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        new = odd[match.group()] if end - start == 1 else _entity(match.group())
        if new == match.group():
            continue
        pieces += (text[done:start], new)
        length += start - done
        if len(marks) < _MOST_MARKS:
            for extra in range(1, len(new)):  # every character of an expansion leads back to what it was
                marks.append(length + extra)
                shifts.append(start - length - extra)
            marks.append(length + len(new))
            shifts.append(end - length - len(new))
        length += len(new)
        done = end
    pieces.append(text[done:])
    plain = "".join(pieces)
    return Clean(plain, plain.encode("latin-1"), marks, shifts, lost=len(marks) >= _MOST_MARKS)


def _entity(entity: str) -> str:
    return "".join(char if char in _ORDINARY else _plain(char) for char in html.unescape(entity))


def _plain(char: str) -> str:
    """What one character looks like in Latin-1; '' where it shows nothing."""
    if char in _PLAIN or char in _LOOKALIKES:
        return _PLAIN.get(char) or _LOOKALIKES.get(char, "")
    category = unicodedata.category(char)
    if category in ("Cf", "Mn", "Me"):
        return ""
    if category == "Pd":
        return "-"
    if category[0] in "ZC":
        return " "
    if category == "Nd":
        return str(unicodedata.digit(char))
    folded = "".join(kept for kept in unicodedata.normalize("NFKD", char) if not unicodedata.combining(kept))
    if folded and folded.isascii():
        return folded
    return {"Lu": "\xd0", "Ll": "\xf0", "Lo": "\xf0"}.get(category, "\xa4")
