"""What was done for each recipient of a message, so that the upstream server's retry repeats nothing (law 1).

A message is known by a keyed digest of its bytes and envelope sender. A claim keeps two nodes, or two
connections, from working on the same message at once; it is a lease, so a killed node blocks nobody for long,
and a killed process of this machine nobody at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, delete, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from milter.store import audit, owners
from milter.store.columns import Moment
from milter.store.schema import claims, progress
from milter.store.transaction import Transaction
from milter.store.vault import Vault

Outcome = Literal["delivered", "held", "refused"]


def _take(dialect: Any) -> Any:
    """Make the statement that takes a message which nobody has, or whose lease is over."""
    taken = dialect.insert(claims)
    free = or_(claims.c.owner == taken.excluded.owner, claims.c.lease_until <= bindparam("now", type_=Moment))
    owned = {"owner": taken.excluded.owner, "lease_until": taken.excluded.lease_until}
    taken = taken.on_conflict_do_update(index_elements=["key"], set_=owned, where=free)
    return taken.returning(claims.c.key)


# Statements of each message's way are made once: SQLAlchemy takes longer to make than to run them.
_TAKE = {"postgresql": _take(postgresql), "sqlite": _take(sqlite)}
_DONE = select(progress).where(progress.c.key == bindparam("this_key")).order_by(progress.c.at)
_ADD = insert(progress)
_HOLDER = select(claims.c.owner).where(claims.c.key == bindparam("this_key"))
_LET_GO = delete(claims).where(
    claims.c.key == bindparam("this_key"), claims.c.owner == bindparam("this_owner")
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a message, and what earlier tries came to."""

    key: str
    owner: str
    done: Mapping[str, Outcome]  # by recipient, as `account` was given it
    judged_id: str = ""  # of the earlier try; '' where this is the first


def message_key(vault: Vault, sender: str, raw: bytes) -> str:
    """Name a message by its bytes and its envelope sender."""
    return vault.digest("message", sender, raw)


def claim(tx: Transaction, key: str, owner: str, seconds: float = 900.0) -> Claim | None:
    """Take the message, or give None where another owner has it: answer 451 then.

    `owner` names one attempt (a connection), not a node. After `seconds` others may take it, and at once where
    the owner was a process of this machine that is gone.
    """
    values = {"key": key, "owner": owner, "lease_until": tx.now + timedelta(seconds=seconds), "now": tx.now}
    take = _TAKE[tx.connection.dialect.name]
    if tx.execute(take, values).one_or_none() is None:
        holder = tx.execute(_HOLDER, {"this_key": key}).scalar()
        if holder is None or not owners.is_gone(holder):
            return None
        let_go(tx, key, holder)
        if tx.execute(take, values).one_or_none() is None:
            return None
    found = tx.execute(_DONE, {"this_key": key}).all()
    done = {row.recipient: row.outcome for row in found}
    return Claim(key, owner, done, found[0].judged_id if found else "")


def account(tx: Transaction, key: str, judged_id: str, outcomes: Mapping[str, Outcome]) -> None:
    """Record what became of recipients. Each once: StoreError where a recipient is accounted for already."""
    if not outcomes:
        return
    rows = [
        {"key": key, "recipient": recipient, "outcome": outcome, "judged_id": judged_id, "at": tx.now}
        for recipient, outcome in outcomes.items()
    ]
    tx.execute(_ADD, rows)
    counts = [list(outcomes.values()).count(outcome) for outcome in ("delivered", "held", "refused")]
    audit.message_accounted(tx, judged_id, *counts)


def let_go(tx: Transaction, key: str, owner: str) -> None:
    """End a claim: the message is accounted for, or the upstream server is to try again."""
    tx.execute(_LET_GO, {"this_key": key, "this_owner": owner})


def outcomes(tx: Transaction, key: str) -> tuple[Mapping[str, Outcome], str]:
    """Give what earlier tries of a message came to, by recipient, and its reference; ({}, '') for none."""
    found = tx.execute(_DONE, {"this_key": key}).all()
    return {row.recipient: row.outcome for row in found}, found[0].judged_id if found else ""
