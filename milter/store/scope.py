"""What an account may see: everything, whole organisations, or directorates of them.

Guarantees: what belongs to no known directorate is seen by those only who see its whole organisation. An account
keeps its scope as texts, 'Organisation' or 'Organisation<tab>Directorate': a program that knows no directorates takes
the latter for an organisation that there is not, and shows nothing of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

_TAB = "\t"


@dataclass(frozen=True, slots=True)
class Scope:
    """The (organisation, directorate) that are seen; '' for a directorate is the whole. None: everything."""

    places: frozenset[tuple[str, str]] | None = None

    def sees(self, organisation: str, directorate: str) -> bool:
        """Whether something that belongs there is seen."""
        return self.places is None or not self.places.isdisjoint(
            ((organisation, ""), (organisation, directorate))
        )

    def narrowed(self, organisation: str, directorate: str = "") -> "Scope":
        """Give what of an organisation, or of one directorate, is within this scope; '' narrows nothing."""
        if not organisation:
            return self
        if self.places is None or self.sees(organisation, directorate):
            return Scope(frozenset({(organisation, directorate)}))
        inside = () if directorate else (place for place in self.places if place[0] == organisation)
        return Scope(frozenset(inside))

    def where(self, organisation: Any, directorate: Any) -> tuple[ColumnElement[bool], ...]:
        """Give the conditions on two columns of a query; () where everything is seen."""
        if self.places is None:
            return ()
        whole = sorted(name for name, part in self.places if not part)
        parts = sorted(place for place in self.places if place[1])
        either = [organisation.in_(whole)] if whole else []
        either += [and_(organisation == name, directorate == part) for name, part in parts]
        return (or_(*either) if either else false(),)  # one condition alone can be looked up in an index


EVERYTHING = Scope()
NOTHING = Scope(frozenset())


def scope_of(kept: Iterable[str]) -> Scope:
    """Give the scope that texts of an account say; none say everything."""
    places = frozenset(place_of(text) for text in kept)
    return Scope(places) if places else EVERYTHING


def place_of(text: str) -> tuple[str, str]:
    """Give organisation and directorate of a text of a scope."""
    organisation, _, directorate = text.partition(_TAB)
    return organisation, directorate


def text_of(organisation: str, directorate: str = "") -> str:
    """Give the text by which a scope names a place."""
    return f"{organisation}{_TAB}{directorate}" if directorate else organisation
