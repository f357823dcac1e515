"""Long documents written by hand in the voices of councils and schools: is each one to be protected?

A document whose answer is known to be wrong today carries `known_wrong`, the reason, in `expected.toml`.
"""

import tomllib
from pathlib import Path

import pytest

from milter.assess.inspect import Knowledge, inspect_file, union
from milter.detect.examine import Detectors

FOLDER = Path(__file__).parent
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))


def cases():
    for name, expected in EXPECTED.items():
        wrong = expected.get("known_wrong")
        yield pytest.param(
            name, id=name, marks=pytest.mark.xfail(reason=wrong, strict=False) if wrong else ()
        )


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(Detectors())


@pytest.mark.parametrize("name", list(cases()))
def test_the_decision_is_right(name, knowledge):
    """What a council would protect is protected, and ordinary paper is let be."""
    content = (FOLDER / f"{name}.txt").read_bytes()
    examination = union(inspect_file(content, f"{name}.txt", knowledge))
    assert examination.protect == EXPECTED[name]["protect"], EXPECTED[name]["why"]


def test_every_document_has_its_expectation():
    """No text lies here unjudged, and no expectation is without its text."""
    assert {file.stem for file in FOLDER.glob("*.txt")} == set(EXPECTED)
    assert all(expected["why"] for expected in EXPECTED.values())
