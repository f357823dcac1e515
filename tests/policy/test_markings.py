"""Markings in subjects, protective ones (P2) and 'Private and Confidential' (E3)."""

import pytest

from milter.policy.markings import MAX_SUBJECT, marking_of
from milter.policy.policy import Policy
from milter.policy.rules.marking import is_marked


@pytest.mark.parametrize(
    ("subject", "marking"),
    [
        ("OFFICIAL-SENSITIVE: review", "OFFICIAL-SENSITIVE"),
        ("OFFICIAL SENSITIVE Jamie's plan", "OFFICIAL-SENSITIVE"),
        ("RE: FW: OFFICIAL - SENSITIVE - plan", "OFFICIAL-SENSITIVE"),
        ("[OFFICIAL\u2011SENSITIVE] plan", "OFFICIAL-SENSITIVE"),
        ("Minutes (PROTECT)", "PROTECT"),
        ("Minutes - RESTRICTED", "RESTRICTED"),
        ("OFFICIAL: agenda", "OFFICIAL"),
        ("CONFIDENTIAL - tender", "CONFIDENTIAL"),
        ("TOP SECRET", "TOP SECRET"),
        ("OFFICIAL - and SECRET: both", "OFFICIAL"),
        ("PRIVATE AND CONFIDENTIAL - plan", ""),
        ("PRIVATE & CONFIDENTIAL: plan", ""),
        ("CONFIDENTIAL & PRIVATE: plan", ""),
        ("STRICTLY CONFIDENTIAL", ""),
        ("RESTRICTED PARKING ZONES", ""),
        ("How we protect your data", ""),
        ("Secret Santa", ""),
        ("UNOFFICIAL", ""),
        ("", ""),
    ],
)
def test_marking_of(policy: Policy, subject: str, marking: str) -> None:
    """A marking is found where people put it, and words that only look like one are none."""
    assert marking_of(subject, policy.markings) == marking


def test_the_gravest_marking_counts(policy: Policy) -> None:
    """Of several markings the gravest is taken, wherever it stands."""
    assert (
        marking_of("OFFICIAL: was RESTRICTED - now (OFFICIAL-SENSITIVE)", policy.markings)
        == "OFFICIAL-SENSITIVE"
    )


def test_a_huge_subject_is_cut() -> None:
    """What stands behind the limit is not searched."""
    assert marking_of("x" * MAX_SUBJECT + " - PROTECT", ("PROTECT",)) == ""


@pytest.mark.parametrize(
    ("subject", "marked"),
    [
        ("Private and Confidential", True),
        ("PRIVATE AND CONFIDENTIAL - Jamie", True),
        ("RE: FW: private & confidential", True),
        ("Private-and-Confidential: plan", True),
        ("Private + Confidential", True),
        ("OFFICIAL-SENSITIVE - Private and Confidential", True),
        ("Jamie (strictly private and confidential)", True),
        ("\uff30\uff32\uff29\uff36\uff21\uff34\uff25 and confidential", True),
        ("Preifat a Chyfrinachol", True),
        ("Private", False),
        ("Confidential", False),
        ("Private and confidentiality policy", False),
        ("", False),
    ],
)
def test_is_marked(policy: Policy, subject: str, marked: bool) -> None:
    """The subject's marking is accepted in any case, behind prefixes, in the policy's words and synonyms only."""
    assert is_marked(subject, (policy.subject_mark, *policy.subject_synonyms)) is marked
