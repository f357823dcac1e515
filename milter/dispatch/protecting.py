"""PROTECT: puts a message right instead of sending it back (E3, E6, E7, E8, P5).

What all recipients share (locked documents, the password) is made once; each gets a copy of their own, with
their own token. Guarantees: a copy's share is committed, with its password, before the copy leaves; what could
not be locked and verified is held, never sent. Only the marks and parts that the verdict names are changed.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from milter import log
from milter.dispatch import covering
from milter.dispatch.case import Case, Copy
from milter.dispatch.locking import CannotProtectError, Locked, Password, lock_all
from milter.dispatch.marking import marked
from milter.dispatch.surroundings import Surroundings
from milter.dispatch.targets import own_text, targets_of
from milter.message.build import EditError, Note, rewrite
from milter.message.envelope import Recipient
from milter.message.model import Message
from milter.message.trace import Trace, internet_fields, received, trace_field
from milter.policy.model import Verdict
from milter.policy.partners import place_of
from milter.policy.rules.structure import UNEDITABLE
from milter.receipts.evidence import Grade
from milter.receipts.password import speakable_password
from milter.receipts.release import Terms, terms
from milter.receipts.token import new_token, page_address, receipt_address, receipt_message_id
from milter.sandbox import ChildFailed
from milter.store import agreed, ids, shares
from milter.store.transaction import Transaction

Wanted = tuple[tuple[Recipient, Verdict], ...]
MOST_OCTETS = (
    256 * 1024 * 1024
)  # of all copies of one message together: they are in memory until they have left
SEEN_BY_ALL = ("cc", "resent-to", "resent-cc", "apparently-to")  # fields that name other recipients

_IDS = re.compile(r"<[!-;=?-~]{1,200}>")

_log = log.logger("protect")


@dataclass(frozen=True, slots=True)
class Draft:
    """A copy that is made, with the share that has to be committed before it leaves."""

    copy: Copy
    share: shares.ToShare | None  # None where nothing was locked: a mark in the subject is no share


@dataclass(frozen=True, slots=True)
class Failed:
    """For whom no copy could be made, and why, in words without personal data."""

    recipient: Recipient
    verdict: Verdict
    why: str


async def protect_for(
    case: Case, wanted: Wanted, trail: Trace, with_: Surroundings
) -> tuple[tuple[Copy, ...], Wanted]:
    """Give the protected copies, their shares committed, and those for whom none could be made."""
    if not wanted:
        return (), ()
    drafts, failed = await drafts_for(case, wanted, trail, with_)
    if begun := [draft.share for draft in drafts if draft.share]:
        await asyncio.wrap_future(with_.commit(lambda tx: _begin(tx, begun)))
    return tuple(draft.copy for draft in drafts), tuple((one.recipient, one.verdict) for one in failed)


async def drafts_for(
    case: Case, wanted: Wanted, trail: Trace, with_: Surroundings
) -> tuple[tuple[Draft, ...], tuple[Failed, ...]]:
    """Make a copy for each recipient; nothing is committed yet."""
    fresh = speakable_password()
    agreed_ones = await _agreed_passwords(case, wanted, with_)
    made: dict[tuple[str, ...], tuple[Locked, ...]] = {}  # documents by what had to be locked, and the lock
    head = trace_field(trail) + received(trail)
    drafts: list[Draft] = []
    failed: list[Failed] = []
    octets = 0
    for recipient, verdict in wanted:
        if octets > MOST_OCTETS:
            failed.append(Failed(recipient, verdict, "The message is too large for so many copies of it."))
            continue
        known = agreed_ones.get(recipient.address)
        password = Password(known or fresh, chosen=known is not None)
        try:
            draft = await _draft(case, recipient, verdict, password, made, with_)
        except (CannotProtectError, EditError, ChildFailed) as error:
            _log.warning("cannot-protect", id=case.id, cause=type(error).__name__)
            failed.append(Failed(recipient, verdict, _words(error)))
        else:
            octets += len(draft.copy.raw)
            drafts.append(Draft(replace(draft.copy, raw=head + draft.copy.raw), draft.share))
    return tuple(drafts), tuple(failed)


def _words(error: Exception) -> str:
    return "Locking a document took too long or failed." if isinstance(error, ChildFailed) else str(error)


async def _agreed_passwords(case: Case, wanted: Wanted, with_: Surroundings) -> dict[str, str]:
    """Give the passwords that are agreed with recipients' organisations, by address (E8).

    A name in partners.toml that the store has no password for is worth a fresh one, not a plain document.
    """
    persons = {person.address: person for person in case.assessment.people.recipients}
    names = {
        recipient.address: partner.password
        for recipient, verdict in wanted
        if (partner := persons[recipient.address].partner) and partner.password and locks(verdict)
    }
    if not names:
        return {}

    def read(tx: Transaction) -> dict[str, str | None]:
        return {name: agreed.password(tx, name, case.id) for name in sorted(set(names.values()))}

    opened = await asyncio.wrap_future(with_.commit(read))
    for name in (name for name, password in opened.items() if password is None):
        _log.warning("no-agreed-password", id=case.id, name=name)
    found = {address: opened[name] for address, name in names.items()}
    return {address: password for address, password in found.items() if password}


def locks(verdict: Verdict) -> bool:
    """Whether a verdict asks for a document to be locked, and not for a mark in the subject only."""
    return not {"protect-body", "protect-attachments"}.isdisjoint(verdict.obligations)


def _begin(tx: Transaction, begun: Sequence[shares.ToShare]) -> None:
    for share in begun:
        shares.begin(tx, share)


async def _draft(
    case: Case,
    recipient: Recipient,
    verdict: Verdict,
    password: Password,
    made: dict[tuple[str, ...], tuple[Locked, ...]],
    with_: Surroundings,
) -> Draft:
    targets, body = targets_of(case, verdict)
    if (targets or body) and case.assessment.facts.calendar:
        raise CannotProtectError("An invitation is never changed.")  # pitfall 23
    key = (*sorted(target.path for target in targets), "body" if body else "", password.clear)
    if key not in made:
        made[key] = await lock_all(case, targets, body, password, with_)
    locked = made[key]
    subject = (
        marked(case.message.subject, with_.known.policy) if "mark-subject" in verdict.obligations else None
    )
    apart, dropped = _apart(case, recipient, verdict)
    if not locked:
        raw = rewrite(case.message, subject=subject, fields=apart, drop=dropped)
        return Draft(_copy(case, recipient, verdict, raw, with_, None, ""), None)
    now = with_.clock()
    agreed = _terms(case, verdict, now, password, with_)
    page, token = new_token(), new_token()
    tokens: tuple[tuple[shares.Purpose, str], ...] = (("page", page), ("address", token))
    share = _share(case, recipient, verdict, password, locked, agreed, tokens)
    note = covering.note_for(
        case,
        recipient,
        [d.part.name for d in locked],
        [d.format for d in locked],
        agreed,
        _mine(share.id, page, token, with_),
        with_,
        body_moved=body,
    )
    raw = rewrite(
        case.message,
        subject=subject,
        fields=(*apart, *_asking(case, token, with_)),
        drop=dropped,
        parts={d.path: d.part for d in locked if d.path},
        append=tuple(d.part for d in locked if not d.path),
        body=note if body else _above(note, case),
    )
    copy = _copy(case, recipient, verdict, raw, with_, share, token)
    return Draft(replace(copy, leaves_at=agreed.leaves_at if agreed.leaves_at > now else None), share)


def _apart(
    case: Case, recipient: Recipient, verdict: Verdict
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Give the fields to set and to drop, so that a separate copy names its own recipient and nobody else (P1)."""
    ours = internet_fields(case.message)
    if "separate-copies" not in verdict.obligations:
        return (), ours
    if case.message.seals.intersection(UNEDITABLE):
        raise CannotProtectError("The message is signed or encrypted, so its fields are not changed.")
    if not recipient.address.isascii():
        raise CannotProtectError("The address can't stand in a field of a copy.")
    return (("To", f"<{recipient.address}>"),), (*ours, *SEEN_BY_ALL)


def _mine(reference: str, page: str, token: str, with_: Surroundings) -> covering.Mine:
    receipts = with_.known.settings.receipts
    return covering.Mine(
        reference,
        page_address(receipts.page_url, "page", page) if receipts.page_url else "",
        receipt_address(token, receipts.domain) if receipts.domain else "",
    )


def _terms(case: Case, verdict: Verdict, now: datetime, password: Password, with_: Surroundings) -> Terms:
    """What is agreed for the password: the telephone where the route or the sender asks for it (E8)."""
    receipts = with_.known.settings.receipts
    wished = case.wishes.password_by == "telephone"  # noqa: S105 - a way, not a password
    reach: Grade = (
        "confirmed" if receipts.page_url else "displayed" if receipts.domain or receipts.mailbox else ""
    )
    found = terms(
        with_.known.policy.sharing,
        case.assessment.facts.examination.categories,
        now,
        telephone=wished or "password-by-telephone" in verdict.obligations,
        reach=reach,
    )
    return replace(found, way="agreed", remind_at=()) if password.chosen else found


def _copy(
    case: Case,
    recipient: Recipient,
    verdict: Verdict,
    raw: bytes,
    with_: Surroundings,
    share: shares.ToShare | None,
    token: str,
) -> Copy:
    """One copy under an envelope of its own: reports on it come back to where receipts are taken in."""
    receipts = with_.known.settings.receipts
    address = receipts.mailbox or (receipt_address(token, receipts.domain) if receipts.domain else "")
    envelope = replace(case.envelope, recipients=(recipient,))
    if share and address:
        asked = replace(recipient, notify=("SUCCESS", "FAILURE"))
        envelope = replace(envelope, sender=address, recipients=(asked,), ret="HDRS", envid=share.id)
    share_id, register_id = (share.id, share.register_id) if share else ("", "")
    secure = "verified-tls" in verdict.obligations
    return Copy(recipient, envelope, raw, share_id, register_id, secure=secure)


def _asking(case: Case, token: str, with_: Surroundings) -> tuple[tuple[str, str], ...]:
    """Ask for a read receipt, at the share's own address or by its own Message-ID (E6, RFC 8098)."""
    receipts = with_.known.settings.receipts
    if receipts.domain:
        return (("Disposition-Notification-To", f"<{receipt_address(token, receipts.domain)}>"),)
    if not receipts.mailbox:
        return ()
    asking = (
        ("Disposition-Notification-To", f"<{receipts.mailbox}>"),
        ("Message-ID", receipt_message_id(token, receipts.mailbox)),
    )
    thread = _thread_of(case.message)
    return (*asking, ("References", thread)) if thread else asking


def _thread_of(message: Message) -> str:
    """Give the thread of a message that gets another Message-ID, so that answers stay in it (RFC 5322 3.6.4)."""
    before = b" ".join(field.value for field in message.fields if field.name == "references").decode(
        "latin-1"
    )
    known = [*dict.fromkeys(_IDS.findall(f"{before} {message.message_id}"))]
    return " ".join([*known[:1], *known[1:][-10:]])


def _share(
    case: Case,
    recipient: Recipient,
    verdict: Verdict,
    password: Password,
    locked: Sequence[Locked],
    agreed: Terms,
    tokens: tuple[tuple[shares.Purpose, str], ...],
) -> shares.ToShare:
    organisation, directorate = place_of(case.assessment.people.sender)
    examination = case.assessment.facts.examination
    details: Mapping[str, Any] = {
        "files": [document.part.name for document in locked],
        "categories": list(examination.categories),
        "purpose": case.wishes.purpose,
        "secure": "verified-tls" in verdict.obligations,
        "remind_at": [moment.isoformat() for moment in agreed.remind_at],
    }
    return shares.ToShare(
        id=ids.reference(),
        judged_id=case.id,
        sender=case.envelope.sender,
        organisation=organisation,
        directorate=directorate,
        recipient=recipient.address,
        password="" if password.chosen else password.clear,
        needed=agreed.needed or "confirmed",
        way=agreed.way,
        grade=examination.grade.value,
        expires_at=agreed.expires_at,
        details=details,
        register_id=ids.reference(),
        remind_at=agreed.remind_at[0] if agreed.remind_at else None,
        tokens=tokens,
    )


def _above(note: Note, case: Case) -> Note:
    """Put the covering note above the sender's own words, which stay where nothing personal is in them."""
    text, html = own_text(case.message)
    both = f"{note.text}\n{'-' * 60}\n\n{text}" if text else note.text
    return Note(both, covering.above_html(note.html, html, text), above=True)
