"""A held message released protected: put right by the same code as a message on its way, and sent once.

Guarantees: the copy, its share with the password, and the end of the request are one commit, so that a crash
leaves either the request or the finished copy, never two passwords. The copy then leaves like any that waited
out an undo window. What can't be protected goes back to the reviewers with the reason, and never out in clear.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from milter.dispatch import mailing
from milter.dispatch.case import Case, Copy
from milter.dispatch.judging import judge
from milter.dispatch.protecting import Draft, drafts_for
from milter.dispatch.surroundings import Surroundings
from milter.dispatch.wishes import wishes_of
from milter.errors import RequestError
from milter.message.envelope import Envelope
from milter.message.parse import parse
from milter.outbox.parcels import trace_of_held
from milter.policy.model import Action, Reason, Verdict
from milter.policy.policy import Policy
from milter.relay.session import SessionFacts
from milter.sharing import WAY, sent
from milter.store import contents, decisions, quarantine, register, shares, talk
from milter.store.outbox import Item, done
from milter.store.quarantine import HeldInFull, HeldRecipient
from milter.store.transaction import Transaction

ALL = ("mark-subject", "protect-body", "protect-attachments", "receipt", "password-apart", "record")
REVIEWER = "protection-requested"  # asked for by a reviewer, and so for everything that is attached


@dataclass(frozen=True, slots=True)
class _Held:
    full: HeldInFull
    raw: bytes
    recipient: HeldRecipient


def is_protected_release(item: Item) -> bool:
    """Whether an item asks for a held message to be released protected."""
    return item.kind == "release" and item.payload.get("how") == "protected"


async def protect_held(item: Item, owner: str, with_: Surroundings) -> Callable[[Transaction], None]:
    """Make the protected copy that an item asks for; what is given back commits it, or gives the message back.

    RequestError where the held message is gone.
    """
    held = await asyncio.to_thread(_look, item, with_)
    message = parse(held.raw, with_.known.caps)
    envelope = _only_for(mailing.envelope_from(held.full.envelope), held.recipient.recipient)
    assessment = await judge(envelope, message, with_)
    case = Case(
        key="",
        id=held.full.held.judged_id,
        envelope=envelope,
        message=message,
        session=SessionFacts(hostname=with_.known.settings.smtp.hostname),
        assessment=assessment,
        wishes=wishes_of(message),
        first_try=False,
        started=0.0,
    )
    verdict = _everything(assessment.verdicts[0], held.recipient)
    if why := _must_not_edit(case, with_.known.policy):
        return _given_back(item, owner, why)
    wanted = ((envelope.recipients[0], verdict),)
    drafts, failed = await drafts_for(
        case, wanted, trace_of_held(item, with_, envelope.recipients[0].address), with_
    )
    if not drafts or drafts[0].share is None:
        return _given_back(item, owner, failed[0].why if failed else "There is nothing in it to be locked.")
    return _kept(item, owner, held, drafts[0], with_)


def _look(item: Item, with_: Surroundings) -> _Held:
    with with_.store.read() as tx:
        full = quarantine.get(tx, item.subject)
        wanted = str(item.payload["recipient"])
        recipient = next((one for one in full.recipients if one.recipient == wanted), None)
        if recipient is None:
            raise RequestError("The message is not held for this recipient.")
        return _Held(full, quarantine.content(tx, item.subject), recipient)


def _only_for(envelope: Envelope, recipient: str) -> Envelope:
    return replace(envelope, recipients=tuple(r for r in envelope.recipients if r.address == recipient))


def _everything(verdict: Verdict, held: HeldRecipient) -> Verdict:
    """What a reviewer's word asks for: everything locked, besides what was demanded when it was held."""
    asked = Reason(REVIEWER, Action.PROTECT)
    owed = dict.fromkeys((*ALL, *verdict.obligations, *held.obligations))
    return replace(verdict, action=Action.PROTECT, reasons=(*verdict.reasons, asked), obligations=tuple(owed))


def _must_not_edit(case: Case, policy: Policy) -> str:
    """Say why this message is never changed, not even at a reviewer's word (pitfalls 13, 14); '' where it may be."""
    own = [d for d in case.message.dkim_domains if (p := policy.domains.find(d.lower())) and p.own]
    if own and not policy.edit_own_dkim:
        return "It bears the organisation's own DKIM signature, which a change would break."
    subject = [part for part in case.assessment.facts.parts if part.role == "subject"]
    if any(part.examination.protect for part in subject):
        return "Its subject holds personal information, which nothing can lock."
    return ""


def _given_back(item: Item, owner: str, why: str) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        if done(tx, item, owner):
            decisions.returned(tx, item.subject, str(item.payload["recipient"]), "cannot-protect")
            talk.add_note(tx, item.subject, "gateway", f"It could not be released protected. {why}")

    return work


def _kept(
    item: Item, owner: str, held: _Held, draft: Draft, with_: Surroundings
) -> Callable[[Transaction], None]:
    assert draft.share is not None, "the caller looked"
    entry = held.recipient.register_id
    share = replace(draft.share, register_id=entry, directorate=held.full.held.directorate)
    copy: Copy = replace(draft.copy, register_id=entry)
    sealed = contents.seal_content(with_.store.vault, copy.raw)
    told = with_.known.policy.sharing.tell_sender and bool(held.full.held.sender)

    def work(tx: Transaction) -> None:
        if not done(tx, item, owner):
            return  # another process took it over
        shares.begin(tx, share)
        mailing.put_copy(tx, copy, sealed, held=item.subject, recipient=held.recipient.recipient)
        if entry and register.get(tx, entry):
            register.fill(tx, entry, "gateway", share_id=share.id, way=WAY)
        sent(tx, [share.id], leaves_at=copy.leaves_at, tell_sender=told)

    return work
