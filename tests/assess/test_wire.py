"""What a child tells of a message arrives as it was, and nothing that is otherwise made is believed."""

import json
from dataclasses import asdict

import pytest

from milter.assess.wire import from_json, to_json
from milter.detect.finding import Examination, Finding, Grade
from milter.policy.facts import PartFacts

FACTS = PartFacts(
    "2/1",
    "attachment",
    "Klassenliste.xlsx",
    "xlsx",
    "limit",
    "weak",
    "ZipCrypto",
    ("polyglot",),
    "too long",
    Examination(
        True,
        Grade.HIGH,
        ("identifier", "child"),
        (
            Finding("nhs-number", "identifier", "sheet 'A'", "943 *** **19", 0.9, (3, 15), "labelled"),
            Finding("person", "contact", "body", "E*** S****", 1.0, None, "a title", "Ella Smith"),
        ),
        ("a table of people",),
    ),
    "2",
    True,
)


def test_facts_cross_whole() -> None:
    """Every field of a part, its examination and its findings is the same on the other side."""
    assert from_json(json.loads(json.dumps(to_json((FACTS,))))) == (FACTS,)


def test_facts_that_were_kept_by_name_are_read_still() -> None:
    """What a store holds of earlier judgements names the fields of a finding."""
    assert from_json(json.loads(json.dumps([asdict(FACTS)]))) == (FACTS,)


@pytest.mark.parametrize(
    "finding",
    [
        [],
        ["nhs-number"],
        {"kind": "nhs-number"},
        "nhs-number",
        3,
        None,
        ["k", "no category", "", "", 1, None, "", ""],
    ],
)
def test_a_finding_of_another_shape_is_refused(finding: object) -> None:
    """A child that was taken over gets no further than a ValueError."""
    told = to_json((FACTS,))
    told[0]["examination"]["findings"] = [finding]
    with pytest.raises(ValueError, match="child's answer"):
        from_json(told)
