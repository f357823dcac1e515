"""The chain of audit rows, and the walk that proves it whole.

Each writer has a chain of its own, so that nodes don't wait for each other. A row carries HMAC-SHA256 over
its fields and over the row before it; a chain's head carries its length and last row under another keyed
digest; the chain named '' lists every chain that was ever opened. So a row edited, deleted, inserted or
swapped, a tail cut off and a chain gone all show, to anyone who holds the key file.

Refuses details that could be personal data. What it can't show: a whole store put back to an older state,
key file and all; note the heads elsewhere (`Verified.heads`) to see that too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from milter.store.columns import canonical, microseconds
from milter.store.schema import audit, heads
from milter.store.vault import Vault

Detail = str | int | bool | None
START = "0" * 64
_CHAINS = ""  # the chain that lists the chains
# Ids, codes and digests: no '@', no space, so neither an address nor a sentence gets in (law 8).
_CODE = re.compile(r"[A-Za-z0-9._:/+-]{0,100}\Z")


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, before it is chained."""

    at: datetime
    event: str
    subject: str
    actor: str
    details: Mapping[str, Detail]

    def __post_init__(self) -> None:
        if len(self.subject) > 80 or len(self.actor) > 80:
            raise ValueError("a subject or an actor of the trail is too long to be an id")
        values = (self.event, self.subject, self.actor, *self.details, *self.details.values())
        for value in values:
            if isinstance(value, str) and not _CODE.match(value):
                words = f"not a code, so it has no place in the trail: a value of {self.event}"
                raise ValueError(words)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the trail as it is kept."""

    chain: str
    seq: int
    at: datetime
    event: str
    subject: str
    actor: str
    details: str  # canonical JSON
    previous: str
    mac: str

    @property
    def values(self) -> dict[str, Detail]:
        """The details as a mapping."""
        read: dict[str, Detail] = json.loads(self.details)
        return read


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row of a chain that does not hold."""

    chain: str
    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What the walk over all chains found. `heads` names each chain's length and last digest."""

    rows: int
    broken: tuple[Broken, ...]  # the first of each chain; empty: all is well
    heads: tuple[tuple[str, int, str], ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is broken."""
        return not self.broken


def mac_of(vault: Vault, row: AuditRow) -> str:
    """Give the digest that a row must bear."""
    at = microseconds(row.at)
    told = [row.chain, row.seq, at, row.event, row.subject, row.actor, row.details, row.previous]
    return vault.digest("audit row", canonical(told))


def append(connection: Connection, vault: Vault, chain: str, events: Sequence[Event]) -> None:
    """Chain the events behind the writer's last row. The head is locked until the commit."""
    if not events:
        return
    seq, previous = _locked_head(connection, chain)
    if seq == 0 and chain != _CHAINS:
        first = events[0]
        append(connection, vault, _CHAINS, (Event(first.at, "chain-opened", chain, "store", {}),))
    rows: list[dict[str, Any]] = []
    for event in events:
        seq += 1
        told = AuditRow(
            chain,
            seq,
            event.at,
            event.event,
            event.subject,
            event.actor,
            canonical(event.details),
            previous,
            "",
        )
        previous = mac_of(vault, told)
        rows.append({name: getattr(told, name) for name in _COLUMNS} | {"mac": previous})
    connection.execute(_INSERT, rows)
    sealed = {"seq": seq, "mac": previous, "seal": _seal(vault, chain, seq, previous)}
    connection.execute(_MOVE, {"this_chain": chain, **sealed})


_COLUMNS = tuple(column.name for column in audit.c)
_INSERT = insert(audit)  # these are made once: SQLAlchemy takes longer to make than to run them
_HERE = heads.c.chain == bindparam("this_chain")
_HEAD = select(heads.c.seq, heads.c.mac).where(_HERE).with_for_update()
_MOVE = update(heads).where(_HERE).values(seq=bindparam("seq"), mac=bindparam("mac"), seal=bindparam("seal"))


def _seal(vault: Vault, chain: str, seq: int, mac: str) -> str:
    return vault.digest("audit head", chain, str(seq), mac)


def _locked_head(connection: Connection, chain: str) -> tuple[int, str]:
    """Give the chain's length and last digest, and keep other writers out of it until the commit."""
    row = connection.execute(_HEAD, {"this_chain": chain}).one_or_none()
    if row is None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        empty = dialect.insert(heads).values(chain=chain, seq=0, mac=START, seal="")
        connection.execute(empty.on_conflict_do_nothing())
        row = connection.execute(_HEAD, {"this_chain": chain}).one()
    return row.seq, row.mac


def rows_about(connection: Connection, subject: str, limit: int = 1_000) -> tuple[AuditRow, ...]:
    """Give the trail of one subject, in the order of time."""
    query = select(audit).where(audit.c.subject == subject).order_by(audit.c.at, audit.c.chain, audit.c.seq)
    return tuple(_row(found) for found in connection.execute(query.limit(limit)))


def latest(connection: Connection, limit: int) -> tuple[AuditRow, ...]:
    """Give the latest rows of all chains, latest first."""
    query = select(audit).order_by(audit.c.at.desc(), audit.c.chain, audit.c.seq.desc()).limit(limit)
    return tuple(_row(found) for found in connection.execute(query))


def row_at(connection: Connection, chain: str, seq: int) -> AuditRow | None:
    """Give one row of a chain; None where there is none."""
    found = connection.execute(select(audit).where(audit.c.chain == chain, audit.c.seq == seq)).one_or_none()
    return None if found is None else _row(found)


def _row(found: Row[Any]) -> AuditRow:
    return AuditRow(**found._mapping)


def newest(connection: Connection) -> datetime | None:
    """Give the moment of the latest row of all chains; None where there is none."""
    moment: datetime | None = connection.execute(select(func.max(audit.c.at))).scalar()
    return moment


def verify(connection: Connection, vault: Vault) -> Verified:
    """Walk every chain from its first row to its head. The connection must show one moment (a snapshot)."""
    known = {row.chain: row for row in connection.execute(select(heads))}
    names = set(known) | set(connection.execute(select(audit.c.chain).distinct()).scalars())
    opened = select(audit.c.subject).where(audit.c.chain == _CHAINS, audit.c.event == "chain-opened")
    listed = set(connection.execute(opened).scalars())
    rows, broken = 0, []
    for name in sorted(names | listed | ({_CHAINS} if names else set())):
        if name not in listed and name != _CHAINS:
            broken.append(Broken(name, 0, "the chain is not in the list of chains"))
            continue
        walked = _Walk(vault, name)
        walked.through(connection)
        rows += walked.seq
        if fault := walked.fault or _head_fault(vault, walked, known.get(name)):
            broken.append(Broken(name, walked.seq + 1, fault))
    marks = tuple((name, row.seq, row.mac) for name, row in sorted(known.items()))
    return Verified(rows, tuple(broken), marks)


class _Walk:
    """The state of walking one chain: how far it holds, and what is wrong with the next row."""

    def __init__(self, vault: Vault, chain: str) -> None:
        self.vault = vault
        self.chain = chain
        self.seq = 0
        self.previous = START
        self.fault = ""

    def through(self, connection: Connection) -> None:
        """Walk from the first row to the last, or to the first that does not hold."""
        query = select(audit).where(audit.c.chain == self.chain).order_by(audit.c.seq)
        with connection.execution_options(yield_per=2_000).execute(query) as rows:
            for found in rows:
                if not self.holds(_row(found)):
                    break

    def holds(self, row: AuditRow) -> bool:
        """Take the next row where it follows from the one before."""
        if row.seq != self.seq + 1:
            self.fault = "a row is missing here"
        elif row.mac != mac_of(self.vault, row):
            self.fault = "the row was changed"
        elif row.previous != self.previous:
            self.fault = "the row does not follow from the one before"
        else:
            self.seq, self.previous = row.seq, row.mac
        return not self.fault


def _head_fault(vault: Vault, walked: _Walk, head: Row[Any] | None) -> str:
    if head is None:
        return "the chain has no head"
    if head.seal != _seal(vault, walked.chain, head.seq, head.mac):
        return "the head was changed"
    if (head.seq, head.mac) != (walked.seq, walked.previous):
        return "rows behind this one are missing"
    return ""
