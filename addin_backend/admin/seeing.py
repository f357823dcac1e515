"""What an account may see: one thing by its reference, and the organisations and directorates of its scope.

Guarantees: what is out of the account's scope does not exist for it.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from addin_backend.admin import words
from addin_backend.admin.desk import Desk
from addin_backend.admin.visit import NotThereError, Values
from milter.errors import RequestError
from milter.store.accounts import Account
from milter.store.scope import EVERYTHING, Scope, place_of, text_of
from milter.store.transaction import Transaction


class Placed(Protocol):
    """Something that belongs to an own organisation, and perhaps to a directorate of it."""

    @property
    def organisation(self) -> str:
        """The organisation; '' for none known."""
        ...

    @property
    def directorate(self) -> str:
        """The directorate; '' for none known."""
        ...


T = TypeVar("T", bound=Placed)


def seen(tx: Transaction, me: Account, get: Callable[[Transaction, str], T | None], reference: str) -> T:
    """Give one thing of the account's scope, which the store's `get` finds. NotThereError for any other."""
    try:
        found = get(tx, reference)
    except RequestError as error:
        raise NotThereError from error
    if found is None or not me.reach.sees(found.organisation, found.directorate):
        raise NotThereError
    return found


def places(desk: Desk, reach: Scope = EVERYTHING) -> tuple[tuple[str, str], ...]:
    """Give (text, words) of the organisations and directorates of a scope, for people to choose from."""
    found = (
        text_of(partner.name, directorate)
        for partner in desk.site.known.policy.own
        for directorate in ("", *(one.name for one in partner.directorates))
        if reach.sees(partner.name, directorate)
    )
    return tuple((text, words.place(*place_of(text))) for text in found)


def narrowed(query: Values, me: Account) -> Scope:
    """Give what the filters of a page or a call leave of the account's scope."""
    organisation, directorate = place_of(query.get("organisation"))
    return me.reach.narrowed(organisation, directorate or query.get("directorate"))
