"""The start page: what waits, by role. And the pages about the pages."""

from datetime import timedelta

from starlette.responses import Response

from addin_backend.admin import roles
from addin_backend.admin.entries import due_by
from addin_backend.admin.visit import Visit
from milter.store import incidents, quarantine, register, shares, talk
from milter.store.quarantine import Search
from milter.store.transaction import Transaction

SOON = timedelta(days=2)


def show(visit: Visit) -> Response:
    """Say what waits for this person."""
    with visit.store.read() as tx:
        tiles = _tiles(visit, tx)
    return visit.page("home.html", section="/", tiles=tiles)


def accessibility(visit: Visit) -> Response:
    """Give the accessibility statement."""
    return visit.page("accessibility.html")


def helping(visit: Visit) -> Response:
    """Say how the work goes, and whom to ask."""
    return visit.page("help.html")


def _tiles(visit: Visit, tx: Transaction) -> list[tuple[str, str, int, str]]:
    """Give (path, title, how many, what it means) of what waits."""
    scope = visit.me.reach
    tiles: list[tuple[str, str, int, str]] = []
    if visit.may(roles.SEES_HELD):
        waiting = quarantine.count(tx, Search(scope=scope))
        soon = quarantine.count(tx, Search(scope=scope, expires_before=tx.now + SOON))
        mine = quarantine.count(tx, Search(scope=scope, assigned_to=visit.me.id))
        asked = len([r for r in talk.listed(tx, scope=scope) if r.kind != "question"])
        tiles += [
            ("/quarantine", "Held messages", waiting, "wait for a decision"),
            (
                "/quarantine?soon=yes",
                "Nearly too late",
                soon,
                "are refused within two days if nobody decides",
            ),
            ("/quarantine?mine=yes", "Yours", mine, "held messages are given to you"),
            ("/requests", "Requests", asked, "of staff are open"),
        ]
    if visit.may(roles.RECORDS):
        found = due_by(tx, visit.me, SOON)
        tiles.append(("/due", "Due", len(found), "records need something: back, confirmed or deleted"))
    if visit.may(roles.SEES_REGISTER):
        gaps = register.count(tx, register.Search(scope=scope, gaps_only=True))
        tiles.append(("/register?gaps=yes", "Gaps", gaps, "records lack something that must be recorded"))
        open_ones = shares.count_open(tx, scope)
        tiles.append(("/shares", "Not confirmed", open_ones, "protected documents wait for their recipient"))
    if visit.may(roles.SEES_INCIDENTS):
        open_incidents = len(incidents.listed(tx, scope=scope))
        tiles.append(("/incidents", "Incidents", open_incidents, "are not closed"))
    return tiles
