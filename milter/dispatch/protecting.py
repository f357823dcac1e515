"""PROTECT: puts a message right instead of sending it back (E3, E6, E7, E8, P5).

What all recipients share (locked documents, the password) is made once; each gets a copy of their own, with
their own token. Guarantees: a copy's share is committed, with its password, before the copy leaves; what could
not be locked and verified is held, never sent. Only the marks and parts that the verdict names are changed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from milter import log
from milter.dispatch import covering
from milter.dispatch.case import Case, Copy
from milter.dispatch.marking import marked
from milter.dispatch.surroundings import Surroundings
from milter.dispatch.targets import Target, own_text, targets_of
from milter.message.build import EditError, NewPart, Note, rewrite
from milter.message.envelope import Recipient
from milter.message.trace import Trace, internet_fields, received, trace_field
from milter.policy.model import Verdict
from milter.receipts.password import speakable_password
from milter.receipts.release import Terms, terms
from milter.receipts.token import new_token, receipt_address
from milter.sandbox import ChildFailed
from milter.store import ids, shares
from milter.store.transaction import Transaction

Wanted = tuple[tuple[Recipient, Verdict], ...]
BODY_NAME = "Message"

_log = log.logger("protect")


class CannotProtectError(Exception):
    """This message can't be put right for this recipient; the words go into the log and the hold's reasons."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One locked document, in the place of a part or beside the note that replaces the body."""

    path: str  # of the part that it replaces; '' for the body's document
    part: NewPart
    format: str


async def protect_for(
    case: Case, wanted: Wanted, trail: Trace, with_: Surroundings
) -> tuple[tuple[Copy, ...], Wanted]:
    """Give the protected copies, their shares committed, and those for whom none could be made."""
    if not wanted:
        return (), ()
    password = speakable_password()
    made: dict[tuple[str, ...], tuple[Locked, ...]] = {}  # documents by what had to be locked
    head = trace_field(trail) + received(trail)
    drafts: list[_Draft] = []
    impossible: list[tuple[Recipient, Verdict]] = []
    for recipient, verdict in wanted:
        try:
            drafts.append(await _draft(case, recipient, verdict, password, made, with_))
        except (CannotProtectError, EditError, ChildFailed) as error:
            _log.warning("cannot-protect", id=case.id, cause=type(error).__name__)
            impossible.append((recipient, verdict))
    if drafts:
        begun = [draft.share for draft in drafts if draft.share]
        await asyncio.wrap_future(with_.commit(lambda tx: _begin(tx, begun)))
    copies = tuple(replace(draft.copy, raw=head + draft.copy.raw) for draft in drafts)
    return copies, tuple(impossible)


def _begin(tx: Transaction, begun: Sequence[shares.ToShare]) -> None:
    for share in begun:
        shares.begin(tx, share)


@dataclass(frozen=True, slots=True)
class _Draft:
    copy: Copy
    share: shares.ToShare | None  # None where nothing was locked: a mark in the subject is no share


async def _draft(
    case: Case,
    recipient: Recipient,
    verdict: Verdict,
    password: str,
    made: dict[tuple[str, ...], tuple[Locked, ...]],
    with_: Surroundings,
) -> _Draft:
    targets, body = targets_of(case, verdict)
    key = (*sorted(target.path for target in targets), "body" if body else "")
    if key not in made:
        made[key] = await _lock_all(case, targets, body, password, with_)
    locked = made[key]
    subject = (
        marked(case.message.subject, with_.known.policy) if "mark-subject" in verdict.obligations else None
    )
    if not locked:
        raw = rewrite(case.message, subject=subject, drop=internet_fields(case.message))
        return _Draft(_copy(case, recipient, verdict, raw, with_, None, ""), None)
    now = with_.clock()
    agreed = _terms(case, now, with_)
    page, token = new_token(), new_token()
    tokens: tuple[tuple[shares.Purpose, str], ...] = (("page", page), ("address", token))
    share = _share(case, recipient, password, locked, agreed, tokens)
    note = covering.note_for(
        case,
        recipient,
        [d.part.name for d in locked],
        [d.format for d in locked],
        agreed,
        page,
        with_,
        body_moved=body,
    )
    raw = rewrite(
        case.message,
        subject=subject,
        fields=_asking(token, with_),
        drop=internet_fields(case.message),
        parts={d.path: d.part for d in locked if d.path},
        append=tuple(d.part for d in locked if not d.path),
        body=note if body else _above(note, case),
    )
    copy = _copy(case, recipient, verdict, raw, with_, share, token)
    return _Draft(replace(copy, leaves_at=agreed.leaves_at if agreed.leaves_at > now else None), share)


def _terms(case: Case, now: datetime, with_: Surroundings) -> Terms:
    """What is agreed for the password: the sender may ask for the telephone; without pages it is the only way."""
    agreed = terms(with_.known.policy.sharing, case.assessment.facts.examination.categories, now)
    by_telephone = case.wishes.password_by == "telephone"  # noqa: S105 - a way, not a password
    asked = by_telephone or not with_.known.settings.receipts.page_url
    return replace(agreed, way="telephone") if asked and agreed.way == "email" else agreed


def _copy(
    case: Case,
    recipient: Recipient,
    verdict: Verdict,
    raw: bytes,
    with_: Surroundings,
    share: shares.ToShare | None,
    token: str,
) -> Copy:
    """One copy under an envelope of its own: reports on it come back to the share's address."""
    domain = with_.known.settings.receipts.domain
    envelope = replace(case.envelope, recipients=(recipient,))
    if share and domain:
        asked = replace(recipient, notify=("SUCCESS", "FAILURE"))
        address = receipt_address(token, domain)
        envelope = replace(envelope, sender=address, recipients=(asked,), ret="HDRS", envid=share.id)
    share_id, register_id = (share.id, share.register_id) if share else ("", "")
    secure = "verified-tls" in verdict.obligations
    return Copy(recipient, envelope, raw, share_id, register_id, secure=secure)


def _asking(token: str, with_: Surroundings) -> tuple[tuple[str, str], ...]:
    """Ask for a read receipt at the share's own address (E6, RFC 8098)."""
    domain = with_.known.settings.receipts.domain
    return (("Disposition-Notification-To", f"<{receipt_address(token, domain)}>"),) if domain else ()


def _share(
    case: Case,
    recipient: Recipient,
    password: str,
    locked: Sequence[Locked],
    agreed: Terms,
    tokens: tuple[tuple[shares.Purpose, str], ...],
) -> shares.ToShare:
    sender = case.assessment.people.sender
    examination = case.assessment.facts.examination
    details: Mapping[str, Any] = {
        "files": [document.part.name for document in locked],
        "categories": list(examination.categories),
        "purpose": case.wishes.purpose,
        "remind_at": [moment.isoformat() for moment in agreed.remind_at],
    }
    return shares.ToShare(
        id=ids.reference(),
        judged_id=case.id,
        sender=case.envelope.sender,
        organisation=sender.partner.name if sender.partner else "",
        recipient=recipient.address,
        password=password,
        needed=agreed.needed or "confirmed",
        way=agreed.way,
        grade=examination.grade.value,
        expires_at=agreed.expires_at,
        details=details,
        register_id=ids.reference(),
        remind_at=agreed.remind_at[0] if agreed.remind_at else None,
        tokens=tokens,
    )


async def _lock_all(
    case: Case, targets: Sequence[Target], body: bool, password: str, with_: Surroundings
) -> tuple[Locked, ...]:
    """Lock every document in a child, each opened and compared there before it is believed."""
    locked = []
    header: dict[str, Any]
    for target in targets:
        header = {"op": "protect", "format": target.format, "name": target.name, "password": password}
        locked.append(await _lock(header, target.content, target.path, with_))
    if body:
        text, html = own_text(case.message)
        header = {"op": "protect-text", "html": bool(html), "password": password, "title": BODY_NAME}
        locked.append(await _lock(header, (html or text).encode(), "", with_))
    return tuple(locked)


async def _lock(header: dict[str, Any], content: bytes, path: str, with_: Surroundings) -> Locked:
    answer, out = await with_.children.call(header, content)
    if "error" in answer or not out:
        raise CannotProtectError(str(answer.get("error", "nothing came back")))
    kind = TYPES.get(str(answer["format"]), "application/octet-stream")
    return Locked(path, NewPart(str(answer["name"]), kind, out), str(answer["format"]))


def _above(note: Note, case: Case) -> Note:
    """Put the covering note above the sender's own words, which stay where nothing personal is in them."""
    text, html = own_text(case.message)
    both = f"{note.text}\n{'-' * 60}\n\n{text}" if text else note.text
    return Note(both, covering.above_html(note.html, html, text))


TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
