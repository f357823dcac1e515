"""Rows of a long table that are all of one form: the first are read value by value, the others are counted.

A register of ten thousand people says the same thing ten thousand times; reading each value would take seconds
and change neither verdict nor explanation. A row counts as alike only where the form of each cell in its
column (letters, figures and signs) and the private phrases that it holds have been read `most` times before, and
the gate sees no kind of value in it that is not in the rows that are read: a card number or a diagnosis in row
9,000 is read as in row 9. Guarantees linear time; leaves offsets, lines and blocks as they are.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field

from milter.detect.gate import kinds
from milter.detect.narrative import phrases
from milter.detect.page import Page

_MOST_FORMS = 50_000  # of one column that are counted: free text has a form of its own in each row
_FORM = bytes.maketrans(
    bytes((*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x100))),
    b"0" * 10 + b"a" * (26 + 26 + 64),
)
_COARSER: tuple[tuple[re.Pattern[bytes], bytes], ...] = (  # in this order
    (re.compile(rb"a[a'\-]*(?: a[a'\-]*)+|aa+"), b"a"),  # how many words a name or a street has
    (re.compile(rb"(?<=0)[ ./\-]{1,2}(?=0)"), b""),  # how a date or a number is grouped
    (re.compile(rb"0{12,}"), b"n"),
    (re.compile(rb"0{9,11}"), b"t"),  # ten digits or so: most identifiers
    (re.compile(rb"0{5,8}"), b"d"),  # a date, a sort code, an account
    (re.compile(rb"00+"), b"0"),  # house numbers, amounts, ages
)


@dataclass(slots=True)
class Before:
    """What the pieces of a table before this one held."""

    # How often each form came up, by column; what is said stands in front.
    seen: defaultdict[int, dict[Hashable, int]] = field(default_factory=lambda: defaultdict(dict))
    kinds: frozenset[int] = frozenset()


def alike(page: Page, most: int, before: Before | None = None) -> frozenset[int]:
    """The lines of a table that hold nothing but what `most` lines before them held; `most` 0 finds none.

    `before` is what the table's earlier pieces held, and holds this one too in the end.
    """
    if not most or not page.passage.table or (before is None and len(page.starts) <= most):
        return frozenset()
    before = before or Before()
    said = _said(page)
    same: list[int] = []
    for number, form in enumerate(_forms(page.octets)):
        fewest = most + 1
        for column, key in enumerate((said.get(number), *form.split(b"\t"))):
            counts = before.seen[column]
            count = counts.get(key, 0) + 1
            if count > 1 or len(counts) < _MOST_FORMS:
                counts[key] = count
            fewest = min(fewest, count)
        if fewest > most and form:
            same.append(number)
    return frozenset(_of_no_new_kind(same, page.octets.split(b"\n"), before))


def _of_no_new_kind(same: list[int], rows: list[bytes], before: Before) -> list[int]:
    """Those of some lines in which the gate sees nothing that it does not see in the other lines."""
    left = set(same)
    known = kinds(b"\n".join(row for number, row in enumerate(rows) if number not in left)) | before.kinds
    before.kinds = known
    if kinds(b"\n".join(rows[number] for number in same)) <= known:
        return same
    return [number for number in same if kinds(rows[number]) <= known]


def _forms(octets: bytes) -> list[bytes]:
    """Each line with its letters, figures and their grouping made coarse."""
    form = octets.translate(_FORM)
    for pattern, coarser in _COARSER:
        form = pattern.sub(coarser, form)
    return form.split(b"\n")


def _said(page: Page) -> dict[int, frozenset[str]]:
    """The private phrases of each line that holds any."""
    found: dict[int, frozenset[str]] = {}
    for low, high in phrases(page):
        number = bisect_right(page.starts, low) - 1
        found[number] = found.get(number, frozenset()) | {page.lower[low:high]}
    return found


__all__ = ["alike"]
