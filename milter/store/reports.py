"""Figures for the reports: what was judged, by rule, organisation and week; time in quarantine.

Weeks begin on Monday, 00:00 UTC, and are given as that moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce

from milter.store.columns import microseconds
from milter.store.schema import held, held_recipients, judged, judged_reasons
from milter.store.transaction import Transaction

_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Judgements:
    """How many messages of one organisation came to one action in one week."""

    week: datetime
    organisation: str
    action: str
    messages: int


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often one reason was given in one week."""

    week: datetime
    code: str
    enforced: bool  # False: monitored only; what the rule would have done is `action`
    action: str
    messages: int
    recipients: int


def judgements(tx: Transaction, since: datetime, until: datetime) -> tuple[Judgements, ...]:
    """Count judged messages by week, organisation and action."""
    week = _week(judged.c.at)
    query = (
        select(week, judged.c.organisation, judged.c.action, func.count().label("messages"))
        .where(judged.c.at >= since, judged.c.at < until)
        .group_by("week", judged.c.organisation, judged.c.action)
        .order_by("week", judged.c.organisation, judged.c.action)
    )
    return tuple(
        Judgements(_monday(row.week), row.organisation, row.action, row.messages) for row in tx.execute(query)
    )


def rules(
    tx: Transaction, since: datetime, until: datetime, organisations: Sequence[str] = ()
) -> tuple[RuleCount, ...]:
    """Count reasons by week, code, and whether they were enforced; of some organisations or all."""
    reason = judged_reasons.c
    query = (
        select(
            _week(reason.at),
            reason.code,
            reason.enforced,
            reason.action,
            func.count().label("messages"),
            func.sum(reason.recipients).label("given"),
        )
        .where(reason.at >= since, reason.at < until)
        .group_by("week", reason.code, reason.enforced, reason.action)
        .order_by("week", reason.code, reason.enforced, reason.action)
    )
    if organisations:
        query = query.join(judged, judged.c.id == reason.judged_id)
        query = query.where(judged.c.organisation.in_(organisations))
    return tuple(
        RuleCount(_monday(row.week), row.code, row.enforced, row.action, row.messages, int(row.given))
        for row in tx.execute(query)
    )


def hours_in_quarantine(
    tx: Transaction, since: datetime, until: datetime, organisations: Sequence[str] = ()
) -> tuple[tuple[str, float], ...]:
    """Give (state, hours waited) for each recipient decided about in a span of time, shortest wait first."""
    query = (
        select(held_recipients.c.state, held_recipients.c.decided_at, held.c.at)
        .join(held, held.c.id == held_recipients.c.held_id)
        .where(held_recipients.c.decided_at >= since, held_recipients.c.decided_at < until)
    )
    if organisations:
        query = query.where(held.c.organisation.in_(organisations))
    waits = ((row.state, (row.decided_at - row.at) / timedelta(hours=1)) for row in tx.execute(query))
    return tuple(sorted(waits, key=lambda wait: wait[1]))


def ages(tx: Transaction, organisations: Sequence[str] = ()) -> Mapping[str, int]:
    """Count the held messages that wait, by age: 'hour', 'day', 'week', 'older'; of some organisations or all."""
    limits = (("hour", timedelta(hours=1)), ("day", timedelta(days=1)), ("week", _WEEK))
    found = dict.fromkeys(("hour", "day", "week", "older"), 0)
    query = select(held.c.at).where(held.c.waiting > 0)
    if organisations:
        query = query.where(held.c.organisation.in_(organisations))
    for row in tx.execute(query):
        age = next((name for name, limit in limits if tx.now - row.at <= limit), "older")
        found[age] += 1
    return found


def _week(column: Any) -> Any:
    number = type_coerce(column, BigInteger) - microseconds(_MONDAY)
    return (number // (_WEEK // timedelta(microseconds=1))).label("week")


def _monday(week: int) -> datetime:
    return _MONDAY + week * _WEEK
