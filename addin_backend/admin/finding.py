"""A reference leads to what it names; and what became of one message, for those who see no content."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from addin_backend.admin.entries import entry_for
from addin_backend.admin.names import names
from addin_backend.admin.roles import SEES_ENTRIES, SEES_HELD, SEES_INCIDENTS, SEES_REGISTER
from addin_backend.admin.seeing import seen
from addin_backend.admin.visit import NotThereError, Visit
from milter.store import incidents, judged, quarantine, register, shares, talk, trail
from milter.store.accounts import Account
from milter.store.ids import read_reference
from milter.store.transaction import Transaction

Look = Callable[[Transaction, Account, str], object]


def find(visit: Visit) -> Response:
    """Lead to what a reference names, where the account may see it."""
    reference = read_reference(visit.query.get("reference"))
    if reference is None:
        paragraphs = ("A reference looks like SG-7K2M-9QXD-40TB.", "It stands in every notice.")
        return visit.page("problem.html", 422, title="This is no reference", paragraphs=paragraphs)
    with visit.store.read() as tx:
        path = path_of(visit, tx, reference)
    if not path:
        raise NotThereError
    return visit.go(path)


def path_of(visit: Visit, tx: Transaction, reference: str) -> str:
    """Give the page of what a reference names; '' where the account may see nothing of it."""
    for roles, path, look in PLACES:
        if visit.may(roles) and _is_there(tx, visit.me, reference, look):
            return f"{path}/{reference}"
    return ""


def message(visit: Visit) -> Response:
    """Say what became of one message, recipient by recipient."""
    with visit.store.read() as tx:
        found = seen(tx, visit.me, judged.get, visit.path["id"])
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


def _is_there(tx: Transaction, me: Account, reference: str, look: Look) -> bool:
    try:
        look(tx, me, reference)
    except NotThereError:
        return False
    return True


def _look(get: Callable[[Transaction, str], Any]) -> Look:
    return lambda tx, me, reference: seen(tx, me, get, reference)


PLACES: tuple[tuple[frozenset[str], str, Look], ...] = (
    (SEES_HELD, "/quarantine", _look(quarantine.get)),
    (SEES_REGISTER, "/messages", _look(judged.get)),
    (SEES_ENTRIES, "/register", entry_for),
    (SEES_REGISTER, "/shares", _look(shares.get)),
    (SEES_HELD, "/requests", _look(talk.get)),
    (SEES_INCIDENTS, "/incidents", _look(incidents.get)),
)
