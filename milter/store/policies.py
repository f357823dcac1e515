"""The policies that were in force, by digest: a judged message names the one it was judged by."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from milter.store import audit
from milter.store.schema import policy_history
from milter.store.transaction import Transaction, value_of


@dataclass(frozen=True, slots=True)
class PolicyText:
    """One policy as it was loaded."""

    digest: str  # the policy's own, as judged messages bear it
    at: datetime  # when it first came into force
    text: str


def loaded(tx: Transaction, digest: str, text: str) -> None:
    """Record that a policy came into force. Its text is kept once."""
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(policy_history).values(digest=digest, at=tx.now, text=text)
    if tx.execute(row.on_conflict_do_nothing().returning(policy_history.c.digest)).one_or_none():
        audit.policy_loaded(tx, digest)


def get(tx: Transaction, digest: str) -> PolicyText | None:
    """Give a policy by its digest."""
    row = tx.one(select(policy_history).where(policy_history.c.digest == digest))
    return None if row is None else value_of(PolicyText, row)


def listed(tx: Transaction, limit: int = 100) -> tuple[PolicyText, ...]:
    """Give the policies that were in force, latest first."""
    query = select(policy_history).order_by(policy_history.c.at.desc(), policy_history.c.digest).limit(limit)
    return tuple(value_of(PolicyText, row) for row in tx.execute(query))
