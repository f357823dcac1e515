"""Carries out what happens to a share: its state, its password, its notices and its incident, in one transaction.

The table of what follows from what is `milter.receipts.share`; this is the one place where it meets the store,
so that the pages, the gateway's own SMTP door and the commands can't differ. Nothing is sent here: notices go
into the outbox, and the daemon sends them once (law 6).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from milter.errors import RequestError
from milter.receipts.evidence import Grade, Heard
from milter.receipts.release import next_reminder
from milter.receipts.share import ENDS, Event, Standing, Step, begin, step
from milter.store import contents, decisions, incidents, outbox, register, shares
from milter.store.register import Entry
from milter.store.shares import Share
from milter.store.transaction import Transaction

NOTICE = "share-notice"  # outbox: about one share, and moot once it has ended
SENT = "sent-notice"  # about all shares of a message
COPY = "copy"  # outbox: the protected copy itself, where it does not leave within the session
RECORDED_WITHIN = timedelta(minutes=15)  # as long as a claim lasts: a try still under way may record it
WAY = "e-mail, documents encrypted, password apart"
WAY_BY_TELEPHONE = "e-mail, documents encrypted, password by telephone"


def sent(tx: Transaction, share_ids: Sequence[str], *, leaves_at: datetime | None, tell_sender: bool) -> None:
    """Take note that protected copies left, or will at `leaves_at`: the sender gets cards, and is told once."""
    for share_id in share_ids:
        for notice, audience in begin(shares.get(tx, share_id).way).notices:  # type: ignore[arg-type]  # its words
            tell(tx, share_id, notice, audience, not_before=leaves_at)
        _catch_up(tx, shares.get(tx, share_id, lock=True))
    if share_ids and tell_sender:
        tell(tx, share_ids[0], "sent-locked", "sender", shares=list(share_ids))


def happened(tx: Transaction, share_id: str, event: Event, actor: str, **details: Any) -> Step:
    """Carry out what follows from an event. Where nothing may follow, `why_not` of the step says why."""
    # The try that sent the copy may be recording it on another node this very moment: one waits for the other.
    share = shares.get(tx, share_id, lock=True)
    unrecorded = is_unrecorded(tx, share)
    if unrecorded and actor == "recipient" and tx.now - share.at > RECORDED_WITHIN:
        _adopt(tx, share)
    left = not (event in ENDS and share.state == "sent" and _keep_back(tx, share, actor))
    follows = step(_standing(share, left=left), event)
    heard_as = str(details.get("heard", event))
    if follows.why_not:
        shares.note(tx, share_id, heard_as, actor)
        return follows
    for state in follows.to:
        evidence = follows.evidence if state == follows.evidence else ""
        shares.move(tx, share_id, state, actor, evidence=evidence, told=event == "told", **details)
    if not follows.to:
        shares.note(tx, share_id, heard_as, actor)
    if follows.destroys_password:
        _make_worthless(tx, share_id, actor)
    if follows.opens_incident:
        _open_incident(tx, share, actor)
    if actor == "recipient" or not unrecorded:
        for notice, audience in follows.notices:
            tell(tx, share_id, notice, audience)
    return follows


def _make_worthless(tx: Transaction, share_id: str, actor: str) -> None:
    """Spend a share's links and addresses, and keep back a password or a card that is still on its way."""
    outbox.withdraw(tx, share_id, actor, NOTICE)
    for purpose in ("page", "address", "sender"):
        shares.spend_tokens(tx, share_id, purpose)


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
    share = shares.get(tx, share_id, lock=True)
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
        told_to = {"recipient_name": name, "recipient_job_title": job_title, "way": WAY_BY_TELEPHONE}
        register.fill(tx, share.register_id, actor, **told_to)
    return follows


def reissued(tx: Transaction, share_id: str, actor: str, limit: int) -> Share:
    """Have a lost password sent once more. RequestError where it is not out, or was repeated too often."""
    if shares.get(tx, share_id).way == "telephone":
        raise RequestError("This password goes by telephone only: the card says whom to ring.")
    share = shares.reissue(tx, share_id, actor, limit)
    tell(tx, share_id, "password", "recipient", number=share.reissues)
    return share


def remind(tx: Transaction, share: Share) -> None:
    """Have the recipient reminded, and set the next reminder."""
    moments = tuple(datetime.fromisoformat(at) for at in share.details.get("remind_at", ()))
    shares.reminded(tx, share.id, next_reminder(moments, tx.now))
    if not is_unrecorded(tx, share):
        tell(tx, share.id, "reminder", "recipient", number=share.reminders + 1)


def expire(tx: Transaction, share: Share) -> None:
    """End a share whose time ran out; its sender is told."""
    happened(tx, share.id, "expired", "gateway")


def tell(
    tx: Transaction,
    share_id: str,
    notice: str,
    audience: str,
    *,
    number: int = 0,
    not_before: datetime | None = None,
    **more: Any,
) -> None:
    """Have a notice about a share sent, once for each `number`. `more` is what only this notice needs."""
    dedupe = f"{NOTICE}:{share_id}:{notice}:{audience}:{number}"
    asked = {"notice": notice, "audience": audience, "number": number, **more}
    kind = SENT if notice == "sent-locked" else NOTICE
    outbox.put(tx, kind, share_id, dedupe, asked, not_before=not_before)


def is_unrecorded(tx: Transaction, share: Share) -> bool:
    """Whether no try recorded this share: one is under way, or a crash cut it off and its copy may have left."""
    return bool(share.register_id) and register.get(tx, share.register_id) is None


def _adopt(tx: Transaction, share: Share) -> None:
    """Record a share whose copy did leave, as its recipient's answer proves, before its try was cut off (R1)."""
    entry = Entry(
        id=share.register_id,
        at=share.at,
        channel="email",
        judged_id=share.judged_id,
        share_id=share.id,
        sender=share.sender,
        sender_organisation=share.organisation,
        directorate=share.directorate,
        recipient=share.recipient,
        purpose=str(share.details.get("purpose", "")),
        information=tuple(share.details.get("categories", ())),
        way=WAY,
        action="PROTECT",
        grade=share.grade,
        status="protected",
    )
    register.add(tx, (entry,), subject=share.judged_id)


def _catch_up(tx: Transaction, share: Share) -> None:
    """Give a register entry the state that its share reached while the try was being recorded."""
    if share.register_id and share.state in shares.REGISTERED:
        register.set_status(tx, share.register_id, share.state)


def _keep_back(tx: Transaction, share: Share, actor: str) -> bool:
    """Keep a copy from leaving that still waits; False where it left, or is just leaving."""
    waiting = [item for item in outbox.about(tx, share.id) if item.kind == COPY and item.state == "pending"]
    if not waiting or not outbox.withdraw(tx, share.id, actor, COPY):
        return False
    for item in waiting:
        contents.destroy(tx, item.content_id, actor)
        if held_id := str(item.payload.get("held", "")):
            decisions.withdrawn(tx, held_id, share.recipient, actor)
    return True


def _standing(share: Share, *, left: bool) -> Standing:
    evidence: Grade = share.evidence  # type: ignore[assignment]  # the store keeps no other words
    return Standing(share.state, evidence, share.needed, share.way, left)  # type: ignore[arg-type]  # likewise


def _open_incident(tx: Transaction, share: Share, actor: str) -> None:
    incidents.begin(
        tx,
        "not-for-me",
        actor,
        organisation=share.organisation,
        directorate=share.directorate,
        share_id=share.id,
        register_id=share.register_id,
    )
