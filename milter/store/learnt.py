"""What was seen before, as keyed digests: who writes to whom, names, results of routes.

The things themselves are not kept and can't be got back (law 8). Counting them is no event of the trail.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from milter.store.schema import learnt
from milter.store.transaction import Transaction, value_of
from milter.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known of one thing."""

    count: int  # how often it was seen
    first_at: datetime
    last_at: datetime
    known: Mapping[str, Any]  # codes and figures


def digest(vault: Vault, kind: str, *parts: str) -> str:
    """Give the keyed digest of a thing. The caller brings it to one form first (case, spaces)."""
    return vault.digest("learnt " + kind, *parts)


def see(tx: Transaction, kind: str, parts: Iterable[str], known: Mapping[str, Any] | None = None) -> None:
    """Count a thing as seen now; `known` replaces what was known of it where it is given."""
    name = digest(tx.vault, kind, *parts)
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(learnt).values(
        kind=kind, digest=name, count=1, first_at=tx.now, last_at=tx.now, known=dict(known or {})
    )
    again: dict[str, Any] = {"count": learnt.c.count + 1, "last_at": tx.now}
    if known is not None:
        again["known"] = dict(known)
    tx.execute(row.on_conflict_do_update(index_elements=["kind", "digest"], set_=again))


def look(tx: Transaction, kind: str, *parts: str) -> Learnt | None:
    """Give what is known of a thing; None where it was never seen."""
    name = digest(tx.vault, kind, *parts)
    row = tx.one(select(learnt).where(learnt.c.kind == kind, learnt.c.digest == name))
    return None if row is None else value_of(Learnt, row)


def kinds(tx: Transaction) -> Mapping[str, int]:
    """Give how many things of each kind are known."""
    query = (
        select(learnt.c.kind, func.count().label("things")).group_by(learnt.c.kind).order_by(learnt.c.kind)
    )
    return {row.kind: row.things for row in tx.execute(query)}
