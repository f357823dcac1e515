"""What was seen before, as keyed digests: who writes to whom, names, results of routes.

The things themselves are not kept and can't be got back (law 8). Counting them is no event of the trail.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from milter.store.columns import Moment
from milter.store.schema import learnt
from milter.store.transaction import Transaction, value_of
from milter.store.vault import Vault

_ASKED = 400  # things of one query


def _daily(dialect: Any) -> Any:
    """Make the statement that counts a thing once a day."""
    now = bindparam("now", type_=Moment)
    row = dialect.insert(learnt).values(
        kind=bindparam("this_kind"),
        digest=bindparam("this_digest"),
        count=1,
        first_at=now,
        last_at=now,
        known={},
    )
    again = {"count": learnt.c["count"] + 1, "last_at": row.excluded.last_at}
    before = learnt.c.last_at < bindparam("midnight", type_=Moment)
    row = row.on_conflict_do_update(index_elements=["kind", "digest"], set_=again, where=before)
    return row.returning(learnt.c["count"])


# Made once: SQLAlchemy takes longer to make than to run it.
_DAILY = {"postgresql": _daily(postgresql), "sqlite": _daily(sqlite)}


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known of one thing."""

    count: int  # how often it was seen
    first_at: datetime
    last_at: datetime
    known: Mapping[str, Any]  # codes and figures


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to look up or count. The parts are in their one form (case, spaces)."""

    kind: str
    parts: tuple[str, ...]


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


def see_daily(tx: Transaction, things: Iterable[Thing]) -> dict[Thing, int]:
    """Count things that were seen today, once a day each; give the new counts of those that were counted now."""
    named = sorted((thing.kind, digest(tx.vault, thing.kind, *thing.parts), thing) for thing in set(things))
    midnight = tx.now.replace(hour=0, minute=0, second=0, microsecond=0)
    statement = _DAILY[tx.connection.dialect.name]
    counts: dict[Thing, int] = {}
    for kind, name, thing in named:  # in one order everywhere, so that two writers don't wait for each other
        values = {"this_kind": kind, "this_digest": name, "now": tx.now, "midnight": midnight}
        count = tx.execute(statement, values).scalar_one_or_none()
        if count is not None:
            counts[thing] = count
    return counts


def keep(tx: Transaction, things: Iterable[tuple[Thing, Mapping[str, Any]]]) -> None:
    """Have things known, with what is known of each, without counting them."""
    rows = sorted(
        (
            {
                "kind": thing.kind,
                "digest": digest(tx.vault, thing.kind, *thing.parts),
                "count": 1,
                "first_at": tx.now,
                "last_at": tx.now,
                "known": dict(known),
            }
            for thing, known in things
        ),
        key=lambda row: (row["kind"], row["digest"]),
    )
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(learnt)
    again = {"last_at": row.excluded.last_at, "known": row.excluded.known}
    if rows:
        tx.execute(row.on_conflict_do_update(index_elements=["kind", "digest"], set_=again), rows)


def look_all(tx: Transaction, things: Iterable[Thing]) -> dict[Thing, Learnt]:
    """Give what is known of each of many things; those that were never seen are not among it."""
    wanted: dict[tuple[str, str], Thing] = {
        (thing.kind, digest(tx.vault, thing.kind, *thing.parts)): thing for thing in set(things)
    }
    found: dict[Thing, Learnt] = {}
    keys = list(wanted)
    for start in range(0, len(keys), _ASKED):
        some = keys[start : start + _ASKED]
        here = and_(
            learnt.c.kind.in_({kind for kind, _ in some}), learnt.c.digest.in_([name for _, name in some])
        )
        for row in tx.execute(select(learnt).where(here)):
            if thing := wanted.get((row.kind, row.digest)):
                found[thing] = value_of(Learnt, row)
    return found


def kinds(tx: Transaction) -> Mapping[str, int]:
    """Give how many things of each kind are known."""
    query = (
        select(learnt.c.kind, func.count().label("things")).group_by(learnt.c.kind).order_by(learnt.c.kind)
    )
    return {row.kind: row.things for row in tx.execute(query)}
