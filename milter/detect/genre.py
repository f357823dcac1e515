"""What kind of paper a document is: minutes, notice, newsletter, advert, policy, form, fiction, invoice ... (N2-N6).

Told by phrases that belong to a kind, at the head of the document above all. A kind never decides by itself:
it says how much weight a name or an address in it deserves, and a confidential paper is never a published one.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from milter.detect.context import cased_options, latin_options
from milter.detect.lexicon import phrase_pattern, shipped
from milter.detect.page import Page
from milter.detect.sieve import Sieve
from milter.detect.signature import DISCLAIMER

_HEAD = 12_000  # characters of a document that are looked at from its start, and from its end
_TAIL = 4_000
_BLANK = re.compile(
    r"_{4,}|\.{6,}|\u2610|\[ ?\]|\( ?\)|\{\{[^}\n]{1,40}\}\}|\xab[^\xbb\n]{1,40}\xbb|<<[^>\n]{1,40}>>|\[[A-Za-z][A-Za-z '/]{2,40}\]|<[A-Za-z][A-Za-z _]{2,30}>|%[A-Z_]{3,}%|\$\{[^}\n]{1,40}\}|\b[Xx]{3,}\b|\bDD/MM/YYYY\b"
)
_FIELD = re.compile(r"(?m)^[ \t]*[A-Z][A-Za-z /()'.\-]{2,50}:?[ \t]*(?:_{3,}|\.{4,}|\t*)$")
_FIELD_FAST = re2.compile(
    _FIELD.pattern.encode(), cased_options()
)  # the same: it says nothing of words or edges
_REDACTED = re.compile(
    r"\[?\bredacted\b\]?|\u2588+|\[name removed\]|\[withheld\]|xxxx+|\*{4,}", re.IGNORECASE
)
_OLD_YEARS = re.compile(r"\b1(?:[4-8]\d\d|9[01]\d)\b")
_SPECIMEN = re.compile(
    r"(?m)^\W{0,6}(?:SPECIMEN|SAMPLE|EXAMPLE|DUMMY|Specimen|Sample)(?: (?:ONLY|COPY|LETTER|DATA|only|copy|letter|data))?\W{0,6}$"
    r"|\b(?:SPECIMEN|DUMMY DATA|TEST DATA|SAMPLE DATA)\b"
)
_NOBODY = re.compile(
    r"\b(?:A\.? ?N\.? Other|Joe Bloggs|J\.? Bloggs|Fred Bloggs|John Doe|Jane Doe|Anytown|Any Street|Mickey Mouse|Donald Duck"
    r"|Test Test|Test Pupil|Test Patient|Anyshire|Somewhere Street)\b"
)
_SHARE = re.compile(r"\d ?%|\b\d+ per cent")
_SPEAKER = re.compile(r"(?m)^[A-Z]{3,}(?: [A-Z]{2,}){0,2}: [A-Z]")
_PATTERNS = (_SHARE, _SPEAKER, _OLD_YEARS, _SPECIMEN, _NOBODY, _BLANK, _REDACTED)
_GENRES = (
    "minutes",
    "published",
    "advert",
    "policy",
    "form",
    "fiction",
    "history",
    "business",
    "statistics",
    "meeting",
    "confidential",
)


@dataclass(frozen=True, slots=True)
class Genre:
    """Points for each kind of paper."""

    points: dict[str, int]
    blanks: int  # fields left open, merge marks
    redacted: int

    def is_a(self, *names: str, least: int = 4) -> bool:
        """Say whether the document is taken for one of these kinds."""
        return any(self.points.get(name, 0) >= least for name in names)


@lru_cache(maxsize=1)
def _sieve() -> Sieve:
    return Sieve(*_PATTERNS)


@lru_cache(maxsize=1)
def _signs() -> tuple[Any, dict[str, list[tuple[str, int]]]]:
    signs: dict[str, list[tuple[str, int]]] = {}
    for sign in shipped().signs:
        signs.setdefault(sign.phrase, []).append((sign.genre, sign.weight))
    ordered = list(signs)
    options = latin_options()
    gate = re2.Set.SearchSet(options)
    for phrase in ordered:
        gate.Add(phrase_pattern(phrase).encode("latin-1", "ignore") or b"\\x00\\x00")
    gate.Compile()
    return gate, {str(at): signs[phrase] for at, phrase in enumerate(ordered)}


def _undisclaimed(octets: bytes) -> bytes:
    """The text without standing disclaimers: they call every mail confidential."""
    kept: list[bytes] = []
    done = 0
    for match in DISCLAIMER.finditer(octets):
        if match.start() >= done:
            kept.append(octets[done : match.start()])
            end = octets.find(b"\n\n", match.end())
            done = len(octets) if end < 0 else end
    return b"".join((*kept, octets[done:]))


def judge(pages: list[Page], name: str) -> Genre:
    """Tell the kind of a document from its first and last passages and its file name."""
    head: list[bytes] = []
    size = 0
    for page in pages:
        if page.quiet:
            continue
        head.append(_undisclaimed(page.octets[: _HEAD - size]))
        size += len(head[-1])
        if size >= _HEAD:
            break
    last = next((page for page in reversed(pages) if not page.quiet), None)
    tail = _undisclaimed(last.octets[-_TAIL:]) if last and size >= _HEAD else b""
    text = b"\n".join((name.replace("_", " ").replace("-", " ").encode("latin-1", "replace"), *head, tail))
    gate, meaning = _signs()
    points = dict.fromkeys(_GENRES, 0)
    for at in gate.Match(text) or ():
        for genre, weight in meaning[str(at)]:
            points[genre] += weight
    there = _sieve().there(text)
    plain = text.decode("latin-1")
    shares, speakers, years, specimens, nobodies, blanks, redacted = (
        pattern.findall(plain) if number in there else () for number, pattern in enumerate(_PATTERNS)
    )
    fields = sum(1 for _ in _FIELD_FAST.finditer(text))
    points["statistics"] += 2 * min(len(shares) // 3, 4)
    points["fiction"] += 4 * (len(speakers) >= 6)
    points["history"] += 3 * min(len(years) // 2, 3)
    points["fiction"] += 8 * bool(specimens) + 4 * len(set(nobodies))
    return Genre(points, len(blanks) + fields // 2, len(redacted))
