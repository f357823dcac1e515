"""Which directorate a sender belongs to: cases of directorates.toml."""

import tomllib
from pathlib import Path

import pytest

from milter.policy.model import Directorate, Partner, Person
from milter.policy.partners import place_of

TABLE = tomllib.loads(Path(__file__).with_name("directorates.toml").read_text("utf-8"))
COUNCIL = Partner(
    "Borchester",
    "council",
    ("borchester.gov.uk",),
    own=True,
    directorates=tuple(
        Directorate(one["name"], tuple(one.get("departments", ())), tuple(one.get("senders", ())))
        for one in TABLE["directorate"]
    ),
)


@pytest.mark.parametrize("case", TABLE["case"], ids=lambda case: case["why"])
def test_a_sender_belongs_to_one_directorate_or_none(case: dict[str, str]) -> None:
    """By the address, else by the department that the directory tells; where two claim it, to none."""
    sender = Person(case["sender"], "borchester.gov.uk", "council", COUNCIL, department=case["department"])
    assert place_of(sender) == ("Borchester", case["belongs"])


def test_who_is_not_of_an_own_organisation_belongs_nowhere() -> None:
    """The null sender, and an address that no organisation has."""
    assert place_of(Person("", "", "own", department="Housing")) == ("", "")


def test_a_pattern_of_many_stars_costs_no_more_than_its_length() -> None:
    """Text that nearly fits is given up in linear time: a department is a directory's word, not ours."""
    greedy = Directorate("Odd", ("*a" * 200 + "*b",))
    council = Partner("Borchester", "council", own=True, directorates=(greedy,))
    assert place_of(Person("a@b.gov.uk", "b.gov.uk", "council", council, department="a" * 200_000))[1] == ""
