"""A reference leads to what it names; and what became of one message, for those who see no content."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from addin_backend.admin import acts
from addin_backend.admin.entries import entry_for
from addin_backend.admin.incident_pages import incident_for
from addin_backend.admin.names import names
from addin_backend.admin.roles import SEES_ENTRIES, SEES_HELD, SEES_INCIDENTS, SEES_REGISTER
from addin_backend.admin.share_pages import share_for
from addin_backend.admin.visit import NotThereError, Visit
from milter.store import judged, quarantine, register, shares, talk, trail
from milter.store.accounts import Account
from milter.store.ids import read_reference
from milter.store.judged import Judged
from milter.store.transaction import Transaction

Look = Callable[[Transaction, Account, str], object]


def find(visit: Visit) -> Response:
    """Lead to what a reference names, where the account may see it."""
    reference = read_reference(visit.query.get("reference"))
    if reference is None:
        paragraphs = ("A reference looks like SG-7K2M-9QXD-40TB.", "It stands in every notice.")
        return visit.page("problem.html", 422, title="This is no reference", paragraphs=paragraphs)
    with visit.store.read() as tx:
        for roles, path, look in PLACES:
            if visit.may(roles) and _is_there(tx, visit.me, reference, look):
                return visit.go(f"{path}/{reference}")
    raise NotThereError


def message(visit: Visit) -> Response:
    """Say what became of one message, recipient by recipient."""
    with visit.store.read() as tx:
        found = message_for(tx, visit.me, visit.path["id"])
        told: dict[str, Any] = {
            "entries": register.of_message(tx, found.id),
            "shares": shares.of_message(tx, found.id),
            "held": quarantine.of_message(tx, found.id),
            "reasons": judged.reasons_of(tx, found.id),
            "requests": talk.listed(tx, state="", judged_id=found.id),
            "trail": trail.rows_about(tx.connection, found.id),
            "name": names(tx),
        }
    sees_held = visit.may(SEES_HELD)
    return visit.page("outcome.html", message=found, sees_held=sees_held, **told)


def message_for(tx: Transaction, me: Account, judged_id: str) -> Judged:
    """Give a judged message of the account's scope. NotThereError for any other."""
    found = judged.get(tx, judged_id)
    if found is None or (me.scope and found.organisation not in me.scope):
        raise NotThereError
    return found


def _is_there(tx: Transaction, me: Account, reference: str, look: Look) -> bool:
    try:
        look(tx, me, reference)
    except NotThereError:
        return False
    return True


PLACES: tuple[tuple[frozenset[str], str, Look], ...] = (
    (SEES_HELD, "/quarantine", acts.held_for),
    (SEES_REGISTER, "/messages", message_for),
    (SEES_ENTRIES, "/register", entry_for),
    (SEES_REGISTER, "/shares", share_for),
    (SEES_HELD, "/requests", acts.request_for),
    (SEES_INCIDENTS, "/incidents", incident_for),
)
