"""What a detector is: the shape of one kind of personal data, and how much it is worth by itself.

Numbers (digits in groups) and codes (letters and digits) differ in how they are found; both are judged by
the same things a person would look at: check digit, issued range, label, column header, company.
"""

from collections.abc import Callable
from dataclasses import dataclass

from milter.detect.finding import Category


@dataclass(frozen=True, slots=True)
class NumberKind:
    """A number written in groups of digits."""

    kind: str
    category: Category
    shapes: tuple[tuple[int, ...], ...]  # lengths of its groups, each way it is commonly written
    valid: Callable[[str], bool]  # the check digit is right; always True where there is none
    issued: Callable[[str], bool]  # the number lies in a range in use
    alone: float  # confidence in a valid, issued number in a common grouping, without any label; 0: never
    rule: str  # where the form is published


@dataclass(frozen=True, slots=True)
class CodeKind:
    """A code of letters and digits, found by an RE2 pattern over plain text, upper or lower case."""

    kind: str
    category: Category
    pattern: str  # RE2
    valid: Callable[[str], bool]  # of the code without separators, in upper case
    alone: float  # confidence in a valid one without a label; 0: never
    loose: float  # confidence in an invalid one beside its label; 0: never
    rule: str


@dataclass(slots=True)
class Hit:
    """A personal value in the plain text of one passage, before it is masked."""

    kind: str
    category: Category
    start: int
    end: int
    confidence: float
    why: str
    private: bool = True  # False: a professional's or an organisation's, kept only to explain


def always(_: str) -> bool:
    """Nothing to check."""
    return True
