"""The values of people that were loaded for exact matching, found in one passage (`sealgate match load`).

The strongest evidence there is: this very person's identifier, or name with date of birth. Bounded: each
piece of a number is looked up a few times at most, each date with the names of its row or its few lines.
"""

import re
from collections.abc import Iterator
from itertools import islice

import re2

from milter.detect.context import latin_options
from milter.detect.date_of_birth import PATTERN as DATE
from milter.detect.detector import Hit
from milter.detect.evidence import PageEvidence
from milter.detect.match import LONGEST, Matcher, dates, name_words, written_names
from milter.detect.page import Page
from milter.detect.person import Name

WHY = "exact match"  # how the reason of each such hit begins; `decide` weighs it
_PIECES = 8  # of an identifier written in groups: 'AB 12 34 56 C' has five
_NEAR = 240  # characters between a date of birth and the name, outside tables
_APART = 5  # words from one word of a name to the other
_MOST_DATES = 50_000  # of one passage that are tried: ten seconds at worst
_NAMES = 24  # words of names beside one date that are tried together
_RUNS = re2.compile(
    rb"(?:\b[a-z]{1,6}[ .\-/_]?)?\d[0-9a-z]*(?:[ .\-/_\t\n]{1,2}[0-9a-z]*\d[0-9a-z]*)*(?:[ .\-/]?[a-z]{1,2}\b)?",
    latin_options(),
)
_DATES = re2.compile(DATE.encode("latin-1"), latin_options())
_PIECE = re.compile(r"[a-z]+|\d+")
_LABELLED = re.compile(
    r"\b(?:id|ids|ref|refs|reference|case|client|pupil|child|person|service user|patient|student|admission|upn|nhs|uln|utr|chi|passport"
    r"|mosaic|liquidlogic|lcs|ehm|swift|carefirst|sims|arbor|system)\b[\s.:#()\-]{0,3}(?:no|nos|number|numbers|id|ref|reference)?[\s.:#=()\-]{0,4}$"
)


def mark(found: PageEvidence, matcher: Matcher | None) -> list[Hit]:
    """Give the hits of a passage, and note in its names which of them are private people for certain."""
    if matcher is None or not any(char in found.page.octets for char in b"0123456789"):
        return []
    return [*_identifiers(found.page, matcher), *_people(found, matcher)]


def _identifiers(page: Page, matcher: Matcher) -> Iterator[Hit]:
    lengths = {length for one in matcher.lists for many in one.shapes.values() for length in many}
    if not lengths:
        return
    longest = min(max(lengths), LONGEST)
    tried: dict[str, tuple[str, str]] = {}
    for run in _RUNS.finditer(page.octets):
        done = 0
        for low, high, value in _windows(page.lower, run.span(), lengths, longest):
            if low < done:
                continue
            if value not in tried:
                tried[value] = _listed(matcher, value)
            kind, name = tried[value]
            if kind and _counts(page, kind, low, high):
                yield Hit(kind.rstrip("?"), "identifier", low, high, 1.0, f"{WHY}: in the list '{name}'")
                done = high


def _windows(
    text: str, span: tuple[int, int], lengths: set[int], longest: int
) -> Iterator[tuple[int, int, str]]:
    """Each row of neighbouring pieces that has the length of an identifier, and a digit in it."""
    pieces = [match.span() for match in _PIECE.finditer(text, *span)]
    for at, (low, _) in enumerate(pieces):
        value = ""
        for piece, high in pieces[at : at + _PIECES]:
            value += text[piece:high]
            if len(value) > longest:
                break
            if len(value) in lengths and any(char.isdigit() for char in value):
                yield low, high, value


def _listed(matcher: Matcher, value: str) -> tuple[str, str]:
    """The kind and the list of an identifier; ('', '') where it is in none."""
    for one, kind in matcher.kinds_of(len(value)):
        if matcher.identifier(one, kind, value):
            return kind, one.name
    return "", ""


def _counts(page: Page, kind: str, low: int, high: int) -> bool:
    """Say whether a listed number counts where it stands: a common one beside a label, a reference not as an invoice's."""
    if kind.endswith("?"):
        return _labelled(page, low)
    return kind != "reference" or page.label(low, high).name != "other" or _labelled(page, low)


def _labelled(page: Page, low: int) -> bool:
    """Say whether a label of people stands before a value or above its column."""
    line = page.line(page.line_at(low))[0]
    return bool(
        _LABELLED.search(page.lower[max(line, low - 50) : low]) or _LABELLED.search(_heading(page, line, low))
    )


def _heading(page: Page, line: int, low: int) -> str:
    """The heading of a value's column: of the table that was recognised, else in a sheet's first line."""
    heading = page.column(low)[1].lower()
    if heading or not page.passage.table:
        return heading
    top = page.lower[slice(*page.line(0))].split("\t")
    column = page.text.count("\t", line, low)
    return top[column] if column < len(top) else ""


def _people(found: PageEvidence, matcher: Matcher) -> Iterator[Hit]:
    page = found.page
    known: dict[str, tuple[str, ...]] = {}
    for match in islice(_DATES.finditer(page.octets), _MOST_DATES):
        low, high = match.span()
        days = dates(page.lower[low:high])
        if not days:
            continue
        words = _names_near(page, low, high, matcher, known)
        listed, start, end = _person(words, days, matcher)
        if listed:
            _note(found, start, end)
            yield Hit(
                "date-of-birth", "identifier", low, high, 1.0, f"{WHY}: with the name, in the list '{listed}'"
            )


def _names_near(
    page: Page, low: int, high: int, matcher: Matcher, known: dict[str, tuple[str, ...]]
) -> list[tuple[int, int, int, str]]:
    """Words near a date that stand in anybody's name on the lists: number of the word, span, form."""
    start, end = _window(page, low, high)
    words: list[tuple[int, int, int, str]] = []
    for number, match in enumerate(written_names(page.lower[start:end])):
        written = match.group()
        if written not in known:
            known[written] = tuple(word for word in name_words(written) if matcher.word(word))
        for word in known[written]:
            words.append((number, start + match.start(), start + match.end(), word))
    middle = (low + high) // 2
    words.sort(key=lambda one: abs(one[1] - middle))
    return sorted(words[:_NAMES])


def _window(page: Page, low: int, high: int) -> tuple[int, int]:
    """Where the name of a date of birth may stand: in its row, else on the lines around it."""
    line = page.line_at(low)
    if page.block_at(line) is not None:
        return page.line(line)
    first, last = max(0, line - 3), min(len(page.starts) - 1, line + 3)
    return max(page.line(first)[0], low - _NEAR), min(page.line(last)[1], high + _NEAR)


def _person(
    words: list[tuple[int, int, int, str]], days: tuple[int, ...], matcher: Matcher
) -> tuple[str, int, int]:
    """The list that has two of the words with one of the days, and where they stand."""
    for at, (number, start, end, word) in enumerate(words):
        for other, begin, stop, second in words[at + 1 :]:
            if other - number > _APART:
                break
            if other == number or word == second:
                continue
            for day in days:
                if listed := matcher.person(word, second, day):
                    return listed, min(start, begin), max(end, stop)
    return "", 0, 0


def _note(found: PageEvidence, start: int, end: int) -> None:
    """Take the name that stands there for a private person's; add it where nothing was taken for a name."""
    there = [name for name in found.names if name.start < end and start < name.end]
    for name in there:
        name.role, name.sure, name.why = 1, 1.0, WHY
    if not there:
        words = tuple(found.page.text[start:end].split())[:_APART]
        found.names = sorted([*found.names, Name(start, end, words, 1.0, 1, WHY)], key=lambda one: one.start)
