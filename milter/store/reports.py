"""Figures for the reports: what was judged, by rule, organisation and week; time in quarantine.

Weeks begin on Monday, 00:00 UTC, and are given as that moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, func, select, type_coerce

from milter.store import weekly
from milter.store.schema import held, held_recipients
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction

_HOUR = 3_600_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Judgements:
    """How many messages of one organisation came to one action in one week."""

    week: datetime
    organisation: str
    directorate: str
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


def judgements(
    tx: Transaction, since: datetime, until: datetime, scope: Scope = EVERYTHING
) -> tuple[Judgements, ...]:
    """Count the judged messages of a scope by week, organisation, directorate and action."""
    rows = weekly.counted(tx, "messages", ("organisation", "directorate", "action"), since, until, scope)
    return tuple(Judgements(*row[:-1]) for row in sorted(rows))


def rules(
    tx: Transaction, since: datetime, until: datetime, scope: Scope = EVERYTHING
) -> tuple[RuleCount, ...]:
    """Count the reasons of a scope by week, code, and whether they were enforced."""
    rows = weekly.counted(tx, "reasons", ("code", "enforced", "action"), since, until, scope)
    return tuple(RuleCount(*row) for row in sorted(rows))


def hours_in_quarantine(
    tx: Transaction, since: datetime, until: datetime, scope: Scope = EVERYTHING
) -> tuple[tuple[str, float], ...]:
    """Give (state, hours waited) for each recipient decided about in a span of time, shortest wait first."""
    waited = type_coerce(held_recipients.c.decided_at, BigInteger) - type_coerce(held.c.at, BigInteger)
    query = (
        select(held_recipients.c.state, waited.label("waited"))
        .join(held, held.c.id == held_recipients.c.held_id)
        .where(held_recipients.c.decided_at >= since, held_recipients.c.decided_at < until)
        .where(*scope.where(held.c.organisation, held.c.directorate))
        .order_by("waited")
    )
    return tuple((row.state, row.waited / _HOUR) for row in tx.execute(query))


def ages(tx: Transaction, scope: Scope = EVERYTHING) -> Mapping[str, int]:
    """Count the held messages of a scope that wait, by age: 'hour', 'day', 'week', 'older'."""
    limits = (("hour", timedelta(hours=1)), ("day", timedelta(days=1)), ("week", timedelta(days=7)))
    within = [func.count().filter(held.c.at >= tx.now - limit) for _, limit in limits]
    query = select(*within, func.count()).where(held.c.waiting > 0)
    seen = tx.execute(query.where(*scope.where(held.c.organisation, held.c.directorate))).one()
    names = (*(name for name, _ in limits), "older")
    return {name: more - fewer for name, more, fewer in zip(names, seen, (0, *seen), strict=False)}
