"""Each message that was judged: the trail of the e-mails (E9), and the facts to judge it again (replay)."""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from milter.store import audit
from milter.store.columns import canonical, frozen
from milter.store.schema import facts, judged, judged_reasons
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction, value_of, values_of
from milter.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Judged:
    """One message and its verdict as a whole. The id is the reference that notices show."""

    id: str
    at: datetime
    node: str
    queue_id: str
    message_id_digest: str  # see `message_id_digest`
    sender: str
    organisation: str
    policy: str
    action: str  # gravest: PASS PROTECT HOLD REFUSE
    grade: str
    categories: tuple[str, ...]
    size_bytes: int
    recipients: int
    spent_ms: int = 0
    directorate: str = ""  # of the organisation; '' for none known


@dataclass(frozen=True, slots=True)
class JudgedReason:
    """One reason of a verdict, over all recipients that it was given for."""

    code: str
    enforced: bool
    action: str
    recipients: int


# Statements of each message's way are made once: SQLAlchemy takes longer to make than to run them.
_ADD, _ADD_REASON, _ADD_FACTS = insert(judged), insert(judged_reasons), insert(facts)


def message_id_digest(vault: Vault, message_id: str) -> str:
    """Give the keyed digest by which a Message-ID is found again."""
    return vault.digest("message-id", message_id.strip())


def record(tx: Transaction, message: Judged, reasons: Sequence[JudgedReason] = (), told: Any = None) -> None:
    """Record a judged message. `told` is a JSON value of its facts without content; None keeps none."""
    tx.execute(_ADD, values_of(message))
    if reasons:
        rows = [{"judged_id": message.id, "at": message.at, **values_of(reason)} for reason in reasons]
        tx.execute(_ADD_REASON, rows)
    if told is not None:
        clear = zlib.compress(canonical(told).encode(), 1)
        sealed = tx.vault.seal("facts", f"facts/{message.id}", clear)
        tx.execute(_ADD_FACTS, {"judged_id": message.id, "at": message.at, "sealed": sealed})
    audit.message_judged(tx, message.id, message.action, message.grade, message.recipients)


def get(tx: Transaction, judged_id: str) -> Judged | None:
    """Give one judged message."""
    row = tx.one(select(judged).where(judged.c.id == judged_id))
    return None if row is None else value_of(Judged, row)


def find(
    tx: Transaction, *, message_id_digest: str = "", queue_id: str = "", limit: int = 50
) -> tuple[Judged, ...]:
    """Find judged messages by Message-ID digest or queue id, latest first."""
    query = select(judged).order_by(judged.c.at.desc()).limit(limit)
    if message_id_digest:
        query = query.where(judged.c.message_id_digest == message_id_digest)
    if queue_id:
        query = query.where(judged.c.queue_id == queue_id)
    return tuple(value_of(Judged, row) for row in tx.execute(query))


def reasons_of(tx: Transaction, judged_id: str) -> tuple[JudgedReason, ...]:
    """Give the reasons of one message, by code."""
    query = (
        select(judged_reasons).where(judged_reasons.c.judged_id == judged_id).order_by(judged_reasons.c.code)
    )
    return tuple(value_of(JudgedReason, row) for row in tx.execute(query))


def facts_of(tx: Transaction, judged_id: str) -> Any:
    """Give the stored facts of one message, None where they were purged."""
    row = tx.one(select(facts.c.judged_id, facts.c.sealed).where(facts.c.judged_id == judged_id))
    return None if row is None else _facts(tx, row.judged_id, row.sealed)


def replay(
    tx: Transaction, since: datetime, until: datetime, scope: Scope = EVERYTHING
) -> Iterator[tuple[Judged, Any]]:
    """Give each message of a scope and a span of time with its facts, in order, not all of them in memory at once."""
    query = (
        select(judged, facts.c.sealed)
        .join(facts, facts.c.judged_id == judged.c.id)
        .where(judged.c.at >= since, judged.c.at < until)
        .where(*scope.where(judged.c.organisation, judged.c.directorate))
        .order_by(judged.c.at, judged.c.id)
    )
    with tx.connection.execution_options(yield_per=500).execute(query) as rows:
        for row in rows:
            yield value_of(Judged, row), _facts(tx, row.id, row.sealed)


def _facts(tx: Transaction, judged_id: str, sealed: bytes) -> Any:
    return frozen(json.loads(zlib.decompress(tx.vault.open("facts", f"facts/{judged_id}", sealed))))
