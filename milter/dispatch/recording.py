"""RECORD: everything that one try did, in one transaction: what was judged, the register, quarantine, notices.

Sealing and rendering are done before the transaction begins, so that no writer waits for them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from milter import sharing
from milter.assess.judge import Assessment
from milter.assess.remembered import told
from milter.dispatch import explaining, mailing
from milter.dispatch.case import Case, Copy, Done
from milter.dispatch.surroundings import Surroundings
from milter.policy.model import Action, Person, Verdict
from milter.policy.partners import place_of
from milter.policy.policy import Policy
from milter.store import contents, ids, judged, progress, quarantine, register, shares
from milter.store.judged import Judged, JudgedReason
from milter.store.progress import Outcome
from milter.store.register import Entry
from milter.store.transaction import Transaction

T = TypeVar("T")
Work = Callable[[Transaction], T]


def work_for(case: Case, done: Done, with_: Surroundings) -> Work[bool]:
    """Make the unit of work that records a try; it tells whether something is left for the outbox to send."""
    now = with_.clock()
    entries = _entries(case, done, now)
    held, content = _quarantine(case, done, entries, now, with_)
    owed = mailing.owed_for(case, done, now, with_)
    if held is not None:
        owed += mailing.for_reviewers(case, done, held.id, held.expires_at, now, with_.known.settings)
    row, reasons = _judged(case, now, done.spent)
    facts = told(case.assessment, with_.known.policy) if case.first_try else None
    vault = with_.store.vault
    copies = [(c, contents.seal_content(vault, c.raw)) for c in done.copies if c.leaves_at is not None]
    accounted = _outcomes(done)
    begun = [copy for copy in done.copies if copy.share_id]
    left = [copy for copy in begun if copy.recipient.address in {*done.taken, *done.waiting}]
    leaves_at = next((copy.leaves_at for copy in left), None)
    addresses = {copy.recipient.address for copy in left}
    tell_sender = with_.known.policy.sharing.tell_sender and explaining.may_tell(case, addresses)
    learn = with_.learn(case.assessment.people, {*done.taken, *done.waiting}, case.message)

    def work(tx: Transaction) -> bool:
        if case.first_try:
            judged.record(tx, row, reasons, facts)
        register.add(tx, entries, subject=case.id)
        if held is not None and content is not None:
            quarantine.hold(tx, held, content)
        for letter in owed:
            mailing.put(tx, letter)
        for copy, sealed in copies:
            mailing.put_copy(tx, copy, sealed)
        take_back(tx, [copy for copy in begun if copy not in left])
        sharing.sent(tx, [copy.share_id for copy in left], leaves_at=leaves_at, tell_sender=tell_sender)
        progress.account(tx, case.key, case.id, accounted)
        if learn is not None:
            learn(tx)
        return bool(owed or left)

    return work


def take_back(tx: Transaction, copies: Sequence[Copy]) -> None:
    """End the shares of copies that did not leave."""
    for copy in copies:
        shares.move(tx, copy.share_id, "withdrawn", "gateway", why="not-sent")


def record_refused_in_session(tx: Transaction, case: Case, policy: Policy) -> None:
    """Record a message that was refused by reply; the upstream server has it still."""
    if case.first_try:
        row, reasons = _judged(case, tx.now, 0.0)
        judged.record(tx, row, reasons, told(case.assessment, policy))


def _outcomes(done: Done) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = dict.fromkeys(done.taken, "delivered")
    outcomes |= dict.fromkeys(done.waiting, "delivered")
    outcomes |= {result.address: "refused" for result in done.bounced}
    outcomes |= {recipient.address: "refused" for recipient, _ in done.plan.refused}
    outcomes |= {recipient.address: "held" for recipient, _ in done.held}
    return outcomes


def _judged(case: Case, now: datetime, spent: float) -> tuple[Judged, tuple[JudgedReason, ...]]:
    assessment = case.assessment
    examination = assessment.facts.examination
    organisation, directorate = place_of(assessment.people.sender)
    row = Judged(
        id=case.id,
        at=now,
        node="",
        queue_id=case.envelope.queue_id[:80],
        message_id_digest="",
        sender=case.envelope.sender,
        organisation=organisation,
        directorate=directorate,
        policy=assessment.policy,
        action=assessment.action.name,
        grade=examination.grade.value,
        categories=tuple(examination.categories),
        size_bytes=len(case.message.raw),
        recipients=len(case.envelope.recipients),
        spent_ms=round(1000 * spent),
    )
    return row, _judged_reasons(assessment)


def _judged_reasons(assessment: Assessment) -> tuple[JudgedReason, ...]:
    counted: dict[tuple[str, bool], tuple[int, int]] = {}
    for verdict in assessment.verdicts:
        for code, enforced in {(reason.code, reason.enforced) for reason in verdict.reasons}:
            gravest = max(r.action for r in verdict.reasons if r.code == code and r.enforced is enforced)
            action, count = counted.get((code, enforced), (0, 0))
            counted[code, enforced] = max(action, gravest), count + 1
    return tuple(
        JudgedReason(code, enforced, Action(action).name, count)
        for (code, enforced), (action, count) in counted.items()
    )


def _entries(case: Case, done: Done, now: datetime) -> tuple[Entry, ...]:
    """One register entry for each recipient who is accounted for in this try and whose case is a sharing (R1)."""
    accounted = _outcomes(done)
    persons = {person.address: person for person in case.assessment.people.recipients}
    copies = {copy.recipient.address: copy for copy in done.copies if copy.share_id}
    return tuple(
        _entry(case, done, verdict, persons[verdict.address], now, copies.get(verdict.address))
        for verdict in case.assessment.verdicts
        if verdict.address in accounted and (verdict.action or "record" in verdict.obligations)
    )


def _entry(
    case: Case, done: Done, verdict: Verdict, person: Person, now: datetime, copy: Copy | None
) -> Entry:
    sender = case.assessment.people.sender
    organisation, directorate = place_of(sender)
    result = done.results.get(verdict.address)
    return Entry(
        id=copy.register_id if copy else ids.reference(),
        at=now,
        channel="email",
        judged_id=case.id,
        share_id=copy.share_id if copy else "",
        sender=case.envelope.sender,
        sender_name=sender.name,
        sender_organisation=organisation,
        directorate=directorate,
        recipient=verdict.address,
        recipient_name=person.name,
        recipient_job_title=person.job_title,
        recipient_department=person.department,
        recipient_organisation=person.partner.name if person.partner else person.organisation,
        recipient_telephone=person.telephone or (person.partner.telephone if person.partner else ""),
        recipient_kind=person.kind,
        purpose=case.wishes.purpose,
        consent_limits=case.wishes.consent,
        authorised_by=case.wishes.authorised_by,
        information=tuple(case.assessment.facts.examination.categories),
        way=_way(verdict, done, protected=copy is not None),
        tls=result.tls if result else "",
        action=verdict.action.name,
        reasons=tuple(dict.fromkeys(reason.code for reason in verdict.reasons)),
        grade=case.assessment.facts.examination.grade.value,
        status=_status(verdict.address, done, protected=copy is not None),
    )


def _status(address: str, done: Done, *, protected: bool) -> str:
    if address in done.taken or address in done.waiting:
        return "protected" if protected else "sent"
    if any(recipient.address == address for recipient, _ in done.held):
        return "held"
    return "bounced" if address in done.results else "refused"


def _way(verdict: Verdict, done: Done, *, protected: bool) -> str:
    if protected:
        return sharing.WAY
    if verdict.address not in done.results:
        return "e-mail, not sent"
    return "e-mail over verified TLS" if "verified-tls" in verdict.obligations else "e-mail"


def _quarantine(
    case: Case, done: Done, entries: Sequence[Entry], now: datetime, with_: Surroundings
) -> tuple[quarantine.ToHold | None, contents.SealedContent | None]:
    if not done.held:
        return None, None
    policy = with_.known.policy
    register_ids = {entry.recipient: entry.id for entry in entries}
    organisations = {p.address: p.partner.name for p in case.assessment.people.recipients if p.partner}
    organisation, directorate = place_of(case.assessment.people.sender)
    examination = case.assessment.facts.examination
    to_hold = quarantine.ToHold(
        id=ids.reference(),
        judged_id=case.id,
        sender=case.envelope.sender,
        organisation=organisation,
        directorate=directorate,
        grade=examination.grade.value,
        categories=tuple(examination.categories),
        envelope=mailing.envelope_json(case.envelope),
        summary=_summary(case),
        recipients=tuple(
            quarantine.waiting_for(
                recipient.address,
                organisation=organisations.get(recipient.address, ""),
                reasons=tuple(dict.fromkeys(reason.code for reason in verdict.reasons)),
                obligations=verdict.obligations,
                register_id=register_ids.get(recipient.address, ""),
            )
            for recipient, verdict in done.held
        ),
        expires_at=now + timedelta(days=policy.holding.expires_days),
    )
    return to_hold, contents.seal_content(with_.store.vault, case.message.raw)


def _summary(case: Case) -> dict[str, Any]:
    """What a reviewer sees before opening the content: masked findings, parts, reasons in the rules' words."""
    facts = case.assessment.facts
    return {
        "subject": case.message.subject,
        "from": list(case.message.header_from),
        "to": [recipient.address for recipient in case.envelope.recipients],
        "parts": [
            {
                "path": part.path,
                "role": part.role,
                "name": part.name,
                "format": part.format,
                "status": part.status,
                "protection": part.protection,
                "why": part.why,
            }
            for part in facts.parts
        ],
        "findings": [
            {
                "kind": finding.kind,
                "category": finding.category,
                "part": part.path,
                "where": finding.where,
                "masked": finding.masked,
                "why": finding.why,
            }
            for part in facts.parts
            for finding in part.examination.findings[:200]
        ],
        "reasons": [
            {"recipient": v.address, "code": r.code, "detail": r.detail, "enforced": r.enforced}
            for v in case.assessment.verdicts
            for r in v.reasons
        ],
    }
