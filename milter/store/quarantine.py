"""Held messages: put into quarantine, shown, searched. What is decided about them is in `decisions`.

Guarantees: content, envelope and summary are sealed; senders, recipients and reason codes stand in clear, so
that 5,000 held messages can be searched. Whoever sees content unmasked leaves a trail.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, and_, func, insert, or_, select, type_coerce

from milter.errors import RequestError
from milter.store import audit, contents
from milter.store.columns import canonical, frozen
from milter.store.contents import SealedContent
from milter.store.schema import held, held_recipients
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction, need, value_of

STATES = ("held", "releasing", "released", "refused", "expired")


@dataclass(frozen=True, slots=True)
class HeldRecipient:
    """One recipient of a held message, and what was decided for them."""

    recipient: str
    state: str
    organisation: str
    reasons: tuple[str, ...]  # codes
    obligations: tuple[str, ...]
    register_id: str
    approved_by: str  # the first pair of eyes; '' where none or none is needed
    decided_by: str
    decided_at: datetime | None
    how: str  # 'as-it-is' or 'protected'; '' before a release
    reason: str  # why it was decided so, in the words of who decided


@dataclass(frozen=True, slots=True)
class Held:
    """One held message, without its content."""

    id: str
    judged_id: str
    at: datetime
    sender: str
    organisation: str
    content_id: str
    size_bytes: int
    grade: str
    categories: tuple[str, ...]
    reasons: tuple[str, ...]
    expires_at: datetime
    waiting: int  # recipients that nobody decided for yet
    closed_at: datetime | None  # when the last recipient was released, refused or expired
    assigned_to: str
    directorate: str = ""


@dataclass(frozen=True, slots=True)
class HeldInFull:
    """A held message with what stands sealed: its envelope, its summary, its recipients."""

    held: Held
    envelope: Mapping[str, Any]
    summary: Mapping[str, Any]  # subject, parts, masked findings
    recipients: tuple[HeldRecipient, ...]

    @property
    def organisation(self) -> str:
        """The own organisation that sends."""
        return self.held.organisation

    @property
    def directorate(self) -> str:
        """The sender's directorate of it; '' where none is known."""
        return self.held.directorate


@dataclass(frozen=True, slots=True)
class ToHold:
    """What to hold of one message: for whom, why and until when."""

    id: str
    judged_id: str
    sender: str
    organisation: str
    grade: str
    categories: tuple[str, ...]
    envelope: Mapping[str, Any]  # JSON: all that the next hop must be told on release
    summary: Mapping[str, Any]  # JSON
    recipients: tuple[HeldRecipient, ...]
    expires_at: datetime
    directorate: str = ""


def waiting_for(
    recipient: str,
    *,
    organisation: str = "",
    reasons: Sequence[str] = (),
    obligations: Sequence[str] = (),
    register_id: str = "",
) -> HeldRecipient:
    """Make the state in which a recipient's quarantine begins."""
    return HeldRecipient(
        recipient, "held", organisation, tuple(reasons), tuple(obligations), register_id, "", "", None, "", ""
    )


def hold(tx: Transaction, message: ToHold, content: SealedContent) -> None:
    """Put a message into quarantine for some of its recipients."""
    contents.put(tx, content)
    reasons = sorted({code for recipient in message.recipients for code in recipient.reasons})
    place = f"held/{message.id}"
    names = [message.id, message.judged_id, message.sender, *(one.recipient for one in message.recipients)]
    row = {
        "id": message.id,
        "judged_id": message.judged_id,
        "at": tx.now,
        "sender": message.sender,
        "organisation": message.organisation,
        "directorate": message.directorate,
        "content_id": content.id,
        "size_bytes": content.size_bytes,
        "grade": message.grade,
        "categories": message.categories,
        "reasons": reasons,
        "sealed_envelope": tx.vault.seal(
            "summary", place + "/envelope", canonical(message.envelope).encode()
        ),
        "sealed_summary": tx.vault.seal("summary", place + "/summary", canonical(message.summary).encode()),
        "expires_at": message.expires_at,
        "waiting": len(message.recipients),
        "assigned_to": "",
        "search": " ".join(names).lower()[:4_000],
    }
    tx.execute(insert(held), row)
    tx.execute(insert(held_recipients), [_recipient_row(message.id, one) for one in message.recipients])
    audit.message_held(tx, message.id, message.judged_id, len(message.recipients), content.digest)


def _recipient_row(held_id: str, recipient: HeldRecipient) -> dict[str, Any]:
    return {
        "held_id": held_id,
        "recipient": recipient.recipient,
        "state": "held",
        "organisation": recipient.organisation,
        "reasons": recipient.reasons,
        "obligations": recipient.obligations,
        "register_id": recipient.register_id,
        "approved_by": "",
        "decided_by": "",
        "how": "",
        "releases": 0,
    }


def get(tx: Transaction, held_id: str) -> HeldInFull:
    """Give a held message. RequestError where there is none."""
    row = need(tx.one(select(held).where(held.c.id == held_id)), "held message")
    query = select(held_recipients).where(held_recipients.c.held_id == held_id)
    recipients = tuple(
        value_of(HeldRecipient, one, reason=_reason(tx, one))
        for one in tx.execute(query.order_by(held_recipients.c.recipient))
    )
    return HeldInFull(
        value_of(Held, row),
        _opened(tx, f"held/{held_id}/envelope", row.sealed_envelope),
        _opened(tx, f"held/{held_id}/summary", row.sealed_summary),
        recipients,
    )


def recipients_of(tx: Transaction, held_ids: Sequence[str]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Give (recipient, state) of each of some held messages, by address."""
    query = select(held_recipients.c.held_id, held_recipients.c.recipient, held_recipients.c.state)
    rows = tx.execute(
        query.where(held_recipients.c.held_id.in_(held_ids)).order_by(held_recipients.c.recipient)
    )
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in rows:
        found[row.held_id] = (*found.get(row.held_id, ()), (row.recipient, row.state))
    return found


def of_message(tx: Transaction, judged_id: str) -> tuple[Held, ...]:
    """Give what is held of one judged message, latest first."""
    query = select(held).where(held.c.judged_id == judged_id).order_by(held.c.at.desc(), held.c.id)
    return tuple(value_of(Held, row) for row in tx.execute(query))


def content(tx: Transaction, held_id: str) -> bytes:
    """Give a held message's bytes, for its release. RequestError where they were destroyed."""
    return contents.get(tx, get(tx, held_id).held.content_id)


def see_content(tx: Transaction, held_id: str, actor: str, reason: str) -> bytes:
    """Give a held message's bytes to a person, who has to say why; it leaves a trail."""
    audit.content_seen(tx, held_id, actor, reason_digest(tx, reason))
    return content(tx, held_id)


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for in the quarantine; what is empty does not narrow."""

    words: str = ""  # each must occur in the sender's or a recipient's address or a reference
    waiting_only: bool = True
    scope: Scope = EVERYTHING
    assigned_to: str = ""
    reason: str = ""
    grade: str = ""
    state: str = ""  # of any recipient
    expires_before: datetime | None = None
    deputies_of: tuple[str, ...] = ()  # beside assigned_to: the accounts that it stands in for


def search(
    tx: Transaction, wanted: Search, *, after: tuple[datetime, str] | None = None, limit: int = 50
) -> tuple[tuple[Held, ...], tuple[datetime, str] | None]:
    """Give a page of held messages, latest first, and where the next page begins (None at the end)."""
    query = select(held).where(*_conditions(wanted)).order_by(held.c.at.desc(), held.c.id.desc())
    if after is not None:
        at, held_id = after
        query = query.where(held.c.at <= at, or_(held.c.at < at, and_(held.c.at == at, held.c.id < held_id)))
    rows = tx.execute(query.limit(limit + 1)).all()
    found = tuple(value_of(Held, row) for row in rows[:limit])
    return found, ((found[-1].at, found[-1].id) if len(rows) > limit else None)


def count(tx: Transaction, wanted: Search) -> int:
    """Count what a search finds."""
    query = select(func.count()).select_from(held).where(*_conditions(wanted))
    return int(tx.execute(query).scalar_one())


def _conditions(wanted: Search) -> list[Any]:
    conditions: list[Any] = [held.c.waiting > 0] if wanted.waiting_only else []
    if wanted.assigned_to:
        conditions.append(held.c.assigned_to.in_((wanted.assigned_to, *wanted.deputies_of)))
    if wanted.grade:
        conditions.append(held.c.grade == wanted.grade)
    if wanted.expires_before is not None:
        conditions.append(held.c.expires_at <= wanted.expires_before)
    if wanted.state:
        these = select(held_recipients.c.held_id).where(held_recipients.c.state == wanted.state)
        conditions.append(held.c.id.in_(these))
    conditions += wanted.scope.where(held.c.organisation, held.c.directorate)
    if wanted.reason:
        codes = type_coerce(held.c.reasons, Text)
        conditions.append(codes.contains(f'"{wanted.reason}"', autoescape=True))
    conditions += [held.c.search.contains(word, autoescape=True) for word in wanted.words.lower().split()[:8]]
    return conditions


def reason_digest(tx: Transaction, reason: str) -> str:
    """Give the keyed digest that binds a reason to the trail. RequestError where it is empty."""
    if not reason.strip():
        raise RequestError("A reason is needed.")
    return tx.vault.digest("reason", reason)


def _reason(tx: Transaction, row: Any) -> str:
    if row.sealed_reason is None:
        return ""
    return tx.vault.open("summary", reason_place(row.held_id, row.recipient), row.sealed_reason).decode()


def reason_place(held_id: str, recipient: str) -> str:
    """Name the place that a decision's reason is sealed for."""
    return f"held/{held_id}/reason/{recipient}"


def _opened(tx: Transaction, place: str, sealed: bytes) -> Mapping[str, Any]:
    opened: Mapping[str, Any] = frozen(json.loads(tx.vault.open("summary", place, sealed)))
    return opened
