"""Incidents: opened with one button, with the 72 hours that the law gives (UK GDPR article 33)."""

from starlette.responses import Response

from addin_backend.admin.acts import MOST_WORDS
from addin_backend.admin.entries import KINDS, entry_for
from addin_backend.admin.names import names
from addin_backend.admin.roles import KEEPS_REGISTER
from addin_backend.admin.seeing import seen
from addin_backend.admin.visit import Visit
from milter.errors import RequestError
from milter.store import incidents, outbox, register, shares, talk, trail
from milter.store.accounts import Account
from milter.store.incidents import Incident
from milter.store.register import Entry
from milter.store.transaction import Transaction

PATH = "/incidents"
NOTICE = "incident"


def listing(visit: Visit) -> Response:
    """List incidents, the one due first at the front."""
    everything = bool(visit.query.get("all"))
    with visit.store.read() as tx:
        found = incidents.listed(tx, open_only=not everything, scope=visit.me.reach)
        name, now = names(tx), tx.now
    return visit.page("incidents.html", section=PATH, found=found, everything=everything, name=name, now=now)


def begin(visit: Visit) -> Response:
    """Open an incident about an entry; governance is told by mail."""
    entry_id, kind = visit.path["id"], visit.form.get("kind")
    if kind not in KINDS:
        raise RequestError("Say what happened.")
    text = visit.form.get("what")[:MOST_WORDS]

    def work(tx: Transaction) -> Incident:
        entry = entry_for(tx, visit.me, entry_id)
        incident = report(tx, entry, kind, visit.actor)
        if text:
            talk.add_note(tx, incident.id, visit.actor, text)
        return incident

    incident = visit.store.submit(work).result()
    words = "It is reported. Information governance is told; the 72 hours run from now."
    return visit.go(
        f"{PATH}/{incident.id}" if visit.may(KEEPS_REGISTER) else f"/register/{entry_id}", done=words
    )


def report(tx: Transaction, entry: Entry, kind: str, actor: str) -> Incident:
    """Open an incident about an entry, once; its record shows it, and governance is told by mail."""
    known = {one.id for one in incidents.about(tx, register_id=entry.id)}
    incident = incidents.begin(
        tx,
        kind,
        actor,
        organisation=entry.sender_organisation,
        directorate=entry.directorate,
        register_id=entry.id,
        share_id=entry.share_id,
    )
    if incident.id not in known:
        register.set_status(tx, entry.id, "lost", actor)
        outbox.put(tx, NOTICE, incident.id, f"incident:{incident.id}", {}, actor=actor)
    return incident


def show(visit: Visit) -> Response:
    """Show one incident with its clock."""
    with visit.store.read() as tx:
        incident = seen(tx, visit.me, incidents.get, visit.path["id"])
        entry = register.get(tx, incident.register_id) if incident.register_id else None
        share = shares.get(tx, incident.share_id) if incident.share_id else None
        notes = talk.notes_about(tx, incident.id)
        rows, name, now = trail.rows_about(tx.connection, incident.id), names(tx), tx.now
    return visit.page(
        "incident.html",
        section=PATH,
        incident=incident,
        entry=entry,
        share=share,
        notes=notes,
        trail=rows,
        name=name,
        now=now,
        acts=visit.may(KEEPS_REGISTER),
        regulator=visit.desk.site.known.settings.contact.regulator,
    )


def act(visit: Visit) -> Response:
    """Note that the regulator was told, that it is closed, or a word about it."""
    incident_id, what, text = visit.path["id"], visit.form.get("act"), visit.form.get("note")[:MOST_WORDS]
    visit.store.submit(lambda tx: act_on(tx, visit.me, incident_id, what, text)).result()
    return visit.go(f"{PATH}/{incident_id}", done="It is noted.")


def act_on(tx: Transaction, me: Account, incident_id: str, what: str, text: str) -> Incident:
    """Report, close or only note, with the words about it; give the incident as it stands then."""
    seen(tx, me, incidents.get, incident_id)
    actor = f"account:{me.id}"
    if what == "report":
        incidents.report(tx, incident_id, actor)
    elif what == "close":
        if not text:
            raise RequestError("Say how it ended: write a note, then close.")
        incidents.close(tx, incident_id, actor)
    elif not text:
        raise RequestError("The note is empty.")
    if text:
        talk.add_note(tx, incident_id, actor, text)
    return incidents.get(tx, incident_id)
