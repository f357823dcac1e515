"""What is decided about held messages, recipient by recipient: released, refused, expired.

Guarantees: a recipient's state moves by one conditional update, so of two people who decide at once one is
told that it was decided already, and a release happens once (pitfall 34). Every decision has a person and a
reason. What is to be sent goes into the outbox in the same transaction, with the items

  release        {"recipient", "how"}         the daemon relays the held content, then calls `released`
  held-refused   {"recipients", "reason"}     the sender is told
  held-expired   {"recipients"}               the sender is told

Refuses a decision for a recipient who is not waiting, or by the person who gave the first approval.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select, update

from milter.errors import RequestError
from milter.store import audit, outbox, quarantine, register
from milter.store.schema import held, held_recipients
from milter.store.transaction import Transaction, changed, need

How = Literal["as-it-is", "protected"]
_OPEN = ("held", "releasing")
_table = held_recipients.c


def release(
    tx: Transaction,
    held_id: str,
    recipients: Sequence[str],
    actor: str,
    reason: str,
    *,
    how: How = "as-it-is",
    four_eyes: bool = False,
) -> bool:
    """Have a held message go out to some of its recipients, once.

    Where `four_eyes` is asked for, the first call is an approval only and gives False; a second person's call
    releases. RequestError where any of the recipients is not waiting: then nothing is done for any.
    """
    digest = _begin(tx, held_id, recipients, reason)
    if four_eyes and not _approved(tx, held_id, recipients, actor):
        audit.release_approved(tx, held_id, actor, len(recipients), digest)
        return False
    _decide(tx, held_id, recipients, actor, reason, {"state": "releasing", "how": how})
    query = select(_table.recipient, _table.releases).where(_these(held_id, recipients))
    for row in tx.execute(query.order_by(_table.recipient)).all():
        dedupe = f"release:{held_id}:{row.releases}:{row.recipient}"
        payload = {"recipient": row.recipient, "how": how}
        outbox.put(tx, "release", held_id, dedupe, payload, actor=actor)
    audit.release_asked(tx, held_id, actor, len(recipients), how, digest)
    return True


def _approved(tx: Transaction, held_id: str, recipients: Sequence[str], actor: str) -> bool:
    """Tell whether another person approved for all; else take this as the approval."""
    query = select(_table.approved_by).where(_these(held_id, recipients))
    approvers = set(tx.execute(query).scalars())
    if approvers and not approvers & {"", actor}:
        return True
    if actor in approvers:
        raise RequestError("A second person has to release this: you gave the first approval.")
    waiting = _these(held_id, recipients) & (_table.state == "held") & (_table.approved_by == "")
    tx.execute(update(held_recipients).where(waiting).values(approved_by=actor))
    return False


def refuse(tx: Transaction, held_id: str, recipients: Sequence[str], actor: str, reason: str) -> None:
    """Refuse a held message for some of its recipients; the sender is told why."""
    digest = _begin(tx, held_id, recipients, reason)
    _decide(tx, held_id, recipients, actor, reason, {"state": "refused"})
    told = {"recipients": sorted(recipients), "reason": reason}
    dedupe = f"held-refused:{held_id}:{tx.vault.digest('recipients', *sorted(recipients))}"
    outbox.put(tx, "held-refused", held_id, dedupe, told, actor=actor)
    _register(tx, held_id, recipients, "refused", actor)
    audit.held_refused(tx, held_id, actor, len(recipients), digest)
    _close(tx, held_id)


def released(tx: Transaction, held_id: str, recipient: str, *, status: str = "sent", tls: str = "") -> bool:
    """Record that the next hop took a release; in one transaction with the outbox item's `done`.

    `status` is the register's: 'sent', or 'protected'. False where it was recorded before.
    """
    here = _these(held_id, (recipient,)) & (_table.state == "releasing")
    if not changed(tx.execute(update(held_recipients).where(here).values(state="released"))):
        return False
    _register(tx, held_id, (recipient,), status, "gateway", tls)
    audit.message_released(tx, held_id, 1)
    _close(tx, held_id)
    return True


def returned(tx: Transaction, held_id: str, recipient: str, code: str) -> bool:
    """Record that a release could not be delivered for good: the recipient waits for a decision again."""
    here = _these(held_id, (recipient,)) & (_table.state == "releasing")
    values = {"state": "held", "releases": _table.releases + 1, "approved_by": ""}
    if not changed(tx.execute(update(held_recipients).where(here).values(values))):
        return False
    _count(tx, held_id)
    audit.release_failed(tx, held_id, 1, code)
    return True


def withdrawn(tx: Transaction, held_id: str, recipient: str, actor: str) -> bool:
    """Record that a release was taken back before it left: the recipient gets nothing. False where it left."""
    here = _these(held_id, (recipient,)) & (_table.state == "releasing")
    values = {"state": "refused", "decided_by": actor, "decided_at": tx.now}
    if not changed(tx.execute(update(held_recipients).where(here).values(values))):
        return False
    audit.release_failed(tx, held_id, 1, "withdrawn")
    _close(tx, held_id)
    return True


def expire(tx: Transaction, now: datetime, limit: int = 100) -> int:
    """Refuse what nobody decided about in time, and have the senders told; give how many messages."""
    overdue = select(held.c.id).where(held.c.waiting > 0, held.c.expires_at <= now)
    query = overdue.order_by(held.c.expires_at).limit(limit).with_for_update(skip_locked=True)
    messages = tx.execute(query).scalars().all()
    for held_id in messages:
        here = (_table.held_id == held_id) & (_table.state == "held")
        values = {"state": "expired", "decided_by": "gateway", "decided_at": tx.now}
        expired = update(held_recipients).where(here).values(values).returning(_table.recipient)
        recipients = sorted(tx.execute(expired).scalars())
        dedupe = f"held-expired:{held_id}:{tx.vault.digest('recipients', *recipients)}"
        outbox.put(tx, "held-expired", held_id, dedupe, {"recipients": recipients})
        _register(tx, held_id, recipients, "expired", "gateway")
        audit.held_expired(tx, held_id, len(recipients))
        _close(tx, held_id)
    return len(messages)


def assign(tx: Transaction, held_id: str, actor: str, to: str) -> None:
    """Give a held message to a reviewer (an account's id), or to nobody ('')."""
    if not changed(tx.execute(update(held).where(held.c.id == held_id).values(assigned_to=to))):
        raise RequestError("There is no held message with this reference.")
    audit.held_assigned(tx, held_id, actor, to)


def _begin(tx: Transaction, held_id: str, recipients: Sequence[str], reason: str) -> str:
    """Keep other decisions on this message out until the commit; give the digest of the reason."""
    need(tx.one(select(held.c.id).where(held.c.id == held_id).with_for_update()), "held message")
    if not recipients:
        raise RequestError("Say for which recipients.")
    query = select(func.count()).where(_these(held_id, recipients), _table.state == "held")
    if tx.execute(query).scalar_one() != len(set(recipients)):
        raise RequestError("Somebody decided this already for one of these recipients; look again.")
    return quarantine.reason_digest(tx, reason)


def _decide(
    tx: Transaction, held_id: str, recipients: Sequence[str], actor: str, reason: str, values: dict[str, Any]
) -> None:
    for recipient in recipients:
        place = quarantine.reason_place(held_id, recipient)
        sealed = tx.vault.seal("summary", place, reason.encode())
        here = _these(held_id, (recipient,)) & (_table.state == "held")
        decided = {"decided_by": actor, "decided_at": tx.now, "sealed_reason": sealed}
        if not changed(tx.execute(update(held_recipients).where(here).values(values | decided))):
            raise RequestError("Somebody decided this already for one of these recipients; look again.")
    _count(tx, held_id)


def _these(held_id: str, recipients: Sequence[str]) -> ColumnElement[bool]:
    return (_table.held_id == held_id) & _table.recipient.in_(recipients)


def _count(tx: Transaction, held_id: str) -> None:
    """Count anew the recipients that wait."""
    waiting = select(func.count()).where(_table.held_id == held_id, _table.state == "held").scalar_subquery()
    tx.execute(update(held).where(held.c.id == held_id).values(waiting=waiting))


def _close(tx: Transaction, held_id: str) -> None:
    """Note the time where no recipient is open any more: the content's retention runs from then."""
    _count(tx, held_id)
    query = select(func.count()).where(_table.held_id == held_id, _table.state.in_(_OPEN))
    if tx.execute(query).scalar_one() == 0:
        tx.execute(update(held).where(held.c.id == held_id).values(closed_at=tx.now))


def _register(
    tx: Transaction, held_id: str, recipients: Sequence[str], status: str, actor: str, tls: str = ""
) -> None:
    query = select(_table.register_id).where(_these(held_id, recipients), _table.register_id != "")
    for entry_id in tx.execute(query.order_by(_table.recipient)).scalars().all():
        register.set_status(tx, entry_id, status, actor, tls=tls)
