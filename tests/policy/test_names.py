"""Names of people in one form, whichever way they are written, and no names where there are none."""

import pytest

from milter.policy.names import local_key, name_key, same_person


@pytest.mark.parametrize(
    ("shown", "key"),
    [
        ("SMITH, John (Adult Care)", "john smith"),
        ("Mr John A. Smith", "john smith"),
        ("John Smith [external]", "john smith"),
        ("Jane O\u2019Neill-Brown", "brown jane oneill"),
        ("Dr Amira Khan - Borsetshire NHS", "amira khan"),
        ("Bj\u00f6rn \u00c5str\u00f6m", "astrom bjorn"),
        ("john.smith@x.example", "john smith"),
        ("School Office", ""),
        ("Admissions Team", ""),
        ("John", ""),
        ("J. S.", ""),
        ("", ""),
        ("\u674e \u660e", ""),
        ("x" * 100_000, ""),
    ],
)
def test_name(shown: str, key: str) -> None:
    """Order, titles, initials, brackets, accents and case don't matter; offices and single words are no person."""
    assert name_key(shown) == key


@pytest.mark.parametrize(
    ("local", "key"),
    [
        ("john.smith2", "john smith"),
        ("J_Smith_John", "john smith"),
        ("jsmith", ""),
        ("school.office", ""),
        ("4711", ""),
    ],
)
def test_local_part(local: str, key: str) -> None:
    """The words of a local part are a name where there are two."""
    assert local_key(local) == key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("jane.smith72", "janesmith", True),
        ("jsmith", "jane.smith", True),
        ("smithj", "jane.smith", True),
        ("smithjane1", "jane.smith", True),
        ("ksmith", "jane.smith", False),
        ("jane", "jane.smith", False),
        ("j.li", "jane.li", False),
        ("ali", "ali", False),
        ("", "", False),
    ],
)
def test_same_person(one: str, other: str, same: bool) -> None:
    """Two local parts name one person, in either order of the arguments; short names may be anybody's."""
    assert same_person(one, other) is same
    assert same_person(other, one) is same
