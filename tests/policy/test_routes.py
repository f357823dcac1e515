"""The shipped route table, against a table that IT can read and add to."""

import csv
from pathlib import Path

import pytest

from milter.policy.case import Load, row_for
from milter.policy.matrix import matrix
from milter.policy.model import KINDS, Person
from milter.policy.policy import Policy

ROWS = list(csv.DictReader((Path(__file__).parent / "routes.csv").read_text("utf-8").splitlines()))


def load_of(word: str, marking: str) -> Load:
    """Give what the table's 'data' column means."""
    if marking:
        return Load("marking", frozenset({word}))
    if word in {"none", "locked"}:
        return Load(word, frozenset({word}))
    return Load("personal", frozenset({"personal", word}))


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['from']}-{row['to']}-{row['data']}-{row['marking']}"
)
def test_demand(policy: Policy, row: dict[str, str]) -> None:
    """The shipped table demands what the guide says, for the reason that it gives."""
    sender = Person("", "", row["from"])  # type: ignore[arg-type]
    recipient = Person("", "", row["to"], route=row["evidence"])  # type: ignore[arg-type]
    found = row_for(sender, recipient, load_of(row["data"], row["marking"]), row["marking"], policy)
    assert (found.demand if found else "") == row["demand"], row["why"]
    assert (found.reason if found else "") == row["reason"], row["why"]


def test_every_row_is_tried(policy: Policy) -> None:
    """The table of examples reaches every row of the shipped policy, so a row nobody tried can't slip in."""
    reached = set()
    for row in ROWS:
        person = Person("", "", row["to"], route=row["evidence"])  # type: ignore[arg-type]
        load = load_of(row["data"], row["marking"])
        found = row_for(Person("", "", row["from"]), person, load, row["marking"], policy)  # type: ignore[arg-type]
        reached.add(found.number if found else 0)
    assert {row.number for row in policy.rows} <= reached


def test_matrix_says_what_the_table_says(policy: Policy) -> None:
    """The printed page has a block for each own kind, a line for each kind of recipient, and the row that decides."""
    page = matrix(policy)
    council, school = page.index("From council;"), page.index("From school;")
    blocks = page[council:school], page[school:]
    for block in blocks:
        for kind in KINDS:
            assert any(line.startswith(kind) for line in block.splitlines())
    line = next(line for line in blocks[0].splitlines() if line.startswith("school"))
    decides = next(row.number for row in policy.rows if row.reason == "school-in-clear")
    assert f"encrypt [{decides}]" in line


def test_matrix_names_partners_with_a_demand_of_their_own(policy: Policy) -> None:
    """A partner whose own demand replaces the table's is on the page, since the table alone would mislead."""
    assert "Felpersham Hospitals NHS Trust: verified-tls" in matrix(policy)
    assert "Brookfield Carers" not in matrix(policy)
