"""Verdicts of people on findings keep features that help tuning, and nothing of what the message said."""

from typing import Any

import pytest

from milter.errors import RequestError
from milter.store import feedback, judged, talk
from milter.store.engine import Store
from milter.store.judged import Judged, JudgedReason

from .conftest import START

FACTS: dict[str, Any] = {
    "parts": [
        {
            "format": "docx",
            "role": "attachment",
            "examination": {
                "grade": "medium",
                "findings": [
                    {"kind": "nhs-number", "confidence": 0.8, "where": "body"},
                    {"kind": "person", "confidence": 0.9, "where": "body"},
                ],
            },
        }
    ]
}


def record(store: Store, told: Any = FACTS) -> None:
    row = Judged(
        "SG-J1", START, "n", "", "", "a@x.example", "Borchester", "p1", "HOLD", "medium", ("health",), 9, 2
    )
    reasons = (JudgedReason("near-miss", True, "HOLD", 1),)
    store.submit(lambda tx: judged.record(tx, row, reasons, told)).result()


def given(store: Store) -> tuple[Any, ...]:
    with store.read() as tx:
        return talk.feedback_given(tx, START)


def test_a_finding_called_false_is_kept_with_its_features(store: Store):
    """Kind, confidence, format and company are there; the address and the message are not."""
    record(store)
    store.submit(lambda tx: feedback.give(tx, "SG-J1", "cli:a", "false-positive", "nhs-number")).result()
    ((code, verdict, features),) = given(store)
    assert (code, verdict) == ("nhs-number", "false-positive")
    assert features["places"] == (
        {"format": "docx", "role": "attachment", "confidence": 0.8, "part-grade": "medium"},
    )
    assert features["company"] == ("person",)
    assert features["policy"] == "p1"
    assert "a@x.example" not in str(features)


def test_a_reason_called_false_is_kept_with_what_was_done(store: Store):
    """The action and whether it was enforced tell what the false alarm cost."""
    record(store)
    store.submit(lambda tx: feedback.give(tx, "SG-J1", "cli:a", "false-positive", "near-miss")).result()
    ((_, _, features),) = given(store)
    assert (features["reason-action"], features["enforced"]) == ("HOLD", True)


@pytest.mark.parametrize(
    ("judged_id", "verdict", "code"),
    [
        ("SG-NONE", "right", "near-miss"),
        ("SG-J1", "perhaps", "near-miss"),
        ("SG-J1", "right", "nino"),
        ("SG-J1", "missed", "Ella Smith"),
    ],
)
def test_a_verdict_on_nothing_is_refused(store: Store, judged_id: str, verdict: str, code: str):
    """Neither an unknown message, nor an unknown verdict, nor what the message has not; and never free words."""
    record(store)
    with pytest.raises(RequestError):
        store.submit(lambda tx: feedback.give(tx, judged_id, "cli:a", verdict, code)).result()
    assert given(store) == ()


def test_what_was_missed_may_be_of_any_kind(store: Store):
    """A kind that nothing was found of is what a miss is; so is any kind once the facts are gone."""
    record(store, None)
    for verdict in ("missed", "false-positive"):
        store.submit(lambda tx, v=verdict: feedback.give(tx, "SG-J1", "cli:a", v, "nino")).result()
    assert [(code, verdict) for code, verdict, _ in given(store)] == [
        ("nino", "missed"),
        ("nino", "false-positive"),
    ]
