"""References and tokens."""

import pytest

from milter.store.ids import read_reference, reference, token


def test_reference_reads_back_as_itself():
    """What the store makes is what a person may type."""
    made = reference()
    assert read_reference(made) == made


@pytest.mark.parametrize(
    "typed",
    [
        "SG-0123-4567-89AB",
        "sg-0123-4567-89ab",
        " sg 0123 4567 89ab ",
        "O123456789AB",
        "sg-oi23-4567-89ab",
        "SGOL23456789AB",
    ],
)
def test_reference_forgives_slips(typed: str):
    """Case, spaces, missing dashes and the letters that look like digits don't matter."""
    assert read_reference(typed) == "SG-0123-4567-89AB"


@pytest.mark.parametrize("typed", ["", "SG-", "SG-0123-4567-89AU", "SG-0123-4567", "x" * 10_000, "'--"])
def test_what_is_no_reference_is_none(typed: str):
    """Anything else is not a reference."""
    assert read_reference(typed) is None


def test_tokens_differ_and_fit_a_local_part():
    """Tokens are unlike each other and fit into an address's 64 octets whatever its case."""
    made = {token() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one) == 40 and one == one.lower() and one.isalnum() for one in made)
