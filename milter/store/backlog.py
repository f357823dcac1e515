"""How much waits in the store: for a reviewer, for the outbox, for an operator. Counts and ages only (law 8)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from milter.store.schema import held, outbox
from milter.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits now; ages in seconds, 0 where nothing does."""

    held: int = 0  # messages with a recipient that nobody decided for
    held_oldest: float = 0.0
    owed: int = 0  # messages that the store asks to be sent
    owed_late: float = 0.0  # since the first of them was due
    failed: int = 0  # messages that could not be sent, for an operator


def backlog(tx: Transaction) -> Backlog:
    """Count what waits, by index."""
    holding = tx.one(
        select(func.count().label("n"), func.min(held.c.at).label("since")).where(held.c.waiting > 0)
    )
    pending = outbox.c.state == "pending"
    owed = tx.one(
        select(func.count().label("n"), func.min(outbox.c.not_before).label("since")).where(pending)
    )
    failed = tx.one(select(func.count().label("n")).where(outbox.c.state == "failed"))
    assert holding is not None  # a count always has a row
    assert owed is not None
    assert failed is not None
    return Backlog(
        held=holding.n,
        held_oldest=_age(holding.since, tx.now),
        owed=owed.n,
        owed_late=_age(owed.since, tx.now),
        failed=failed.n,
    )


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
