"""Mail of the gateway's own, owed after a try: rendered and written before the transaction that asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from milter.dispatch import explaining
from milter.dispatch.case import Case, Copy, Done
from milter.dispatch.surroundings import Surroundings
from milter.message.envelope import Envelope, Recipient
from milter.message.letter import Letter, write_letter
from milter.message.report import RecipientStatus, Report, write_report
from milter.notices.model import Notice
from milter.notices.render import render_notice
from milter.settings import Settings
from milter.store import contents, outbox
from milter.store.contents import SealedContent
from milter.store.transaction import Transaction

KIND = "notice"
COPIES_KEPT = timedelta(days=30)  # one that could not be sent, for an operator to try again


@dataclass(frozen=True, slots=True)
class Owed:
    """One finished mail, and what keeps it from being sent twice."""

    subject: str  # reference of what it is about
    dedupe: str
    payload: Mapping[str, Any]


def put(tx: Transaction, owed: Owed, *, not_before: datetime | None = None) -> bool:
    """Ask the outbox to send it; False where it was asked for before."""
    number = outbox.put(tx, KIND, owed.subject, owed.dedupe, owed.payload, not_before=not_before)
    return number is not None


def owed_for(case: Case, done: Done, now: datetime, with_: Surroundings) -> tuple[Owed, ...]:
    """Give the notices that one try owes to the sender: refused or held, separate copies, refused by the next hop."""
    return (
        *_owed_for_stopped(case, done, now, with_),
        *_owed_for_apart(case, done, now, with_),
        *_owed_for_bounced(case, done, now, with_),
    )


def _owed_for_bounced(case: Case, done: Done, now: datetime, with_: Surroundings) -> tuple[Owed, ...]:
    """Tell the sender whom the next hop refused for good: the reply can't, since others were accounted for."""
    results = {result.address: result for result in done.bounced}
    asked = {r.address for r in case.envelope.recipients if "NEVER" not in r.notify}  # RFC 3461 4.1
    bounced = {address: result for address, result in results.items() if address in asked}
    if not bounced or not case.envelope.sender:
        return ()
    settings = with_.known.settings
    notice = explaining.undelivered(case, tuple(bounced), now, settings)
    dedupe = f"bounced:{case.id}:{with_.store.vault.digest('recipients', *sorted(bounced))}"
    letter = letter_for(notice, dedupe, case.envelope.sender, now, settings)
    statuses = tuple(
        RecipientStatus(r.address, "failed", bounced[r.address].enhanced or "5.0.0", orcpt=r.orcpt)
        for r in case.envelope.recipients
        if r.address in bounced
    )
    report = Report(settings.smtp.hostname, statuses, envid=case.envelope.envid)
    raw = write_report(letter, report, case.message)
    return (Owed(case.id, dedupe, payload("", case.envelope.sender, raw)),)


def _owed_for_apart(case: Case, done: Done, now: datetime, with_: Surroundings) -> tuple[Owed, ...]:
    """Tell the sender that outside recipients did not see each other (P1)."""
    left = {*done.taken, *done.waiting}
    apart = {address for address in left if "separate-copies" in case.verdict(address).obligations}
    if not apart or not explaining.may_tell(case, apart):
        return ()
    settings = with_.known.settings
    notice = explaining.sent_apart(case, done, now, settings)
    return (mail(notice, case.id, f"apart:{case.id}", case.envelope.sender, now, settings),)


def for_reviewers(
    case: Case, done: Done, held_id: str, expires_at: datetime, now: datetime, settings: Settings
) -> tuple[Owed, ...]:
    """Tell the reviewers' mailbox, where there is one, that a message waits for a decision."""
    to = settings.contact.review_address
    if not to:
        return ()
    notice = explaining.for_reviewers(case, done, held_id, expires_at, now, settings)
    return (mail(notice, held_id, f"held-told:{held_id}", to, now, settings),)


def _owed_for_stopped(case: Case, done: Done, now: datetime, with_: Surroundings) -> tuple[Owed, ...]:
    stopped = {recipient.address for recipient, _ in (*done.held, *done.plan.refused)}
    if not stopped or not explaining.may_tell(case, stopped):
        return ()
    settings, policy = with_.known.settings, with_.known.policy
    review = explaining.review_page(case.id, settings, with_.store.vault)
    if done.plan.refused:
        notice: Notice = explaining.refusal(case, done, now, settings, review)
    elif policy.holding.tell_sender:
        expires_at = now + timedelta(days=policy.holding.expires_days)
        notice = explaining.held(case, done, now, expires_at, settings, review)
    else:
        return ()
    dedupe = f"told:{case.id}"
    letter = letter_for(notice, dedupe, case.envelope.sender, now, settings)
    if done.plan.refused:
        raw = write_report(letter, report_of(case, done, settings), case.message)
    else:
        raw = write_letter(letter)
    return (Owed(case.id, dedupe, payload("", case.envelope.sender, raw)),)


def report_of(case: Case, done: Done, settings: Settings) -> Report:
    """Give the machine-readable part of a refusal (RFC 3464): what failed, and who may still get it."""
    statuses = [
        RecipientStatus(recipient.address, "failed", "5.7.1", orcpt=recipient.orcpt)
        for recipient, _ in done.plan.refused
    ]
    statuses += [RecipientStatus(r.address, "delayed", "4.7.0", orcpt=r.orcpt) for r, _ in done.held]
    return Report(settings.smtp.hostname, tuple(statuses), envid=case.envelope.envid)


def mail(
    notice: Notice, subject: str, dedupe: str, to: str, now: datetime, settings: Settings, reply_to: str = ""
) -> Owed:
    """Write a notice as finished mail from the null sender."""
    letter = letter_for(notice, dedupe, to, now, settings, reply_to)
    return Owed(subject, dedupe, payload("", to, write_letter(letter)))


def letter_for(
    notice: Notice, dedupe: str, to: str, now: datetime, settings: Settings, reply_to: str = ""
) -> Letter:
    """Render a notice as a letter."""
    override = settings.folder / "notices"
    rendered = render_notice(notice, override if override.is_dir() else None)
    fields = (("Reply-To", reply_to),) if reply_to else ()
    return Letter(
        sender=settings.contact.notices_address,
        sender_name=settings.contact.organisation,
        to=(to,),
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=message_id(dedupe, settings),
        date=now,
        fields=fields,
    )


def put_copy(tx: Transaction, copy: Copy, content: SealedContent, **more: str) -> None:
    """Keep a protected copy until it leaves; one whose share is withdrawn by then never does.

    `more` is what is to be known of it when it has left.
    """
    contents.put(tx, content, (copy.leaves_at or tx.now) + COPIES_KEPT)
    told = {"envelope": envelope_json(copy.envelope), "secure": copy.secure, **more}
    dedupe = f"copy:{copy.share_id}"
    outbox.put(tx, "copy", copy.share_id, dedupe, told, content_id=content.id, not_before=copy.leaves_at)


def envelope_json(envelope: Envelope) -> dict[str, Any]:
    """Give all of an envelope that the next hop must be told later."""
    return {
        "sender": envelope.sender,
        "body": envelope.body,
        "smtputf8": envelope.smtputf8,
        "ret": envelope.ret,
        "envid": envelope.envid,
        "require_tls": envelope.require_tls,
        "recipients": [[r.address, list(r.notify), r.orcpt] for r in envelope.recipients],
    }


def envelope_from(value: Any) -> Envelope:
    """Give the envelope that `envelope_json` wrote."""
    return Envelope(
        sender=value["sender"],
        recipients=tuple(Recipient(a, tuple(notify), orcpt) for a, notify, orcpt in value["recipients"]),
        body=value["body"],
        smtputf8=value["smtputf8"],
        ret=value["ret"],
        envid=value["envid"],
        require_tls=value["require_tls"],
    )


def payload(sender: str, to: str, raw: bytes) -> dict[str, Any]:
    """Pack finished mail for the outbox, which seals it."""
    return {"sender": sender, "to": to, "raw": raw.decode("utf-8", "surrogateescape")}


def message_id(dedupe: str, settings: Settings) -> str:
    """Give a Message-ID that a second sending of the same notice repeats, so that it is seen as one."""
    domain = settings.contact.notices_address.rpartition("@")[2] or settings.smtp.hostname
    return f"<{sha256(dedupe.encode()).hexdigest()[:32]}@{domain}>"
