"""Passwords agreed beforehand with partners."""

import pytest

from milter.errors import RequestError
from milter.store import agreed
from milter.store.engine import Store
from milter.store.schema import agreed_passwords

CLEAR = "Correct-Horse-Battery-9"


def test_kept_sealed_and_given_back(store: Store) -> None:
    """What is put comes back under its name, the table does not show it, and each step is on the trail."""
    with store.transaction() as tx:
        agreed.put(tx, "felpersham", "an-older-one-of-2025", "cli:root")
        agreed.put(tx, "felpersham", CLEAR, "cli:root")
    with store.transaction() as tx:
        assert agreed.password(tx, "felpersham", "SG-1") == CLEAR
        assert agreed.password(tx, "nobody", "SG-1") is None
        (row,) = tx.execute(agreed_passwords.select())
        assert CLEAR.encode() not in row.sealed_password
        assert [one.name for one in agreed.listed(tx)] == ["felpersham"]
    with store.transaction() as tx:
        agreed.remove(tx, "felpersham", "cli:root")
        with pytest.raises(RequestError):
            agreed.remove(tx, "felpersham", "cli:root")
        assert agreed.password(tx, "felpersham", "SG-1") is None
    assert store.verify().whole


@pytest.mark.parametrize(
    ("name", "clear"),
    [
        ("Fel persham", CLEAR),
        ("a" * 41, CLEAR),
        ("felpersham", "short"),
        ("felpersham", "x" * 121),
        ("felpersham", "pässwörd-of-the-year"),
        ("felpersham", " spaces at the ends "),
        ("felpersham", "line\nend-in-the-middle"),
    ],
)
def test_what_can_not_be_used_is_refused(store: Store, name: str, clear: str) -> None:
    """A name that is no code, and a password that is weak or can't be typed, are refused in words."""
    with store.transaction() as tx, pytest.raises(RequestError):
        agreed.put(tx, name, clear, "cli:root")
