"""Each kind of outbox item: how it becomes mail, and what its end changes in the store."""

from dataclasses import dataclass, replace
from typing import Any

from milter import sharing
from milter.dispatch import explaining, mailing
from milter.dispatch.surroundings import Surroundings
from milter.errors import RequestError
from milter.message import trace
from milter.message.envelope import Envelope, Recipient
from milter.message.parse import parse
from milter.notices.model import (
    Answered,
    Due,
    Expired,
    Incident,
    Mail,
    Notice,
    Outcome,
    Question,
    RefusedByReviewer,
    Released,
)
from milter.notices.moments import in_words
from milter.outbox import share_notices
from milter.policy.partners import people
from milter.relay.result import RecipientResult
from milter.store import (
    accounts,
    contents,
    decisions,
    incidents,
    judged,
    outbox,
    quarantine,
    register,
    shares,
)
from milter.store.outbox import Item
from milter.store.quarantine import HeldInFull
from milter.store.shares import Share
from milter.store.transaction import Transaction

DUE = {
    "return": "what was taken out is due back",
    "confirmation": "receipt should be confirmed by now",
    "deletion": "the information is to be deleted",
}
REPORTED = {
    "mis-sent": "Somebody reported that information went to the wrong person.",
    "device-lost": "Somebody reported that a device or papers were lost.",
    "device-stolen": "Somebody reported that a device or papers were stolen.",
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """Finished mail on its way out for one item."""

    envelope: Envelope
    raw: bytes
    secure: bool = False  # only over the next hop that demands verified TLS


def parcel_for(tx: Transaction, item: Item, with_: Surroundings) -> Parcel:
    """Make the mail of an item. RequestError where what it needs is gone or it is of no known kind."""
    match item.kind:
        case "notice":
            return _finished(item.payload)
        case "release":
            return _release(tx, item, with_)
        case "share-notice" | "sent-notice":
            return replace(
                _finished(share_notices.mail_for(tx, item, with_).payload),
                secure=share_notices.secure(tx, item),
            )
        case "copy":
            return _copy(tx, item)
        case "reply":
            return _kept(tx, item)
        case "held-refused" | "held-expired":
            return _verdict_of_people(tx, item, with_)
        case "question" | "answered":
            return _word_of_reviewer(tx, item, with_)
        case "incident" | "due":
            return _about_a_record(tx, item, with_)
        case other:
            raise RequestError(f"The outbox has no way to send a {other!r}.")


def ended(tx: Transaction, item: Item, result: RecipientResult, with_: Surroundings) -> None:
    """Record what the end of an item means, taken or refused for good."""
    if item.kind == "copy" and not result.taken:
        sharing.happened(tx, item.subject, "bounced", "gateway")
    if item.kind == "copy" and result.taken:
        _note_connection(tx, item.subject, result)
    if item.kind == "release" or item.payload.get("held"):
        _released(tx, item, result, with_)
    if item.content_id and result.taken:
        contents.destroy(tx, item.content_id, "gateway")
    last = not with_.known.policy.sharing.reissues
    if item.payload.get("notice") == "password" and result.taken and last:
        shares.destroy_password(tx, item.subject, "gateway")  # nobody can ask for it again


def _note_connection(tx: Transaction, share_id: str, result: RecipientResult) -> None:
    """Tell the register how the connection was that a copy left by (E4)."""
    share = shares.get(tx, share_id)
    if share.register_id and result.tls:
        register.set_status(tx, share.register_id, "protected", tls=result.tls)


def voided(tx: Transaction, item: Item, owner: str) -> None:
    """Record that an item can't be made any more; a held message that it was to release waits no longer for it."""
    if not outbox.fail(tx, item, owner, "void"):
        return
    if item.kind == "release":
        decisions.returned(tx, item.subject, str(item.payload["recipient"]), "void")
    if held_id := str(item.payload.get("held", "")):
        decisions.withdrawn(tx, held_id, str(item.payload["recipient"]), "gateway")


def _copy(tx: Transaction, item: Item) -> Parcel:
    """A protected copy, as it was made; RequestError where its share has ended meanwhile."""
    share = shares.get(tx, item.subject)
    if share.state in shares.ENDED:
        raise RequestError(f"The share is {share.state}: its copy does not leave.")
    return _kept(tx, item)


def _kept(tx: Transaction, item: Item) -> Parcel:
    raw = contents.get(tx, item.content_id)
    return Parcel(mailing.envelope_from(item.payload["envelope"]), raw, bool(item.payload["secure"]))


def _released(tx: Transaction, item: Item, result: RecipientResult, with_: Surroundings) -> None:
    """A held message left as it was, or as the protected copy that was made of it."""
    protected = item.kind == "copy"
    held_id = str(item.payload["held"]) if protected else item.subject
    recipient = str(item.payload["recipient"])
    if not result.taken:
        decisions.returned(tx, held_id, recipient, f"{result.code}-{result.enhanced}")
        return
    decisions.released(tx, held_id, recipient, status="protected" if protected else "sent", tls=result.tls)
    full = quarantine.get(tx, held_id)
    known_by_now = people(Envelope(full.held.sender, (Recipient(recipient),)), with_.known.policy)
    if learn := with_.learn(known_by_now, (recipient,), None):
        learn(tx)  # a reviewer vouches for the address: it is none to stop the next message
    if full.held.sender:
        settings = with_.known.settings
        outcome = Outcome(recipient, "protected" if protected else "released")
        notice = Released(explaining.organisation(settings), _mail(full), (outcome,))
        dedupe = f"released:{item.dedupe}"
        mailing.put(tx, mailing.mail(notice, held_id, dedupe, full.held.sender, tx.now, settings))


def _finished(payload: Any) -> Parcel:
    raw = str(payload["raw"]).encode("utf-8", "surrogateescape")
    to = str(payload["to"])
    return Parcel(Envelope(str(payload["sender"]), (Recipient(to, notify=("NEVER",)),)), raw)


def _release(tx: Transaction, item: Item, with_: Surroundings) -> Parcel:
    """The held bytes for one recipient, with this gateway's trace."""
    if item.payload["how"] != "as-it-is":
        raise RequestError("It is to be protected first.")  # nothing leaves in clear by mistake
    full = quarantine.get(tx, item.subject)
    recipient = str(item.payload["recipient"])
    message = parse(quarantine.content(tx, item.subject), with_.known.caps)
    told = trace_of_held(item, with_)
    envelope = mailing.envelope_from(full.envelope)
    mine = tuple(r for r in envelope.recipients if r.address == recipient)
    secure = any("verified-tls" in r.obligations for r in full.recipients if r.recipient == recipient)
    return Parcel(replace(envelope, recipients=mine), trace.traced(message, told), secure)


def trace_of_held(item: Item, with_: Surroundings, recipient: str = "") -> trace.Trace:
    """Give what the trace of a held message says: it comes from the quarantine of this gateway."""
    return trace.Trace(
        id=item.subject,
        key=bytes.fromhex(with_.store.vault.digest("trace")),
        helo="quarantine",
        peer="127.0.0.1",
        hostname=with_.known.settings.smtp.hostname,
        protocol="ESMTP",
        at=with_.clock(),
        recipient=recipient,
    )


def _verdict_of_people(tx: Transaction, item: Item, with_: Surroundings) -> Parcel:
    """Tell the sender that a reviewer refused, or that nobody decided in time."""
    full = quarantine.get(tx, item.subject)
    if not full.held.sender:
        raise RequestError("The message had no sender to be told.")
    settings = with_.known.settings
    organisation = explaining.organisation(settings)
    recipients = tuple(item.payload["recipients"])
    if item.kind == "held-refused":
        outcomes = tuple(Outcome(address, "refused") for address in recipients)
        notice: Notice = RefusedByReviewer(organisation, _mail(full), outcomes, str(item.payload["reason"]))
    else:
        outcomes = tuple(Outcome(address, "expired") for address in recipients)
        notice = Expired(organisation, _mail(full), outcomes, "held")
    owed = mailing.mail(notice, item.subject, item.dedupe, full.held.sender, tx.now, settings)
    return _finished(owed.payload)


def _word_of_reviewer(tx: Transaction, item: Item, with_: Surroundings) -> Parcel:
    """Ask the sender, or answer their request."""
    told, settings = item.payload, with_.known.settings
    message = judged.get(tx, str(told["judged"]))
    if message is None or not message.sender:
        raise RequestError("The message had no sender to be told.")
    organisation = explaining.organisation(settings)
    mail = Mail(message.id, message.sender, in_words(message.at))
    if item.kind == "question":
        notice: Notice = Question(organisation, mail, str(told["text"]), str(told["page"]), int(told["days"]))
    else:
        page = explaining.review_page(message.id, settings, tx.vault)
        notice = Answered(organisation, mail, str(told["text"]), page)
    owed = mailing.mail(notice, item.subject, item.dedupe, message.sender, tx.now, settings)
    return _finished(owed.payload)


def _about_a_record(tx: Transaction, item: Item, with_: Surroundings) -> Parcel:
    return _due(tx, item, with_) if item.kind == "due" else _incident(tx, item, with_)


def _incident(tx: Transaction, item: Item, with_: Surroundings) -> Parcel:
    """Tell information governance of an incident that a person reported."""
    settings = with_.known.settings
    to = settings.contact.governance_address or settings.contact.help_address
    if not to:
        raise RequestError("Nobody is configured who could be told (contact.governance-address).")
    incident = incidents.get(tx, item.subject)
    entry = register.get(tx, incident.register_id)
    share = shares.get(tx, incident.share_id) if incident.share_id else None
    url = settings.pages.admin_url.rstrip("/")
    notice = Incident(
        organisation=explaining.organisation(settings),
        mail=Mail(entry.id if entry else "", entry.sender if entry else "", in_words(incident.opened_at)),
        incident=incident.id,
        what=f"{REPORTED.get(incident.kind, 'Somebody reported that a sharing went wrong.')}{_to_withdraw(share)}",
        recipient=entry.recipient if entry else "",
        opened_at=in_words(incident.opened_at),
        due_at=in_words(incident.due_at),
        categories=entry.information if entry else (),
        password_given=None if share is None or _waits(share) else share.state == "released",
        page=f"{url}/incidents/{incident.id}" if url else "",
    )
    return _finished(mailing.mail(notice, item.subject, item.dedupe, to, tx.now, settings).payload)


def _waits(share: Share) -> bool:
    return share.state in shares.OPEN


def _to_withdraw(share: Share | None) -> str:
    if share is None or not _waits(share):
        return ""
    return " The documents' password has not been given out yet: withdraw them at once."


def _due(tx: Transaction, item: Item, with_: Surroundings) -> Parcel:
    """Remind whoever recorded a sharing of what is due; information governance where that person is gone."""
    settings = with_.known.settings
    entry = register.get(tx, item.subject)
    if entry is None or entry.status != "due" or entry.due_at is None:
        raise RequestError("It is done, so nobody need be reminded.")
    kind, _, account_id = entry.recorded_by.partition(":")
    account = accounts.find(tx, account_id) if kind == "account" else None
    active = account.email if account and account.state == "active" else ""
    to = active or settings.contact.governance_address or settings.contact.help_address
    if not to:
        raise RequestError("Nobody is configured who could be told (contact.governance-address).")
    url = settings.pages.admin_url.rstrip("/")
    notice = Due(
        organisation=explaining.organisation(settings),
        mail=Mail(entry.id, "", in_words(entry.at)),
        what=DUE.get(entry.due_for, "something is due"),
        due_at=in_words(entry.due_at),
        page=f"{url}/register/{entry.id}" if url else "",
    )
    return _finished(mailing.mail(notice, item.subject, item.dedupe, to, tx.now, settings).payload)


def _mail(full: HeldInFull) -> Mail:
    return Mail(full.held.judged_id, full.held.sender, in_words(full.held.at))
