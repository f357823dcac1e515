"""Record of sharing, shares, incidents, figures and judgements by the API."""

from datetime import timedelta
from typing import Any

from addin_backend.admin import channels, paging
from addin_backend.admin.api.call import Call, WrongValueError
from addin_backend.admin.api.held import place
from addin_backend.admin.entries import KINDS, entry_for, search_of
from addin_backend.admin.incident_pages import report
from addin_backend.admin.roles import KEEPS_REGISTER
from addin_backend.admin.seeing import narrowed, places, seen
from addin_backend.admin.visit import NotAllowedError
from milter.store import ids, incidents, register, reports, shares
from milter.store.register import Entry
from milter.store.scope import text_of
from milter.store.transaction import Transaction

R1 = ("recipient_name", "recipient_job_title", "recipient_organisation", "recipient_telephone", "purpose")
ALSO = ("recipient", "recipient_department", "authorised_by", "consent_limits", "sender_name")


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

    def work(tx: Transaction) -> Entry:
        made = Entry(
            id=ids.reference(),
            at=tx.now,
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
        register.add(tx, (made,), actor=call.actor)
        return made

    made = call.store.submit(work).result()
    return {"gaps": made.gaps, "entry": made}


def settle(call: Call) -> Any:
    """Note that what was due is done."""
    entry_id = call.reference()

    def work(tx: Transaction) -> None:
        found = entry_for(tx, call.me, entry_id)
        if not KEEPS_REGISTER & set(call.me.roles) and found.recorded_by != call.actor:
            raise NotAllowedError
        register.settle(tx, entry_id, call.actor)

    call.store.submit(work).result()
    return {"done": "settled"}


def shares_list(call: Call) -> Any:
    """Give a page of protected documents, latest first."""
    limit = call.number("limit", 50, 200)
    state = call.query.get("state")
    if state and state not in shares.TRANSITIONS:
        raise WrongValueError("state", f"one of {', '.join(shares.TRANSITIONS)} is needed")
    with call.store.read() as tx:
        found, after = shares.search(
            tx,
            states=(state,) if state else (),
            scope=narrowed(call.query, call.me),
            after=paging.after_of(call.query),
            limit=limit,
        )
    return {"items": found, "next": place(after)}


def share(call: Call) -> Any:
    """Give one share with its history. No password."""
    with call.store.read() as tx:
        found = seen(tx, call.me, shares.get, call.reference())
        history = shares.history(tx, found.id)
    return {"share": found, "history": history}


def incidents_list(call: Call) -> Any:
    """Give the incidents that are not closed, the one due first at the front."""
    with call.store.read() as tx:
        return {"items": incidents.listed(tx, scope=narrowed(call.query, call.me))}


def incident_open(call: Call) -> Any:
    """Open an incident about a record; governance is told."""
    entry_id, kind = call.reference(), call.text("kind", 20)
    if kind not in KINDS:
        raise WrongValueError("kind", f"one of {', '.join(KINDS)} is needed")

    def work(tx: Transaction) -> incidents.Incident:
        found = entry_for(tx, call.me, entry_id)
        return report(tx, found, kind, call.actor)

    return {"incident": call.store.submit(work).result()}


def figures(call: Call) -> Any:
    """Give what was judged, by week, organisation and action."""
    weeks = call.number("weeks", 12, 104)
    with call.store.read() as tx:
        until = tx.now + timedelta(seconds=1)
        since = until - timedelta(weeks=weeks)
        scope = narrowed(call.query, call.me)
        return {
            "judgements": reports.judgements(tx, since, until, scope),
            "rules": reports.rules(tx, since, until, scope),
        }
