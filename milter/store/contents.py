"""Kept content: the bytes of held messages, sealed in chunks, destroyed on schedule.

Guarantees: what is given back is what was kept, to the octet, or StoreError. Sealing happens before the
transaction, so that a large message does not keep other writers waiting.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from milter.errors import RequestError, StoreError
from milter.store import audit
from milter.store.ids import reference
from milter.store.schema import content_chunks, contents
from milter.store.transaction import Transaction, changed, need
from milter.store.vault import Vault

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SealedContent:
    """Content made ready to be kept."""

    id: str
    size_bytes: int
    digest: str  # keyed
    chunks: tuple[bytes, ...]


def seal_content(vault: Vault, raw: bytes) -> SealedContent:
    """Seal content for `put`; pure but for its randomness, and best done outside the transaction."""
    content_id = reference()
    starts = range(0, len(raw), _CHUNK) or range(1)
    chunks = tuple(
        vault.seal("content", _place(content_id, number, len(starts)), raw[start : start + _CHUNK])
        for number, start in enumerate(starts)
    )
    return SealedContent(content_id, len(raw), vault.digest("content", raw), chunks)


def put(tx: Transaction, content: SealedContent, purge_at: datetime | None = None) -> None:
    """Keep sealed content. What keeps it audits it: content alone is no event."""
    row = {
        "id": content.id,
        "at": tx.now,
        "size_bytes": content.size_bytes,
        "digest": content.digest,
        "chunks": len(content.chunks),
        "purge_at": purge_at,
        "destroyed_at": None,
    }
    tx.execute(insert(contents), row)
    rows = [
        {"content_id": content.id, "number": n, "sealed": sealed} for n, sealed in enumerate(content.chunks)
    ]
    tx.execute(insert(content_chunks), rows)


def get(tx: Transaction, content_id: str) -> bytes:
    """Give kept content. RequestError where it was destroyed, StoreError where it does not open."""
    kept = need(tx.one(select(contents).where(contents.c.id == content_id)), "kept content")
    if kept.destroyed_at is not None:
        raise RequestError("The content was destroyed, as the schedule or a decision demanded.")
    query = select(content_chunks).where(content_chunks.c.content_id == content_id)
    found = tx.execute(query.order_by(content_chunks.c.number)).all()
    raw = b"".join(
        tx.vault.open("content", _place(content_id, row.number, kept.chunks), row.sealed) for row in found
    )
    if len(found) != kept.chunks or len(raw) != kept.size_bytes:
        raise StoreError("Kept content is not whole.")
    return raw


def destroy(tx: Transaction, content_id: str, actor: str) -> bool:
    """Destroy kept content now; its size and digest stay. False where it was destroyed before."""
    gone = update(contents).where(contents.c.id == content_id, contents.c.destroyed_at.is_(None))
    if not changed(tx.execute(gone.values(destroyed_at=tx.now))):
        return False
    tx.execute(delete(content_chunks).where(content_chunks.c.content_id == content_id))
    audit.content_destroyed(tx, content_id, actor)
    return True


def _place(content_id: str, number: int, total: int) -> str:
    return f"contents/{content_id}/{number}/{total}"
