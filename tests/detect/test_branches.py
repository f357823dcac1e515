"""Alternations that are arranged for speed match what they matched as written."""

import re

import pytest

from milter.detect.branches import factored
from milter.detect.context import MAY_BE_SPECIMEN, specimen

TEXT = (
    "the shed, she said. his son's school is in year 4; sun. d.o.b 4 or dob, a b. 7 nhs n: [x] his. \x01"
    " if younger, if you ca\xe9 caf\xe9s cafe at the (only) one; on-line onward\n"
    "her herself hers year 10 Year 5, income tax incomes"
)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bson\b|\bschool\b|\bsun\b|\bs?he\b|\bshed\b",
        r"\b(?:if you|if|in|income tax|income)\b",
        r"[\x01]|\b(?:s?he|hers?|his)\b|\byear \d|\b\d\b",
        r"\bd\.?o\.?b|\bd\b|\bda?|[x\]|]|\byear (?:4|1\d)\b|\bnhs n|\b(?:a|b)\b(?! ?\.)",
        r"\b(?:on(?:ward|ly)?|one)",
        r"\bcaf\b|\bcaf\xe9s?\b",
        r"\bthe\b",
    ],
)
def test_an_arranged_pattern_finds_the_same(pattern: str) -> None:
    """Spans of all matches, as `re` gives them for the pattern as it is written."""
    wanted = [match.span() for match in re.finditer(pattern, TEXT)]
    assert wanted
    assert [match.span() for match in factored(pattern).finditer(TEXT)] == wanted


def test_branches_of_one_first_letter_keep_their_order() -> None:
    """'on|one' takes the first that fits, and so does what is made of it."""
    assert factored(r"\bon|\bone|\bx").findall("one") == ["on"]
    assert factored(r"\bone|\bon|\bx").findall("one") == ["one"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("e.g. ", ""),
        ("eg nhs number ", ""),
        ("for example ", ""),
        ("such as the ", ""),
        ("the format is ", ""),
        ("looks like ", ""),
        ("a specimen ", ""),
        ("samples: ", ""),
        ("dummy number ", ""),
        ("", " (fictional)"),
        ("", " is an example"),
        ("", " (made up)"),
        ("", ", not a real number"),
        ("", " not valid"),
        ("", " (test patient)"),
        ("test accounts are listed: ", ""),
        ("a fake card ", ""),
        ("do not use ", ""),
        ("", " (illustrative)"),
        ("for instance ", ""),
        ("in the form of ", ""),
        ("placeholder ", ""),
        ("", " - invented"),
    ],
)
def test_what_presents_an_example_is_seen_in_the_whole_page(before: str, after: str) -> None:
    """A page is asked once whether it may hold examples; that must never miss one."""
    assert specimen(before, after)
    assert MAY_BE_SPECIMEN.search(f"number {before}943 476 5919{after}.".encode("latin-1"))
