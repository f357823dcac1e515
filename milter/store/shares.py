"""The life of a share: one protected disclosure to one recipient, from sending to the password's release.

Guarantees: a share moves only as TRANSITIONS says, by one conditional update, with its audit row in the same
transaction. It is not released on less evidence than it needs. A password is sealed, opened only by
`password`, and destroyed in the transition that makes it useless. Tokens are kept as keyed digests; a spent
one is worth nothing.

Refuses any other transition with RequestError, in words that the person who asked can be shown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from milter.errors import RequestError
from milter.store import audit, register
from milter.store.columns import canonical, frozen
from milter.store.schema import share_events, share_tokens, shares
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction, changed, need, value_of

State = Literal[
    "sent",
    "delivered",
    "displayed",
    "confirmed",
    "released",
    "refused",
    "bounced",
    "expired",
    "withdrawn",
]
Way = Literal["email", "telephone", "both", "agreed"]
Purpose = Literal["page", "address", "sender"]  # link of the page, receipts address, link for the sender

TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "sent": ("delivered", "displayed", "confirmed", "released", "refused", "bounced", "expired", "withdrawn"),
    "delivered": ("displayed", "confirmed", "released", "refused", "bounced", "expired", "withdrawn"),
    "displayed": ("confirmed", "released", "refused", "bounced", "expired", "withdrawn"),
    "confirmed": ("released", "refused", "expired", "withdrawn"),
    "released": ("refused",),  # 'not for me' after all: the password is out, but the clock must run
    "refused": (),
    "bounced": (),
    "expired": (),
    "withdrawn": (),
}
OPEN = ("sent", "delivered", "displayed", "confirmed")  # the password is not out yet
EVIDENCE = ("", "delivered", "displayed", "confirmed")  # weak to strong (pitfall 4)
ENDED = ("refused", "bounced", "expired", "withdrawn")  # nobody may have the password any more
REGISTERED = (
    "confirmed",
    "released",
    *ENDED,
)  # states that the register's entry takes over, under the same name


@dataclass(frozen=True, slots=True)
class Share:
    """One share as it stands. `details` is what people are shown of it: subject, file names, kind."""

    id: str
    judged_id: str
    register_id: str
    at: datetime
    sender: str
    organisation: str
    recipient: str
    state: str
    evidence: str  # strongest so far
    needed: str  # evidence that releases the password
    way: str
    grade: str
    password_destroyed_at: datetime | None
    expires_at: datetime
    remind_at: datetime | None
    reminders: int
    reissues: int
    changed_at: datetime
    details: Mapping[str, Any]
    directorate: str = ""

    @property
    def enough(self) -> bool:
        """Whether the evidence so far releases the password, where it is not released yet."""
        enough = EVIDENCE.index(self.evidence) >= EVIDENCE.index(self.needed)
        return enough and "released" in TRANSITIONS[self.state]


@dataclass(frozen=True, slots=True)
class ToShare:
    """What begins a share."""

    id: str
    judged_id: str
    sender: str
    organisation: str
    recipient: str
    password: str
    needed: Literal["delivered", "displayed", "confirmed"]
    way: Way
    grade: str
    expires_at: datetime
    details: Mapping[str, Any]  # JSON
    register_id: str = ""
    remind_at: datetime | None = None
    tokens: tuple[tuple[Purpose, str], ...] = ()
    directorate: str = ""


@dataclass(frozen=True, slots=True)
class ShareEvent:
    """One thing that happened to a share, for people to read."""

    at: datetime
    event: str
    state: str
    actor: str
    details: Mapping[str, Any]


def begin(tx: Transaction, share: ToShare) -> None:
    """Record a share as sent, with its password and its tokens."""
    row = {
        "id": share.id,
        "judged_id": share.judged_id,
        "register_id": share.register_id,
        "at": tx.now,
        "sender": share.sender,
        "organisation": share.organisation,
        "directorate": share.directorate,
        "recipient": share.recipient,
        "state": "sent",
        "evidence": "",
        "needed": share.needed,
        "way": share.way,
        "grade": share.grade,
        "sealed_password": _sealed_password(tx, share.id, share.password),
        "sealed_details": tx.vault.seal(
            "summary", f"shares/{share.id}/details", canonical(share.details).encode()
        ),
        "expires_at": share.expires_at,
        "remind_at": share.remind_at,
        "reminders": 0,
        "reissues": 0,
        "changed_at": tx.now,
    }
    tx.execute(insert(shares), row)
    for purpose, token in share.tokens:
        add_token(tx, share.id, purpose, token)
    _event(tx, share.id, "sent", "sent", "gateway", {})
    audit.share_opened(tx, share.id, share.judged_id, share.way, share.needed)


def get(tx: Transaction, share_id: str, *, lock: bool = False) -> Share:
    """Give a share. RequestError where there is none. With `lock`, what others do with it waits for the commit."""
    query = select(shares).where(shares.c.id == share_id)
    return _share(tx, need(tx.one(query.with_for_update() if lock else query), "share"))


def of_message(tx: Transaction, judged_id: str) -> tuple[Share, ...]:
    """Give the shares of one message, by recipient."""
    query = select(shares).where(shares.c.judged_id == judged_id).order_by(shares.c.recipient)
    return tuple(_share(tx, row) for row in tx.execute(query))


def add_token(tx: Transaction, share_id: str, purpose: Purpose, token: str) -> None:
    """Bind a token to a share; only its digest is kept."""
    row = {"digest": tx.vault.digest("token", token), "share_id": share_id, "purpose": purpose}
    tx.execute(insert(share_tokens), row)


def by_token(tx: Transaction, purpose: Purpose, token: str) -> Share | None:
    """Give the share that an unspent token was made for; None for any other token."""
    row = tx.one(
        select(share_tokens.c.share_id).where(
            share_tokens.c.digest == tx.vault.digest("token", token),
            share_tokens.c.purpose == purpose,
            share_tokens.c.spent_at.is_(None),
        )
    )
    return None if row is None else get(tx, row.share_id)


def spend_tokens(tx: Transaction, share_id: str, purpose: Purpose) -> None:
    """Make a share's tokens of one purpose worthless."""
    unspent = and_(
        share_tokens.c.share_id == share_id,
        share_tokens.c.purpose == purpose,
        share_tokens.c.spent_at.is_(None),
    )
    tx.execute(update(share_tokens).where(unspent).values(spent_at=tx.now))


def move(
    tx: Transaction,
    share_id: str,
    to: State,
    actor: str,
    *,
    evidence: str = "",
    told: bool = False,
    **details: Any,
) -> Share:
    """Move a share on, and give it as it stands then. `details` are codes for the share's own history.

    Ends of its life destroy the password. `told` is a release by telephone, where whoever rang made sure of
    the person (T1) and no other evidence is needed. RequestError where the share can't go there.
    """
    query = select(shares).where(shares.c.id == share_id).with_for_update()
    before = _share(tx, need(tx.one(query), "share"))
    if to not in TRANSITIONS[before.state]:
        words = f"This share is {before.state}, so it can't become {to}."
        raise RequestError(words)
    strongest = max(before.evidence, evidence, key=EVIDENCE.index)
    by_telephone = told and before.way != "email"
    if to == "released" and not by_telephone and EVIDENCE.index(strongest) < EVIDENCE.index(before.needed):
        words = f"The password is released once receipt is {before.needed}; it is not yet."
        raise RequestError(words)
    here = and_(shares.c.id == share_id, shares.c.state == before.state)
    values = {"state": to, "evidence": strongest, "changed_at": tx.now}
    if to in {"released", *ENDED}:
        values["remind_at"] = None
    if not changed(tx.execute(update(shares).where(here).values(values))):
        raise RequestError("Somebody else has just changed this share; look again.")
    _event(tx, share_id, to, to, actor, details)
    audit.share_moved(tx, share_id, actor, before.state, to, evidence)
    if before.register_id and to in REGISTERED:
        register.set_status(tx, before.register_id, to, actor)
    if to in ENDED:
        destroy_password(tx, share_id, actor)
    return get(tx, share_id)


def saw(tx: Transaction, share_id: str, evidence: str, actor: str = "recipient", **details: Any) -> Share:
    """Take evidence into account: move the share on where it is stronger, else only note it.

    Whether it is enough to release the password, the share says (`enough`); releasing is the caller's step.
    """
    share = get(tx, share_id)
    if EVIDENCE.index(evidence) > EVIDENCE.index(share.evidence) and evidence in TRANSITIONS[share.state]:
        to: Any = evidence
        return move(tx, share_id, to, actor, evidence=evidence, **details)
    note(tx, share_id, evidence, actor, **details)
    return share


def note(tx: Transaction, share_id: str, event: str, actor: str, **details: Any) -> None:
    """Note what happened to a share without moving it: an automatic reply, a page looked at."""
    share = get(tx, share_id)
    _event(tx, share_id, event, share.state, actor, details)
    audit.share_noted(tx, share_id, actor, event)


def password(tx: Transaction, share_id: str, actor: str, why: str) -> str:
    """Open the password, for the message or the telephone card that carries it. `why` is a code.

    RequestError where it was destroyed.
    """
    query = select(shares.c.sealed_password.label("sealed")).where(shares.c.id == share_id)
    sealed = need(tx.one(query), "share").sealed
    if sealed is None:
        raise RequestError("The password of this share was destroyed.")
    audit.password_read(tx, share_id, actor, why)
    return tx.vault.open("password", f"shares/{share_id}/password", sealed).decode()


def destroy_password(tx: Transaction, share_id: str, actor: str) -> bool:
    """Destroy the password for good. False where that happened before."""
    here = and_(shares.c.id == share_id, shares.c.password_destroyed_at.is_(None))
    values = {"sealed_password": None, "password_destroyed_at": tx.now}
    if not changed(tx.execute(update(shares).where(here).values(values))):
        return False
    audit.password_destroyed(tx, share_id, actor)
    return True


def reissue(tx: Transaction, share_id: str, actor: str, limit: int) -> Share:
    """Count one more sending of a released password. RequestError beyond `limit`, or where it is not out."""
    if get(tx, share_id).way == "agreed":
        raise RequestError(
            "This password was agreed beforehand and is never sent; ask the recipient's colleagues."
        )
    here = and_(shares.c.id == share_id, shares.c.state == "released", shares.c.reissues < limit)
    values = {"reissues": shares.c.reissues + 1, "changed_at": tx.now}
    if not changed(tx.execute(update(shares).where(here).values(values))):
        share = get(tx, share_id)
        if share.state != "released":
            words = f"This share is {share.state}: there is no password to send again."
        else:
            words = f"The password was sent {limit} times more already; ask for the document anew."
        raise RequestError(words)
    share = get(tx, share_id)
    _event(tx, share_id, "reissued", share.state, actor, {"reissues": share.reissues})
    audit.password_reissued(tx, share_id, actor, share.reissues)
    return share


def overdue(tx: Transaction, now: datetime, limit: int = 100) -> tuple[Share, ...]:
    """Give the shares whose time ran out without a release; the caller moves each to 'expired'."""
    return _due(tx, and_(shares.c.state.in_(OPEN), shares.c.expires_at <= now), limit)


def to_remind(tx: Transaction, now: datetime, limit: int = 100) -> tuple[Share, ...]:
    """Give the shares whose recipients are to be reminded by now; the caller calls `reminded` for each."""
    return _due(tx, shares.c.remind_at <= now, limit)


def reminded(tx: Transaction, share_id: str, next_at: datetime | None) -> None:
    """Count a reminder, and say when the next is due (None for none)."""
    values = {"reminders": shares.c.reminders + 1, "remind_at": next_at}
    tx.execute(update(shares).where(shares.c.id == share_id).values(values))
    share = get(tx, share_id)
    _event(tx, share_id, "reminded", share.state, "gateway", {"reminders": share.reminders})
    audit.share_reminded(tx, share_id, share.reminders)


def history(tx: Transaction, share_id: str) -> tuple[ShareEvent, ...]:
    """Give all that happened to a share, in order."""
    query = select(share_events).where(share_events.c.share_id == share_id).order_by(share_events.c.id)
    return tuple(value_of(ShareEvent, row) for row in tx.execute(query))


def search(
    tx: Transaction,
    *,
    states: Sequence[str] = (),
    scope: Scope = EVERYTHING,
    sender: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> tuple[tuple[Share, ...], tuple[datetime, str] | None]:
    """Give a page of shares, latest first, and where the next page begins (None at the end)."""
    query = select(shares).order_by(shares.c.at.desc(), shares.c.id.desc())
    if states:
        query = query.where(shares.c.state.in_(states))
    query = query.where(*scope.where(shares.c.organisation, shares.c.directorate))
    if sender:
        query = query.where(shares.c.sender == sender)
    if after is not None:
        at, share_id = after
        later = or_(shares.c.at < at, and_(shares.c.at == at, shares.c.id < share_id))
        query = query.where(shares.c.at <= at, later)
    rows = tx.execute(query.limit(limit + 1)).all()
    found = tuple(_share(tx, row) for row in rows[:limit])
    return found, ((found[-1].at, found[-1].id) if len(rows) > limit else None)


def counts(tx: Transaction) -> Mapping[str, int]:
    """Give how many shares are in each state."""
    query = select(shares.c.state, func.count().label("shares")).group_by(shares.c.state)
    return {row.state: row.shares for row in tx.execute(query.order_by(shares.c.state))}


def count_open(tx: Transaction, scope: Scope = EVERYTHING) -> int:
    """Count the shares of a scope that wait for their recipient."""
    seen = scope.where(shares.c.organisation, shares.c.directorate)
    query = select(func.count()).select_from(shares).where(shares.c.state.in_(OPEN), *seen)
    return int(tx.execute(query).scalar_one())


def _due(tx: Transaction, condition: ColumnElement[bool], limit: int) -> tuple[Share, ...]:
    query = select(shares).where(condition).order_by(shares.c.expires_at, shares.c.id).limit(limit)
    if tx.writable:
        query = query.with_for_update(skip_locked=True)  # two nodes remind each recipient once
    return tuple(_share(tx, row) for row in tx.execute(query))


def _sealed_password(tx: Transaction, share_id: str, clear: str) -> bytes:
    return tx.vault.seal("password", f"shares/{share_id}/password", clear.encode())


def _event(
    tx: Transaction, share_id: str, event: str, state: str, actor: str, details: Mapping[str, Any]
) -> None:
    row = {"share_id": share_id, "at": tx.now, "event": event, "state": state, "actor": actor}
    tx.execute(insert(share_events), row | {"details": dict(details)})


def _share(tx: Transaction, row: Any) -> Share:
    opened = tx.vault.open("summary", f"shares/{row.id}/details", row.sealed_details)
    return value_of(Share, row, details=frozen(json.loads(opened)))
