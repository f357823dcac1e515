"""Recording what was shared by another channel than e-mail."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from addin_backend.admin import channels
from addin_backend.admin.channels import COMMON, Ask, Channel
from addin_backend.admin.seeing import places
from addin_backend.admin.visit import NotThereError, Visit
from addin_backend.admin.words import LONDON
from milter.policy.partners import place_of as own_place
from milter.policy.partners import sender_of
from milter.store import ids, register
from milter.store.register import Entry
from milter.store.scope import place_of, text_of

PATH = "/register"
OLDEST = timedelta(days=3_650)  # that can still be recorded
MOST = {"line": 300, "text": 2_000, "tick": 5, "choice": 60}


def choose(visit: Visit) -> Response:
    """Ask by which channel it was shared."""
    return visit.page("channels.html", section=PATH, channels=channels.CHANNELS)


def form(visit: Visit) -> Response:
    """Show the form of one channel."""
    now = visit.desk.site.clock().astimezone(LONDON)
    values = {
        "date": now.strftime("%Y-%m-%d"),
        "time": now.strftime("%H:%M"),
        "sender_name": visit.me.name,
        "organisation": _own_place(visit),
    }
    return _form_page(visit, _channel(visit), {}, values)


def record(visit: Visit) -> Response:
    """Record it."""
    channel = _channel(visit)
    errors = _missing(visit, channel)
    at = _moment(visit, errors)
    due = due_of({what: visit.form.get(f"due-{what}") for what, _ in channel.due}, errors)
    if errors or at is None:
        return _form_page(visit, channel, errors, visit.form)
    entry = register.with_due(_entry(visit, channel, at), due)
    visit.store.submit(lambda tx: register.add(tx, (entry,), actor=visit.actor)).result()
    return visit.go(f"{PATH}/{entry.id}", done="It is recorded.")


def _entry(visit: Visit, channel: Channel, at: datetime) -> Entry:
    told = {ask.name: visit.form.get(ask.name)[: MOST[ask.kind]] for ask in (*COMMON, *channel.asks)}
    own = {ask.name: told[ask.name] for ask in channel.asks if told[ask.name]}
    information = tuple(word.strip() for word in told["information"].split(",") if word.strip())
    organisation, directorate = _place(visit)
    return Entry(
        id=ids.reference(),
        at=at,
        channel=channel.name,
        sender=visit.me.email,
        sender_name=visit.form.get("sender_name")[:200] or visit.me.name,
        sender_organisation=organisation,
        directorate=directorate,
        recipient=visit.form.get("where")[:300],
        recipient_name=told["recipient_name"],
        recipient_job_title=told["recipient_job_title"],
        recipient_department=told["recipient_department"],
        recipient_organisation=told["recipient_organisation"],
        recipient_telephone=told["recipient_telephone"],
        purpose=told["purpose"],
        consent_limits=told["consent_limits"],
        information=information,
        authorised_by=told["authorised_by"],
        way=channel.way,
        recorded_by=visit.actor,
        extra=own,
    )


def _channel(visit: Visit) -> Channel:
    channel = channels.BY_NAME.get(visit.path["channel"])
    if channel is None:
        raise NotThereError
    return channel


def _place(visit: Visit) -> tuple[str, str]:
    """Give the organisation and directorate that it is recorded for: one of those that the account sees."""
    known = [text for text, _ in places(visit.desk, visit.me.reach)]
    chosen = visit.form.get("organisation")
    return place_of(chosen if chosen in known else next(iter(known), ""))


def _own_place(visit: Visit) -> str:
    """Give where the recorder belongs, as far as the address alone tells, to be chosen beforehand."""
    return text_of(*own_place(sender_of(visit.me.email, visit.desk.site.known.policy)))


def _missing(visit: Visit, channel: Channel) -> dict[str, str]:
    asks = [ask for ask in (*COMMON, *channel.asks) if ask.needed and not visit.form.get(ask.name)]
    return {ask.name: f"Enter this: {_lower(ask)}" for ask in asks}


def _lower(ask: Ask) -> str:
    return ask.label[0].lower() + ask.label[1:].rstrip("?")


def _moment(visit: Visit, errors: dict[str, str]) -> datetime | None:
    now = visit.desk.site.clock()
    try:
        text = f"{visit.form.get('date')} {visit.form.get('time') or '12:00'}"
        at = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=LONDON)
    except ValueError:
        errors["date"] = "Enter the date and time, such as 2026-11-24 and 14:30"
        return None
    if at > now + timedelta(minutes=5) or at < now - OLDEST:
        errors["date"] = "Enter a date in the past"
        return None
    return at


def due_of(given: Mapping[str, str], errors: dict[str, str]) -> list[tuple[str, datetime]]:
    """Give what falls due, with the end of each day's work in London; mistakes go into `errors`."""
    found: list[tuple[str, datetime]] = []
    for what, text in given.items():
        if not text:
            continue
        try:
            by = datetime.strptime(text, "%Y-%m-%d").replace(hour=17, tzinfo=LONDON)
        except ValueError:
            errors[f"due-{what}"] = "Enter a date such as 2026-11-24"
        else:
            found.append((what, by))
    return found


def _form_page(visit: Visit, channel: Channel, errors: dict[str, str], values: Any) -> Response:
    return visit.page(
        "record.html",
        422 if errors else 200,
        section=PATH,
        channel=channel,
        common=COMMON,
        places=places(visit.desk, visit.me.reach),
        errors=errors,
        values=values,
    )
