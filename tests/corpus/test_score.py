"""The score counts as its definition says."""

import pytest

from benchmarks.score_detection import Score, Tally, canonical, judge, same
from milter.detect.finding import Examination, Finding


def finding(kind: str, text: str) -> Finding:
    return Finding(kind, "identifier", "body", "***", 1.0, None, "test", text)


def label(**changes):
    entities = [
        {"kind": "person", "text": "KHAN, Amelia", "value": "Amelia Khan"},
        {"kind": "postcode", "text": "RG6 1AB", "value": "RG6 1AB"},
    ]
    base = {
        "file": "a.txt",
        "family": "f",
        "format": "txt",
        "protect": True,
        "high": True,
        "categories": ["child"],
        "entities": entities,
        "optional": ["Amelia Khan", "Harry Marsh"],
    }
    return base | changes


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("person", "Ms Amelia Khan", "KHAN, Amelia"),
        ("date-of-birth", "3.4.12", "2012-04-03"),
        ("date-of-birth", "3rd of April 2012", "03/04/2012"),
        ("date-of-birth", "04-Mar-1951", "4.3.51"),
        ("phone", "+44 7700 900123", "07700-900123"),
        ("nino", "\uff21\uff22123456\uff23", "ab 12 34 56 c"),
        ("email", "A.Khan@Gmail.com", "a.khan@gmail.com"),
    ],
)
def test_ways_of_writing_one_value_are_one(kind, one, other):
    """Order, case, separators, full-width forms and country codes do not matter."""
    assert canonical(kind, one) == canonical(kind, other)


def test_a_scanning_slip_still_names_the_same_number():
    """O for 0 and l for 1 are the scanner's, not another number."""
    assert same("nhs-number", ("94O 476 59l9", "9404765919"), canonical("nhs-number", "94O 476 59l9"))
    assert not same("nhs-number", ("9404765919", "9404765919"), "9404765918")


def test_a_right_document_with_right_values_counts_right():
    """An address reported whole earns its postcode, and a professional's name is not punished."""
    score = Score()
    found = (
        finding("person", "Amelia Khan"),
        finding("address", "12 Mill Lane, Earley, RG6 1AB"),
        finding("person", "Harry Marsh"),
    )
    judge(label(), Examination(protect=True, categories=("child",), findings=found), score)
    assert score.documents == Tally(right=1)
    assert score.entities["person"] == Tally(right=1)
    assert score.entities["postcode"] == Tally(right=1)
    assert score.entities["address"] == Tally(wrong=1)  # the label of this test asks for no street
    assert score.categories == Tally(right=1)


def test_a_miss_of_high_severity_is_named():
    """The misses that matter most are counted and listed."""
    score = Score()
    judge(label(), Examination(), score)
    assert score.high_missed == ["a.txt"]
    assert score.documents == Tally(missed=1)


def test_a_false_alarm_on_ordinary_paper_counts_wrong():
    """What need not be protected is counted apart, by family."""
    score = Score()
    judge(label(protect=False, high=False, entities=[], categories=[]), Examination(protect=True), score)
    assert (score.clean, score.documents.wrong, score.families["f"].wrong) == (1, 1, 1)
