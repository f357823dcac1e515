"""Scopes: what is seen in Python is what a query gives, and nothing unknown is seen by part of an organisation."""

from itertools import product

import pytest
from sqlalchemy import select

from milter.store import register
from milter.store.engine import Store
from milter.store.register import Entry
from milter.store.schema import register as table
from milter.store.scope import EVERYTHING, NOTHING, Scope, place_of, scope_of, text_of

from .conftest import FakeClock

HOUSING, LEGAL = "Council\tHousing", "Council\tLegal"
SCOPES = (
    (),
    ("Council",),
    ("School",),
    ("Council", "School"),
    (HOUSING,),
    (HOUSING, LEGAL),
    (HOUSING, "School"),
    ("Council", HOUSING),
    ("Nowhere",),
    ("Nowhere\tHousing",),
)
PLACES = tuple(product(("Council", "School", ""), ("", "Housing", "Legal")))


@pytest.mark.parametrize("kept", SCOPES, ids=lambda kept: " + ".join(kept).replace("\t", ": ") or "all")
def test_a_query_gives_what_is_seen(store: Store, clock: FakeClock, kept: tuple[str, ...]) -> None:
    """Of one record in each place, the query of a scope finds those that the scope says it sees."""
    scope = scope_of(kept)
    entries = [
        Entry(f"SG-{n}", clock.now, "post", sender_organisation=place[0], directorate=place[1])
        for n, place in enumerate(PLACES)
    ]
    store.submit(lambda tx: register.add(tx, entries)).result()
    query = select(table.c.sender_organisation, table.c.directorate)
    with store.read() as tx:
        found = tx.execute(query.where(*scope.where(table.c.sender_organisation, table.c.directorate)))
        assert set(map(tuple, found)) == {place for place in PLACES if scope.sees(*place)}


@pytest.mark.parametrize(
    ("kept", "place", "seen"),
    [
        ((), ("Council", ""), True),
        (("Council",), ("Council", ""), True),
        (("Council",), ("Council", "Housing"), True),
        (("Council",), ("", ""), False),
        ((HOUSING,), ("Council", "Housing"), True),
        ((HOUSING,), ("Council", "Legal"), False),
        ((HOUSING,), ("Council", ""), False),
        ((HOUSING,), ("School", "Housing"), False),
    ],
)
def test_a_part_sees_neither_another_part_nor_what_belongs_to_none(kept, place, seen) -> None:
    """A whole organisation has all of its directorates; a directorate has itself."""
    assert scope_of(kept).sees(*place) is seen


@pytest.mark.parametrize(
    ("kept", "wanted", "left"),
    [
        ((), ("", ""), EVERYTHING),
        ((HOUSING,), ("", ""), scope_of((HOUSING,))),
        ((), ("Council", ""), scope_of(("Council",))),
        ((), ("Council", "Housing"), scope_of((HOUSING,))),
        (("Council",), ("Council", "Housing"), scope_of((HOUSING,))),
        ((HOUSING, LEGAL, "School"), ("Council", ""), scope_of((HOUSING, LEGAL))),
        ((HOUSING,), ("Council", "Legal"), NOTHING),
        ((HOUSING,), ("School", ""), NOTHING),
        (("School",), ("Council", "Housing"), NOTHING),
    ],
)
def test_a_filter_narrows_and_never_widens(kept, wanted, left: Scope) -> None:
    """What a page is asked for is cut to what the account sees."""
    assert scope_of(kept).narrowed(*wanted) == left


def test_a_place_is_kept_as_one_text() -> None:
    """The text of a place gives the place again; an organisation alone is its name."""
    assert text_of("Council") == "Council"
    assert all(place_of(text_of(*place)) == place for place in PLACES)
