"""The record of sharing and incidents by the API."""

from datetime import datetime, timedelta
from typing import Any

from addin_backend.admin import channels, paging
from addin_backend.admin.api.call import Call, WrongValueError
from addin_backend.admin.api.held import place
from addin_backend.admin.entries import FILLED as ALL_FILLED
from addin_backend.admin.entries import KINDS, entry_for, fill_in, note_down, search_of, settle_it
from addin_backend.admin.incident_pages import act_on, report
from addin_backend.admin.recording import OLDEST, due_of
from addin_backend.admin.seeing import narrowed, places, seen
from milter.store import ids, incidents, register, talk
from milter.store.register import Entry
from milter.store.scope import text_of
from milter.store.transaction import Transaction

R1 = ("recipient_name", "recipient_job_title", "recipient_organisation", "recipient_telephone", "purpose")
ALSO = ("recipient", "recipient_department", "authorised_by", "consent_limits", "sender_name")
FILLED = tuple(name for name in ALL_FILLED if name != "information")


def entries(call: Call) -> Any:
    """Give a page of the record of sharing, latest first."""
    limit = call.number("limit", 50, 200)
    wanted, errors = search_of(call.query, call.me)
    for name, what in errors.items():
        raise WrongValueError(name, what)
    with call.store.read() as tx:
        page, count = register.found(tx, wanted, after=paging.after_of(call.query), limit=limit)
    items = [{"gaps": entry.gaps, "entry": entry} for entry in page.entries]
    return {"items": items, "count": count, "next": place(page.next)}


def entry(call: Call) -> Any:
    """Give one record."""
    with call.store.read() as tx:
        found = entry_for(tx, call.me, call.reference())
    return {"gaps": found.gaps, "entry": found}


def record(call: Call) -> Any:
    """Record what was shared by another channel than e-mail."""
    channel = channels.BY_NAME.get(call.text("channel", 20))
    if channel is None:
        raise WrongValueError("channel", f"one of {', '.join(channels.BY_NAME)} is needed")
    told: dict[str, Any] = {name: call.text(name, 1_000) for name in R1}
    told |= {name: call.text(name, 1_000, needed=False) for name in ALSO}
    information = call.texts("information", 30)
    organisation = call.text("organisation", 200)
    directorate = call.text("directorate", 200, needed=False)
    if text_of(organisation, directorate) not in dict(places(call.desk, call.me.reach)):
        wrong = "directorate" if directorate else "organisation"
        raise WrongValueError(wrong, f"it is none of this account's own {wrong}s")
    known = {ask.name for ask in channel.asks}
    extra = call.body.get("extra", {})
    if not isinstance(extra, dict) or not all(k in known and isinstance(v, str) for k, v in extra.items()):
        raise WrongValueError("extra", f"texts of some of {', '.join(sorted(known))} are needed")

    errors: dict[str, str] = {}
    dates = call.body.get("due", {})
    if not isinstance(dates, dict) or not all(
        k in dict(channel.due) and isinstance(v, str) for k, v in dates.items()
    ):
        raise WrongValueError(
            "due", f"dates of some of {', '.join(dict(channel.due)) or 'nothing'} are needed"
        )
    due, at = due_of(dates, errors), _moment(call)
    if errors:
        raise WrongValueError("due", "dates such as 2026-11-24 are needed")
    made = Entry(
        id=ids.reference(),
        at=at,
        channel=channel.name,
        sender=call.me.email,
        sender_organisation=organisation,
        directorate=directorate,
        information=information,
        way=channel.way,
        recorded_by=call.actor,
        extra={name: value[:2_000] for name, value in extra.items()},
        **told,
    )
    made = register.with_due(made, due)
    call.store.submit(lambda tx: register.add(tx, (made,), actor=call.actor)).result()
    return {"gaps": made.gaps, "entry": made}


def fill(call: Call) -> Any:
    """Fill in or correct fields of a record."""
    told: dict[str, Any] = {name: call.text(name, 1_000) for name in FILLED if name in call.body}
    if "information" in call.body:
        told["information"] = call.texts("information", 30)
    entry_id = call.reference()
    filled = call.store.submit(lambda tx: fill_in(tx, call.me, entry_id, told)).result()
    return {"gaps": filled.gaps, "entry": filled}


def settle(call: Call) -> Any:
    """Note that what was due is done; 'state' is 'due' where something else is due then."""
    entry_id = call.reference()
    return {
        "done": "settled",
        "state": call.store.submit(lambda tx: settle_it(tx, call.me, entry_id)).result(),
    }


def note(call: Call) -> Any:
    """Add a note to a record."""
    text, entry_id = call.text("text"), call.reference()
    call.store.submit(lambda tx: note_down(tx, call.me, entry_id, text)).result()
    return {"done": "noted"}


def incidents_list(call: Call) -> Any:
    """Give the incidents that are not closed, the one due first at the front."""
    with call.store.read() as tx:
        return {"items": incidents.listed(tx, scope=narrowed(call.query, call.me))}


def incident(call: Call) -> Any:
    """Give one incident with its notes."""
    with call.store.read() as tx:
        found = seen(tx, call.me, incidents.get, call.reference())
        return {"incident": found, "notes": talk.notes_about(tx, found.id)}


def incident_note(call: Call) -> Any:
    """Add a note to an incident."""
    return _incident_act(call, "note", call.text("text"))


def incident_report(call: Call) -> Any:
    """Note that the regulator was told."""
    return _incident_act(call, "report", call.text("text", needed=False))


def incident_close(call: Call) -> Any:
    """Close an incident, with how it ended."""
    return _incident_act(call, "close", call.text("text"))


def _incident_act(call: Call, what: str, text: str) -> Any:
    incident_id = call.reference()
    return {"incident": call.store.submit(lambda tx: act_on(tx, call.me, incident_id, what, text)).result()}


def begin(call: Call) -> Any:
    """Open an incident about a record; governance is told."""
    entry_id, kind = call.reference(), call.text("kind", 20)
    if kind not in KINDS:
        raise WrongValueError("kind", f"one of {', '.join(KINDS)} is needed")

    def work(tx: Transaction) -> incidents.Incident:
        found = entry_for(tx, call.me, entry_id)
        return report(tx, found, kind, call.actor)

    return {"incident": call.store.submit(work).result()}


def _moment(call: Call) -> datetime:
    """Give when it was shared: now, where nothing is said."""
    now, text = call.desk.site.clock(), call.text("at", 40, needed=False)
    try:
        at = datetime.fromisoformat(text) if text else now
        right = at.tzinfo is not None and now - OLDEST <= at <= now + timedelta(minutes=5)
    except ValueError:
        right = False
    if not right:
        raise WrongValueError(
            "at", "a moment in the past with its offset, such as 2026-11-24T14:30:00Z, is needed"
        )
    return at
