"""Retention: what the store need not keep any longer is destroyed on schedule; register and trail stay.

`milter/outbox/schedule.py` runs it, with the days of the settings.

Guarantees: nothing that somebody still waits for is destroyed, and each purge leaves its audit row. Work is
done in small steps, so that mail does not wait behind it; call `purge` until it gives False.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, and_, delete, select, tuple_

from milter.store import audit, contents, shares
from milter.store import schema as tables
from milter.store.transaction import Transaction

_STEP = 200  # rows of one kind in one transaction


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many days each kind of thing is kept."""

    held_content: int = 30  # after the last recipient was decided for
    password: int = 14  # after its release: until then it can be sent again
    facts: int = 56  # for replay
    progress: int = 14  # longer than any upstream server tries again (RFC 5321 4.5.4.1: 4-5 days)
    judged: int = 730  # that a message was judged, and how
    outbox: int = 30  # after it was sent, failed or withdrawn
    learnt: int = 365  # after it was last seen; lists for exact matching stay


def purge(tx: Transaction, schedule: Schedule | None = None) -> bool:
    """Destroy one step's worth of what is due; True where more may be due."""
    plan = schedule or Schedule()
    counts = (
        _held_content(tx, plan),
        _passwords(tx, plan),
        _rows(tx, "facts", tables.facts, tables.facts.c.at < _before(tx, plan.facts)),
        _rows(tx, "progress", tables.progress, tables.progress.c.at < _before(tx, plan.progress)),
        _rows(tx, "judged", tables.judged, tables.judged.c.at < _before(tx, plan.judged)),
        _rows(tx, "claims", tables.claims, tables.claims.c.lease_until < _before(tx, 1)),
        _rows(tx, "sessions", tables.sessions, tables.sessions.c.expires_at < tx.now),
        _rows(tx, "invitations", tables.invitations, tables.invitations.c.expires_at < _before(tx, 30)),
        _rows(tx, "outbox", tables.outbox, _finished(tx, plan)),
        _rows(tx, "learnt", tables.learnt, _forgotten(tx, plan)),
    )
    return any(number >= _STEP for number in counts)


def _before(tx: Transaction, days: int) -> Any:
    return tx.now - timedelta(days=days)


def _held_content(tx: Transaction, plan: Schedule) -> int:
    """Destroy content that is due: of closed held messages, and what has its own date."""
    closed = (
        select(tables.contents.c.id)
        .join(tables.held, tables.held.c.content_id == tables.contents.c.id)
        .where(
            tables.contents.c.destroyed_at.is_(None),
            tables.held.c.closed_at < _before(tx, plan.held_content),
        )
    )
    dated = select(tables.contents.c.id).where(
        tables.contents.c.destroyed_at.is_(None), tables.contents.c.purge_at <= tx.now
    )
    due = tx.execute(closed.union(dated).limit(20)).scalars().all()  # up to 50 MB each
    for content_id in due:
        contents.destroy(tx, content_id, "gateway")
    return _STEP if len(due) == 20 else 0


def _passwords(tx: Transaction, plan: Schedule) -> int:
    share = tables.shares.c
    due = select(share.id).where(
        share.password_destroyed_at.is_(None),
        share.state == "released",
        share.changed_at < _before(tx, plan.password),
    )
    found = tx.execute(due.limit(_STEP)).scalars().all()
    for share_id in found:
        shares.destroy_password(tx, share_id, "gateway")
    return len(found)


def _finished(tx: Transaction, plan: Schedule) -> Any:
    item = tables.outbox.c
    return and_(item.state != "pending", item.done_at < _before(tx, plan.outbox))


def _forgotten(tx: Transaction, plan: Schedule) -> Any:
    return and_(tables.learnt.c["count"] > 0, tables.learnt.c.last_at < _before(tx, plan.learnt))


def _rows(tx: Transaction, what: str, table: Table, due: Any) -> int:
    """Delete up to a step's worth of rows, and record how many."""
    keys = list(table.primary_key.columns)
    found = tx.execute(select(*keys).where(due).limit(_STEP)).all()
    if not found:
        return 0
    these = (
        keys[0].in_([row[0] for row in found])
        if len(keys) == 1
        else tuple_(*keys).in_(list(map(tuple, found)))
    )
    gone = tx.execute(delete(table).where(these)).rowcount
    audit.purged(tx, what, gone)
    return gone
