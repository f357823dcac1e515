"""Lists of people for exact matching (`sealgate match`): keyed digests, never the people.

A list is one block of sorted digests, since 200,000 people make a million of them, and a node reads them all at
once. Guarantees: a list is replaced whole or not at all, with its audit row; what it was loaded from is not kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from milter.errors import RequestError
from milter.store import audit
from milter.store.schema import exact_lists
from milter.store.transaction import Transaction, changed, value_of

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_COUNTS = [column for column in exact_lists.c if column.name != "digests"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One list as it is shown: when it was loaded, by whom, how much is in it."""

    name: str
    at: datetime
    actor: str
    people: int
    entries: int
    shapes: Mapping[str, tuple[int, ...]]  # lengths of its identifiers, by kind


def replace(
    tx: Transaction, name: str, digests: bytes, shapes: Mapping[str, tuple[int, ...]], people: int, actor: str
) -> int:
    """Put a list into the place of the one of its name; give its entries. RequestError for a name that is none."""
    if not _NAME.fullmatch(name):
        raise RequestError("The name of a list is of small letters, digits and hyphens, 40 at most.")
    tx.execute(delete(exact_lists).where(exact_lists.c.name == name))
    entries = len(digests) // 8
    row = {"name": name, "at": tx.now, "actor": actor, "people": people, "entries": entries}
    tx.execute(insert(exact_lists), row | {"shapes": dict(shapes), "digests": digests})
    audit.exact_list_loaded(tx, actor, name, entries)
    return entries


def forget(tx: Transaction, name: str, actor: str) -> None:
    """Destroy a list. RequestError where there is none."""
    if not changed(tx.execute(delete(exact_lists).where(exact_lists.c.name == name))):
        words = f"There is no list '{name}'."
        raise RequestError(words)
    audit.exact_list_forgotten(tx, actor, name)


def listed(tx: Transaction) -> tuple[Listed, ...]:
    """Give every list, without its digests."""
    return tuple(value_of(Listed, row) for row in tx.execute(select(*_COUNTS).order_by(exact_lists.c.name)))


def every(tx: Transaction) -> tuple[tuple[str, Mapping[str, tuple[int, ...]], bytes], ...]:
    """Give name, shapes and digests of every list."""
    query = select(exact_lists.c.name, exact_lists.c.shapes, exact_lists.c.digests).order_by(
        exact_lists.c.name
    )
    return tuple((row.name, row.shapes, row.digests) for row in tx.execute(query))
