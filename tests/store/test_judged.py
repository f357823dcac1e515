"""Judged messages, their reasons and their facts."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from milter.store import judged, reports
from milter.store.engine import Store
from milter.store.judged import Judged, JudgedReason

from .conftest import START, FakeClock

MESSAGE = Judged(
    id="SG-1",
    at=START,
    node="node1",
    queue_id="ABC",
    message_id_digest="",
    sender="a@example.gov.uk",
    organisation="Example Council",
    policy="p1",
    action="HOLD",
    grade="high",
    categories=("child", "health"),
    size_bytes=2_000,
    recipients=2,
    spent_ms=12,
)
REASONS = (
    JudgedReason("body-personal-data", enforced=True, action="HOLD", recipients=2),
    JudgedReason("subject-not-marked", enforced=False, action="REFUSE", recipients=1),
)
FACTS = {"subject": "J\udcff", "parts": [{"path": "1", "findings": ["943 *** **19"]}], "none": None}


def test_message_is_given_back_as_it_was(store: Store):
    """Everything recorded of a message is there again, with its reasons and facts."""
    message = replace(MESSAGE, message_id_digest=judged.message_id_digest(store.vault, "<1@x>"))
    store.submit(lambda tx: judged.record(tx, message, REASONS, FACTS)).result()
    with store.read() as tx:
        assert judged.get(tx, "SG-1") == message
        assert judged.get(tx, "SG-2") is None
        assert judged.reasons_of(tx, "SG-1") == REASONS
        assert judged.facts_of(tx, "SG-1") == FACTS | {
            "parts": ({"path": "1", "findings": ("943 *** **19",)},)
        }


def test_message_is_found_by_what_other_logs_know(store: Store):
    """Message-ID and queue id lead to the message; neither stands in the store for others to read."""
    digest = judged.message_id_digest(store.vault, " <1@x>\r\n")
    message = replace(MESSAGE, message_id_digest=judged.message_id_digest(store.vault, "<1@x>"))
    store.submit(lambda tx: judged.record(tx, message)).result()
    with store.read() as tx:
        assert judged.find(tx, message_id_digest=digest) == (message,)
        assert judged.find(tx, queue_id="ABC") == (message,)
        assert judged.find(tx, queue_id="XYZ") == ()


def test_facts_are_sealed(store: Store):
    """No word of the facts can be read in the database."""
    store.submit(lambda tx: judged.record(tx, MESSAGE, (), {"subject": "Kestrel Smith"})).result()
    with store.read() as tx:
        sealed = tx.execute(text("SELECT sealed FROM facts")).scalar_one()
    assert b"Kestrel" not in bytes(sealed)


def test_replay_gives_a_span_of_time_in_order(store: Store):
    """A replay sees the messages of its weeks, oldest first, and skips those without facts."""
    for number in (3, 1, 2):
        message = replace(MESSAGE, id=f"SG-{number}", at=START + timedelta(days=number))
        store.submit(lambda tx, m=message: judged.record(tx, m, (), {"n": m.id})).result()
    store.submit(
        lambda tx: judged.record(tx, replace(MESSAGE, id="SG-9", at=START + timedelta(days=1)))
    ).result()
    with store.read() as tx:
        span = judged.replay(tx, START + timedelta(days=1), START + timedelta(days=3))
        assert [(message.id, told) for message, told in span] == [
            ("SG-1", {"n": "SG-1"}),
            ("SG-2", {"n": "SG-2"}),
        ]


def test_reports_count_by_week_organisation_and_rule(store: Store, clock: FakeClock):
    """Weeks begin on Monday; a monitored reason is counted with what it would have done."""
    days = (0, 6.9, 7, 8)  # two in the first week, two in the second
    for number, days_later in enumerate(days):
        message = replace(
            MESSAGE, id=f"SG-{number}", at=START + timedelta(days=days_later) - timedelta(hours=9)
        )
        store.submit(lambda tx, m=message: judged.record(tx, m, REASONS)).result()
    first, second = START.replace(hour=0), START.replace(hour=0) + timedelta(days=7)
    until = START + timedelta(days=30)
    with store.read() as tx:
        weeks = [(one.week, one.messages) for one in reports.judgements(tx, first, until)]
        rules = [
            (one.week, one.code, one.enforced, one.action, one.messages, one.recipients)
            for one in reports.rules(tx, second, until)
        ]
    assert weeks == [(first, 2), (second, 2)]
    assert rules == [
        (second, "body-personal-data", True, "HOLD", 2, 4),
        (second, "subject-not-marked", False, "REFUSE", 2, 2),
    ]
