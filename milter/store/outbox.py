"""What the daemon is asked to send (law 6): written with the change that asks for it, sent once.

Guarantees: of two items with the same `dedupe` the second is not put; an item is leased to one owner at a
time; what was sent is never leased again. The attempt is counted before the sending, so one that was cut off
by a crash shows. An item's payload is sealed, and destroyed once it was sent.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from milter.store import audit
from milter.store.columns import canonical, frozen
from milter.store.schema import outbox
from milter.store.transaction import Transaction, changed, need, value_of

_WAITS = (60, 300, 900, 1_800, 3_600)  # seconds before the next attempt; then every four hours
_WAIT_AT_LAST = 14_400


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be sent, with what is needed to make it."""

    id: int
    kind: str  # 'release' 'password' 'reminder' 'notice-...': the daemon has a way to carry out each
    subject: str  # reference of the share or held message
    dedupe: str
    at: datetime
    not_before: datetime
    state: str  # pending sent failed withdrawn
    attempts: int  # this one included
    content_id: str
    error: str
    payload: Mapping[str, Any]  # {} once it is destroyed


def put(
    tx: Transaction,
    kind: str,
    subject: str,
    dedupe: str,
    payload: Mapping[str, Any],
    *,
    actor: str = "gateway",
    content_id: str = "",
    not_before: datetime | None = None,
) -> int | None:
    """Ask for something to be sent; None where `dedupe` was asked for before. Payload values are JSON.

    The payload carries all that sending needs, the envelope too; `content_id` names kept content beside it.
    """
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(outbox).values(
        kind=kind,
        subject=subject,
        dedupe=dedupe,
        at=tx.now,
        not_before=not_before or tx.now,
        state="pending",
        attempts=0,
        lease_owner="",
        sealed_payload=tx.vault.seal("outbox", f"outbox/{dedupe}", canonical(payload).encode()),
        content_id=content_id,
        error="",
    )
    added = row.on_conflict_do_nothing(index_elements=["dedupe"]).returning(outbox.c.id)
    number: int | None = tx.execute(added).scalar()
    if number is not None:
        audit.outbox_put(tx, subject, actor, kind, number)
    return number


def lease(tx: Transaction, owner: str, *, limit: int = 16, seconds: float = 600.0) -> tuple[Item, ...]:
    """Take items that are due, oldest first. Commit before sending: then nobody else sends them.

    After `seconds` others may take what is neither done nor put back; sending must end well within them.
    """
    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= tx.now)
    due = (
        select(outbox.c.id)
        .where(outbox.c.state == "pending", outbox.c.not_before <= tx.now, free)
        .order_by(outbox.c.not_before, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite has one writer at a time anyway
    )
    taken = (
        update(outbox)
        .where(outbox.c.id.in_(due.scalar_subquery()))
        .values(
            lease_owner=owner,
            lease_until=tx.now + timedelta(seconds=seconds),
            attempts=outbox.c.attempts + 1,
        )
        .returning(outbox)
    )
    items = [_item(tx, row) for row in tx.execute(taken)]
    return tuple(sorted(items, key=lambda item: (item.not_before, item.id)))


def renew(tx: Transaction, item: Item, owner: str, *, seconds: float = 600.0) -> bool:
    """Begin an item's lease anew, just before it is sent. False where it ran out and another may have it."""
    mine = (outbox.c.id == item.id) & (outbox.c.state == "pending") & (outbox.c.lease_owner == owner)
    until = tx.now + timedelta(seconds=seconds)
    return changed(tx.execute(update(outbox).where(mine).values(lease_until=until)))


def done(tx: Transaction, item: Item, owner: str) -> bool:
    """Record that the next hop took the item. False where the lease ran out and another finished it."""
    values = {"state": "sent", "done_at": tx.now, "sealed_payload": None, "lease_until": None, "error": ""}
    if not _end(tx, item, owner, values):
        return False
    audit.outbox_sent(tx, item.subject, item.kind, item.id, item.attempts)
    return True


def retry(tx: Transaction, item: Item, owner: str, code: str) -> datetime | None:
    """Put an item back after a transient failure, and give the time of the next attempt.

    None where the lease was lost. `code` is a reply code or a reason, never the reply's words.
    """
    tries = item.attempts - 1
    wait = _WAITS[tries] if tries < len(_WAITS) else _WAIT_AT_LAST
    later = tx.now + timedelta(seconds=wait)
    values = {"not_before": later, "lease_until": None, "lease_owner": "", "error": code}
    return later if _end(tx, item, owner, values) else None


def fail(tx: Transaction, item: Item, owner: str, code: str) -> bool:
    """Record that an item can't be sent. It stays, so that an operator can have it tried `again`."""
    values = {"state": "failed", "done_at": tx.now, "lease_until": None, "error": code}
    if not _end(tx, item, owner, values):
        return False
    audit.outbox_failed(tx, item.subject, item.kind, item.id, code)
    return True


def again(tx: Transaction, item_id: int, actor: str) -> None:
    """Have a failed item tried once more. RequestError where it is not failed or its payload is gone."""
    row = tx.execute(
        update(outbox)
        .where(outbox.c.id == item_id, outbox.c.state == "failed", outbox.c.sealed_payload.is_not(None))
        .values(state="pending", not_before=tx.now, done_at=None, lease_owner="")
        .returning(outbox.c.subject)
    ).one_or_none()
    audit.outbox_again(tx, need(row, "failed item").subject, actor, item_id)


def withdraw(tx: Transaction, subject: str, actor: str, kind: str = "") -> int:
    """Take back what was not sent yet for a subject, of one kind or all. What is leased now may still go."""
    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= tx.now)
    query = update(outbox).where(outbox.c.subject == subject, outbox.c.state.in_(("pending", "failed")), free)
    if kind:
        query = query.where(outbox.c.kind == kind)
    taken = tx.execute(query.values(state="withdrawn", done_at=tx.now, sealed_payload=None)).rowcount
    if taken:
        audit.outbox_withdrawn(tx, subject, actor, taken)
    return taken


def about(tx: Transaction, subject: str) -> tuple[Item, ...]:
    """Give every item of one subject, oldest first."""
    query = select(outbox).where(outbox.c.subject == subject).order_by(outbox.c.id)
    return tuple(_item(tx, row) for row in tx.execute(query))


def waiting(tx: Transaction, *, state: str = "pending", limit: int = 100) -> tuple[Item, ...]:
    """Give items of one state, the one due first at the front; for operators and metrics."""
    query = select(outbox).where(outbox.c.state == state).order_by(outbox.c.not_before, outbox.c.id)
    return tuple(_item(tx, row) for row in tx.execute(query.limit(limit)))


def next_due(tx: Transaction) -> datetime | None:
    """Give the time at which the next item is due, leased ones at the end of their lease; None for never."""
    query = select(outbox.c.not_before, outbox.c.lease_until).where(outbox.c.state == "pending")
    rows = tx.execute(query.order_by(outbox.c.not_before).limit(100))
    times = [max(row.not_before, row.lease_until or row.not_before) for row in rows]
    return min(times, default=None)


def _end(tx: Transaction, item: Item, owner: str, values: Mapping[str, Any]) -> bool:
    mine = update(outbox).where(
        outbox.c.id == item.id, outbox.c.state == "pending", outbox.c.lease_owner == owner
    )
    return changed(tx.execute(mine.values(**values)))


def _item(tx: Transaction, row: Any) -> Item:
    payload: Any = {}
    if row.sealed_payload is not None:
        payload = frozen(json.loads(tx.vault.open("outbox", f"outbox/{row.dedupe}", row.sealed_payload)))
    return value_of(Item, row, payload=payload)
