"""Carries out what happens to a share: its state, its password, its notices and its incident, in one transaction.

The table of what follows from what is `milter.receipts.share`; this is the one place where it meets the store,
so that the pages, the gateway's own SMTP door and the commands can't differ. Nothing is sent here: notices go
into the outbox, and the daemon sends them once (law 6).
"""

from datetime import datetime
from typing import Any

from milter.receipts.evidence import Grade, Heard
from milter.receipts.release import next_reminder
from milter.receipts.share import Event, Standing, Step, step
from milter.store import incidents, outbox, register, shares
from milter.store.shares import Share
from milter.store.transaction import Transaction

NOTICE = "share-notice"


def happened(tx: Transaction, share_id: str, event: Event, actor: str, **details: Any) -> Step:
    """Carry out what follows from an event. Where nothing may follow, `why_not` of the step says why."""
    share = shares.get(tx, share_id)
    follows = step(_standing(share), event)
    if follows.why_not:
        shares.note(tx, share_id, event, actor, **details)
        return follows
    for state in follows.to:
        evidence = follows.evidence if state == follows.evidence else ""
        shares.move(tx, share_id, state, actor, evidence=evidence, **details)
    if not follows.to:
        shares.note(tx, share_id, event, actor, **details)
    if follows.spends_tokens:
        for purpose in ("page", "address", "sender"):
            shares.spend_tokens(tx, share_id, purpose)
    if follows.opens_incident:
        _open_incident(tx, share, actor)
    if not is_orphan(tx, share):
        for notice, audience in follows.notices:
            tell(tx, share_id, notice, audience)
    return follows


def heard(tx: Transaction, share_id: str, what: Heard) -> Step:
    """Take a message that came to a share's own address into account (MDN, DSN, reply, automatic answer)."""
    if what.bounced:
        return happened(tx, share_id, "bounced", "recipient")
    if what.evidence in {"delivered", "displayed"}:
        event: Event = "delivered" if what.evidence == "delivered" else "displayed"
        return happened(tx, share_id, event, "recipient", heard=what.event)
    shares.note(tx, share_id, what.event, "recipient")
    return Step()


def confirmed(
    tx: Transaction, share_id: str, name: str, job_title: str, organisation: str, telephone: str
) -> Step:
    """Take a person's confirmation: what they say of themselves fills the register (R1), the password follows."""
    share = shares.get(tx, share_id)
    if share.register_id and register.get(tx, share.register_id):
        register.fill(
            tx,
            share.register_id,
            "recipient",
            recipient_name=name,
            recipient_job_title=job_title,
            recipient_organisation=organisation,
            recipient_telephone=telephone,
        )
    return happened(tx, share_id, "confirmed", "recipient")


def told(tx: Transaction, share_id: str, actor: str, name: str, job_title: str) -> Step:
    """Record that the password was told by telephone, to whom (T1, R1)."""
    share = shares.get(tx, share_id)
    follows = happened(tx, share_id, "told", actor)
    if not follows.why_not and share.register_id and register.get(tx, share.register_id):
        way = "e-mail, documents encrypted, password by telephone"
        register.fill(
            tx, share.register_id, actor, recipient_name=name, recipient_job_title=job_title, way=way
        )
    return follows


def reissued(tx: Transaction, share_id: str, actor: str, limit: int) -> Share:
    """Have a lost password sent once more. RequestError where it is not out, or was repeated too often."""
    share = shares.reissue(tx, share_id, actor, limit)
    tell(tx, share_id, "password", "recipient", number=share.reissues)
    return share


def remind(tx: Transaction, share: Share) -> None:
    """Have the recipient reminded, and set the next reminder."""
    moments = tuple(datetime.fromisoformat(at) for at in share.details.get("remind_at", ()))
    shares.reminded(tx, share.id, next_reminder(moments, tx.now))
    if not is_orphan(tx, share):
        tell(tx, share.id, "reminder", "recipient", number=share.reminders + 1)


def expire(tx: Transaction, share: Share) -> None:
    """End a share whose time ran out; its sender is told."""
    happened(tx, share.id, "expired", "gateway")


def tell(tx: Transaction, share_id: str, notice: str, audience: str, *, number: int = 0) -> None:
    """Have a notice about a share sent, once for each `number`."""
    dedupe = f"{NOTICE}:{share_id}:{notice}:{audience}:{number}"
    outbox.put(tx, NOTICE, share_id, dedupe, {"notice": notice, "audience": audience, "number": number})


def is_orphan(tx: Transaction, share: Share) -> bool:
    """Whether the copy of this share never left: a crash cut its try off before it was recorded (law 1)."""
    return bool(share.register_id) and register.get(tx, share.register_id) is None


def _standing(share: Share) -> Standing:
    evidence: Grade = share.evidence  # type: ignore[assignment]  # the store keeps no other words
    return Standing(share.state, evidence, share.needed, share.way)  # type: ignore[arg-type]  # likewise


def _open_incident(tx: Transaction, share: Share, actor: str) -> None:
    incidents.begin(
        tx,
        "not-for-me",
        actor,
        organisation=share.organisation,
        share_id=share.id,
        register_id=share.register_id,
    )
