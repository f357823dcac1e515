"""Notices about one message to its sender and to reviewers, as items of the outbox.

A notice lists every recipient. It carries masked findings at most, and the subject only where nothing personal
was found in it. The null sender and automatic mail get none (RFC 3834), nor does NOTIFY=NEVER (RFC 3461).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from milter.dispatch.case import Case, Done
from milter.dispatch.words import outcomes, reasons_in_words
from milter.notices.model import Held, HeldSender, Mail, Organisation, Refusal, SentApart, Undelivered
from milter.notices.moments import in_words
from milter.policy.model import Action, Verdict
from milter.settings import Settings
from milter.store.talk import proof_of
from milter.store.vault import Vault

WAYS_ROUND = ("Correct the address, and send it again to this recipient only.",)


def organisation(settings: Settings) -> Organisation:
    """Give the organisation that speaks."""
    contact = settings.contact
    return Organisation(
        name=contact.organisation,
        telephone=contact.telephone,
        help_name=contact.help_name,
        help_email=contact.help_address,
        help_telephone=contact.help_telephone,
        governance_email=contact.governance_address,
        regulator=contact.regulator,
    )


def mail_of(case: Case, at: datetime) -> Mail:
    """Give the message spoken of, as its sender knows it."""
    subject = next((part for part in case.assessment.facts.parts if part.role == "subject"), None)
    personal = subject is not None and (subject.examination.findings or subject.examination.protect)
    shown = "" if personal else case.message.subject.replace("\n", " ")[:200]
    return Mail(case.id, case.envelope.sender, in_words(at), shown)


def may_tell(case: Case, verdict_addresses: set[str]) -> bool:
    """Whether the sender is to be told of these recipients at all."""
    if not case.envelope.sender or case.message.automatic:
        return False
    concerned = [r for r in case.envelope.recipients if r.address in verdict_addresses]
    return any("NEVER" not in recipient.notify for recipient in concerned)


def refusal(case: Case, done: Done, at: datetime, settings: Settings, review: str) -> Refusal:
    """Explain to the sender what was not sent, all of it at once."""
    return Refusal(
        organisation=organisation(settings),
        mail=mail_of(case, at),
        outcomes=outcomes(_final(case, done), case.assessment.people),
        reasons=reasons_in_words(_final(case, done), Action.PROTECT),
        review=review,
    )


def undelivered(case: Case, addresses: Sequence[str], at: datetime, settings: Settings) -> Undelivered:
    """Tell the sender whom the next mail server refused for good."""
    return Undelivered(
        organisation(settings), mail_of(case, at), ", ".join(addresses), WAYS_ROUND, locked=False
    )


def for_reviewers(
    case: Case, done: Done, held_id: str, expires_at: datetime, at: datetime, settings: Settings
) -> Held:
    """Tell reviewers that a message waits, and where it is decided."""
    url = settings.pages.admin_url.rstrip("/")
    return Held(
        organisation=organisation(settings),
        mail=mail_of(case, at),
        outcomes=outcomes(_final(case, done), case.assessment.people),
        reasons=reasons_in_words(_final(case, done), Action.PROTECT),
        expires_at=in_words(expires_at),
        page=f"{url}/quarantine/{held_id}" if url else "",
    )


def held(
    case: Case, done: Done, at: datetime, expires_at: datetime, settings: Settings, review: str
) -> HeldSender:
    """Tell the sender that the message waits for a reviewer; `review` is the page where they can say more."""
    return HeldSender(
        organisation=organisation(settings),
        mail=mail_of(case, at),
        outcomes=outcomes(_final(case, done), case.assessment.people),
        reasons=reasons_in_words(_final(case, done), Action.PROTECT),
        expires_at=in_words(expires_at),
        review=review,
    )


def sent_apart(case: Case, done: Done, at: datetime, settings: Settings) -> SentApart:
    """Tell the sender that the outside recipients got copies of their own."""
    return SentApart(
        organisation(settings), mail_of(case, at), outcomes(_final(case, done), case.assessment.people)
    )


def _final(case: Case, done: Done) -> tuple[Verdict, ...]:
    """The verdicts as they were carried out: what could not be protected, or had no safe way, is held."""
    held = {recipient.address: replace(verdict, action=Action.HOLD) for recipient, verdict in done.held}
    return tuple(held.get(verdict.address, verdict) for verdict in case.assessment.verdicts)


def review_page(judged_id: str, settings: Settings, vault: Vault) -> str:
    """Give the page where the sender, and nobody else, asks for another look; '' where there are no pages."""
    url = settings.pages.admin_url.rstrip("/")
    return f"{url}/ask/{judged_id}/{proof_of(vault, judged_id)}" if url else ""
