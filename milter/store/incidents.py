"""Incidents: a disclosure that went wrong, with the clock of UK GDPR article 33 running from its opening."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, insert, select, update

from milter.errors import RequestError
from milter.store import audit
from milter.store.ids import reference
from milter.store.schema import incidents
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction, changed, need, value_of, values_of

CLOCK = timedelta(hours=72)
KINDS = ("not-for-me", "mis-sent", "device-lost", "device-stolen", "other")


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. What people write about it are notes with its id for their subject."""

    id: str
    opened_at: datetime
    due_at: datetime
    kind: str
    organisation: str
    share_id: str
    register_id: str
    held_id: str
    opened_by: str
    state: str  # open reported closed
    reported_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    directorate: str = ""


def begin(
    tx: Transaction,
    kind: str,
    actor: str,
    *,
    organisation: str = "",
    directorate: str = "",
    share_id: str = "",
    register_id: str = "",
    held_id: str = "",
) -> Incident:
    """Open an incident; one that is open for the same share or entry already is given instead."""
    about = share_id or register_id or held_id
    if about and (known := _open_about(tx, share_id, register_id, held_id)):
        return known
    incident = Incident(
        reference(),
        tx.now,
        tx.now + CLOCK,
        kind,
        organisation,
        share_id,
        register_id,
        held_id,
        actor,
        "open",
        directorate=directorate,
    )
    tx.execute(insert(incidents), values_of(incident))
    audit.incident_opened(tx, incident.id, actor, kind, about)
    return incident


def _open_about(tx: Transaction, share_id: str, register_id: str, held_id: str) -> Incident | None:
    query = select(incidents).where(
        incidents.c.state == "open",
        incidents.c.share_id == share_id,
        incidents.c.register_id == register_id,
        incidents.c.held_id == held_id,
    )
    row = tx.execute(query.limit(1)).first()
    return None if row is None else value_of(Incident, row)


def get(tx: Transaction, incident_id: str) -> Incident:
    """Give an incident. RequestError where there is none."""
    return value_of(
        Incident, need(tx.one(select(incidents).where(incidents.c.id == incident_id)), "incident")
    )


def of_share(tx: Transaction, share_id: str) -> Incident | None:
    """Give the latest incident about a share, whatever became of it; None where there is none."""
    query = select(incidents).where(incidents.c.share_id == share_id).order_by(incidents.c.opened_at.desc())
    row = tx.execute(query.limit(1)).first()
    return None if row is None else value_of(Incident, row)


def listed(
    tx: Transaction, *, open_only: bool = True, scope: Scope = EVERYTHING, limit: int = 200
) -> tuple[Incident, ...]:
    """Give the incidents of a scope, the one due first at the front."""
    seen = scope.where(incidents.c.organisation, incidents.c.directorate)
    query = select(incidents).where(*seen).order_by(incidents.c.due_at, incidents.c.id).limit(limit)
    if open_only:
        query = query.where(incidents.c.state != "closed")
    return tuple(value_of(Incident, row) for row in tx.execute(query))


def about(
    tx: Transaction, *, register_id: str = "", held_id: str = "", share_id: str = ""
) -> tuple[Incident, ...]:
    """Give the incidents about a record, a held message or a share, latest first."""
    query = select(incidents).order_by(incidents.c.opened_at.desc())
    for column, value in (
        (incidents.c.register_id, register_id),
        (incidents.c.held_id, held_id),
        (incidents.c.share_id, share_id),
    ):
        if value:
            query = query.where(column == value)
    return tuple(value_of(Incident, row) for row in tx.execute(query))


def report(tx: Transaction, incident_id: str, actor: str) -> None:
    """Record that the regulator was told. RequestError where it was, or the incident is closed."""
    _move(tx, incident_id, actor, ("open",), "reported", reported_at=tx.now)


def close(tx: Transaction, incident_id: str, actor: str) -> None:
    """Close an incident. RequestError where it is closed."""
    _move(tx, incident_id, actor, ("open", "reported"), "closed", closed_at=tx.now, closed_by=actor)


def _move(
    tx: Transaction, incident_id: str, actor: str, before: tuple[str, ...], to: str, **values: object
) -> None:
    here = and_(incidents.c.id == incident_id, incidents.c.state.in_(before))
    if not changed(tx.execute(update(incidents).where(here).values(state=to, **values))):
        words = f"This incident is {get(tx, incident_id).state}, so it can't become {to}."
        raise RequestError(words)
    audit.incident_moved(tx, incident_id, actor, to)
