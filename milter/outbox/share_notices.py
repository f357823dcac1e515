"""Notices about one share, made of what the store knows when they are sent: to recipient, sender, governance."""

from milter.assess.known import Known
from milter.dispatch import explaining, mailing
from milter.dispatch.surroundings import Surroundings
from milter.errors import RequestError
from milter.message.address import domain_of
from milter.notices import model
from milter.notices.covering import steps_on_computer, steps_on_phone
from milter.receipts.token import new_token
from milter.settings import Settings
from milter.store import incidents, register, shares
from milter.store.outbox import Item
from milter.store.shares import Share
from milter.store.transaction import Transaction

WAYS_AFTER_BOUNCE = (
    "Ask the recipient's IT department to let encrypted attachments from you through, and send it again.",
    "Ask for another address at the same organisation.",
    "Share it another way: secure pages, post or in person, and record that.",
)


def mail_for(tx: Transaction, item: Item, with_: Surroundings) -> mailing.Owed:
    """Write the notice that an item asks for. RequestError where it can't be sent any more."""
    share = shares.get(tx, item.subject)
    settings = with_.known.settings
    name, audience = str(item.payload["notice"]), str(item.payload["audience"])
    to = {
        "sender": share.sender,
        "recipient": share.recipient,
        "governance": settings.contact.governance_address or settings.contact.help_address,
    }[audience]
    if not to:
        raise RequestError("Nobody is configured who could be told (contact.governance-address).")
    notice = _notice(tx, name, share, with_)
    return mailing.mail(notice, share.id, item.dedupe, to, tx.now, settings)


def _notice(tx: Transaction, name: str, share: Share, with_: Surroundings) -> model.Notice:
    settings = with_.known.settings
    organisation = explaining.organisation(settings)
    mail = model.Mail(share.id, share.sender, share.at.strftime(explaining.LONDON_DAY))
    match name:
        case "password":
            return _password(tx, share, organisation, mail)
        case "reminder":
            page = _fresh_page(tx, share, settings)
            by = share.expires_at.strftime(explaining.LONDON_DAY)
            return model.Reminder(organisation, mail, share.recipient, page, by)
        case "not-for-me":
            incident = _incident(tx, share)
            at = share.changed_at.strftime(explaining.LONDON_DAY)
            return model.NotForMe(organisation, mail, share.recipient, at, incident.id)
        case "incident":
            return _incident_notice(tx, share, organisation, mail, settings)
        case "undelivered":
            return model.Undelivered(organisation, mail, share.recipient, WAYS_AFTER_BOUNCE)
        case "expired":
            outcome = model.Outcome(share.recipient, "expired", "nobody confirmed that it arrived")
            return model.Expired(organisation, mail, (outcome,), "share")
        case "withdrawn":
            return model.Withdrawn(organisation, mail, share.recipient)
        case "telephone-card":
            return card(tx, share, "sent-to-sender", "gateway", with_.known)
        case other:
            raise RequestError(f"There is no notice called {other!r}.")


def card(tx: Transaction, share: Share, why: str, actor: str, known: Known) -> model.TelephoneCard:
    """Give the card by which a person tells the password: whom to ring at which published number (T1, E8)."""
    entry = register.get(tx, share.register_id) if share.register_id else None
    partner = known.policy.domains.find(domain_of(share.recipient))
    telephone = partner.telephone if partner else ""
    return model.TelephoneCard(
        organisation=explaining.organisation(known.settings),
        mail=model.Mail(share.id, share.sender, share.at.strftime(explaining.LONDON_DAY)),
        recipient=share.recipient,
        person=entry.recipient_name if entry else "",
        job_title=entry.recipient_job_title if entry else "",
        employer=partner.name if partner else "",
        telephone=telephone,
        telephone_from="the partner list" if telephone else "",
        password=shares.password(tx, share.id, actor, why),
    )


def _password(
    tx: Transaction, share: Share, organisation: model.Organisation, mail: model.Mail
) -> model.Password:
    if share.state != "released":
        raise RequestError(f"The share is {share.state}: its password does not go out.")
    formats = {name.rpartition(".")[2].lower() for name in share.details.get("files", ())}
    return model.Password(
        organisation=organisation,
        mail=mail,
        password=shares.password(tx, share.id, "gateway", "released"),
        documents_sent_at=share.at.strftime(explaining.LONDON_DAY),
        open_computer=steps_on_computer(formats),
        open_phone=steps_on_phone(formats),
    )


def _fresh_page(tx: Transaction, share: Share, settings: Settings) -> str:
    """Give a link of its own for a reminder: the store keeps no token that it could repeat."""
    if share.state not in {"sent", "delivered", "displayed"}:
        raise RequestError(f"The share is {share.state}: there is nothing to be reminded of.")
    token = with_token(tx, share.id)
    return f"{settings.receipts.page_url}/{token}" if settings.receipts.page_url else ""


def with_token(tx: Transaction, share_id: str) -> str:
    """Bind a fresh token for the page to a share."""
    token = new_token()
    shares.add_token(tx, share_id, "page", token)
    return token


def _incident(tx: Transaction, share: Share) -> incidents.Incident:
    return incidents.begin(tx, "not-for-me", "gateway", share_id=share.id, register_id=share.register_id)


def _incident_notice(
    tx: Transaction,
    share: Share,
    organisation: model.Organisation,
    mail: model.Mail,
    settings: Settings,
) -> model.Incident:
    incident = _incident(tx, share)
    released = any(event.event == "released" for event in shares.history(tx, share.id))
    return model.Incident(
        organisation=organisation,
        mail=mail,
        incident=incident.id,
        what="A protected message reached someone who says that it was not meant for them.",
        recipient=share.recipient,
        opened_at=incident.opened_at.strftime(explaining.LONDON_DAY),
        due_at=incident.due_at.strftime(explaining.LONDON_DAY),
        categories=tuple(share.details.get("categories", ())),
        password_sent=released,
        page=f"{settings.pages.admin_url}/incidents/{incident.id}" if settings.pages.admin_url else "",
    )
