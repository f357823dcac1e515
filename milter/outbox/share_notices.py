"""Notices about one share, made of what the store knows when they are sent: to recipient, sender, governance."""

from typing import Literal

from milter.assess.known import Known
from milter.dispatch import explaining, mailing
from milter.dispatch.surroundings import Surroundings
from milter.errors import RequestError
from milter.message.address import domain_of
from milter.notices import model
from milter.notices.covering import steps_on_computer, steps_on_phone
from milter.notices.moments import in_words
from milter.receipts.token import new_token, page_address
from milter.settings import Settings
from milter.store import incidents, outbox, register, shares
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
    notice = _sent_locked(tx, item, with_) if name == "sent-locked" else _notice(tx, name, share, with_)
    return mailing.mail(notice, share.id, item.dedupe, to, tx.now, settings)


def secure(tx: Transaction, item: Item) -> bool:
    """Whether the notice goes as the document went, only over a verified connection (E4)."""
    return item.payload["audience"] == "recipient" and bool(
        shares.get(tx, item.subject).details.get("secure", False)
    )


def _sent_locked(tx: Transaction, item: Item, with_: Surroundings) -> model.SentLocked:
    """Tell the sender of all the copies of one try, each with a link by which it is taken back."""
    settings = with_.known.settings
    begun = [shares.get(tx, share_id) for share_id in item.payload["shares"]]
    going = [share for share in begun if share.state not in shares.ENDED]
    if not going:
        raise RequestError("All of it was taken back already.")
    waiting = [copy.not_before for one in going for copy in outbox.about(tx, one.id) if copy.kind == "copy"]
    return model.SentLocked(
        organisation=explaining.organisation(settings),
        mail=model.Mail(going[0].judged_id, going[0].sender, in_words(going[0].at)),
        ways=tuple(
            model.Way(
                share.recipient,
                share.way in {"email", "both"},
                share.way in {"telephone", "both"},
                _page(tx, share.id, "sender", settings),
            )
            for share in going
        ),
        expires_at=in_words(going[0].expires_at),
        leaves_at=next((in_words(at) for at in waiting if at > tx.now), ""),
    )


def _notice(tx: Transaction, name: str, share: Share, with_: Surroundings) -> model.Notice:
    settings = with_.known.settings
    organisation = explaining.organisation(settings)
    mail = model.Mail(share.id, share.sender, in_words(share.at))
    match name:
        case "password":
            return _password(tx, share, organisation, mail)
        case "reminder":
            if share.state not in {"sent", "delivered", "displayed"}:
                raise RequestError(f"The share is {share.state}: there is nothing to be reminded of.")
            page = _page(tx, share.id, "page", settings)
            by = in_words(share.expires_at)
            return model.Reminder(organisation, mail, share.recipient, page, by)
        case "not-for-me":
            at = in_words(share.changed_at)
            incident, given = _incident(tx, share).id, _given(tx, share)
            return model.NotForMe(organisation, mail, share.recipient, at, incident, given)
        case "incident":
            return _incident_notice(tx, share, organisation, mail, settings)
        case "undelivered":
            return model.Undelivered(organisation, mail, share.recipient, WAYS_AFTER_BOUNCE)
        case "expired":
            told = share.way == "telephone"
            why = (
                "nobody wrote down that the password was told" if told else "nobody confirmed that it arrived"
            )
            outcome = model.Outcome(share.recipient, "unconfirmed", why)
            return model.Expired(organisation, mail, (outcome,), "telephone" if told else "share")
        case "withdrawn":
            return model.Withdrawn(organisation, mail, share.recipient)
        case "telephone-card":
            page = _page(tx, share.id, "sender", settings)
            return card(tx, share, "sent-to-sender", "gateway", with_.known, page)
        case other:
            raise RequestError(f"There is no notice called {other!r}.")


def card(
    tx: Transaction, share: Share, why: str, actor: str, known: Known, page: str = ""
) -> model.TelephoneCard:
    """Give the card by which a person tells the password: whom to ring at which published number (T1, E8).

    The number is the partner list's: one that came by mail, or that the recipient wrote, proves nothing.
    """
    entry = register.get(tx, share.register_id) if share.register_id else None
    partner = known.policy.domains.find(domain_of(share.recipient))
    telephone = partner.telephone if partner else ""
    return model.TelephoneCard(
        organisation=explaining.organisation(known.settings),
        mail=model.Mail(share.id, share.sender, in_words(share.at)),
        recipient=share.recipient,
        person=entry.recipient_name if entry else "",
        job_title=entry.recipient_job_title if entry else "",
        employer=partner.name if partner else "",
        telephone=telephone,
        telephone_from="the partner list" if telephone else "",
        password=shares.password(tx, share.id, actor, why),
        page=page,
        by_email=share.way == "both",
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
        documents_sent_at=in_words(share.at),
        open_computer=steps_on_computer(formats),
        open_phone=steps_on_phone(formats),
        confirmed=share.evidence == "confirmed",
    )


def _page(tx: Transaction, share_id: str, purpose: Literal["page", "sender"], settings: Settings) -> str:
    """Give a link of its own: the store keeps no token that it could repeat. '' where there are no pages."""
    if not settings.receipts.page_url:
        return ""
    token = new_token()
    shares.add_token(tx, share_id, purpose, token)
    return page_address(settings.receipts.page_url, purpose, token)


def _incident(tx: Transaction, share: Share) -> incidents.Incident:
    found = incidents.of_share(tx, share.id)
    if found is None:
        raise RequestError("There is no incident about this share.")
    return found


def _given(tx: Transaction, share: Share) -> bool:
    """Whether anybody was given the password."""
    return share.way == "agreed" or any(e.state == "released" for e in shares.history(tx, share.id))


def _incident_notice(
    tx: Transaction,
    share: Share,
    organisation: model.Organisation,
    mail: model.Mail,
    settings: Settings,
) -> model.Incident:
    incident = _incident(tx, share)
    return model.Incident(
        organisation=organisation,
        mail=mail,
        incident=incident.id,
        what="A protected message reached someone who says that it was not meant for them.",
        recipient=share.recipient,
        opened_at=in_words(incident.opened_at),
        due_at=in_words(incident.due_at),
        categories=tuple(share.details.get("categories", ())),
        password_given=_given(tx, share),
        page=f"{settings.pages.admin_url}/incidents/{incident.id}" if settings.pages.admin_url else "",
    )
