"""Accounts and what lets people in."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from milter.errors import RequestError
from milter.store import accounts, doors
from milter.store.accounts import Account
from milter.store.engine import Store

from .conftest import START, FakeClock

HOUR = timedelta(hours=1)


def _do(store: Store, work: Any) -> Any:
    return store.submit(work).result()


@pytest.fixture
def account(store: Store) -> Account:
    return _do(  # type: ignore[no-any-return]
        store, lambda tx: accounts.add(tx, "Jo Low", "Jo@Council.example", "setup", roles=("reviewer",))
    )


def test_account_is_found_whatever_the_addresss_case(store: Store, account: Account):
    """One address has one account."""
    with store.read() as tx:
        assert accounts.by_email(tx, "JO@council.EXAMPLE") == account
        assert accounts.get(tx, account.id) == account
        assert (accounts.count(tx), accounts.listed(tx)) == (1, (account,))
    with pytest.raises(RequestError):
        _do(store, lambda tx: accounts.add(tx, "Jo", "JO@council.example", "setup", roles=()))


def test_account_is_changed_in_named_fields_only(store: Store, account: Account):
    """Roles and state can be changed; an address or a lock can't be by this way."""
    changed = _do(
        store, lambda tx: accounts.change(tx, account.id, "account:1", roles=("auditor",), external="i s")
    )
    assert changed.roles == ("auditor",)
    with store.read() as tx:
        assert accounts.by_external(tx, "i s") == changed
    for fields in ({"email": "x@y"}, {"locked_until": None}):
        with pytest.raises(RequestError):
            _do(store, lambda tx, f=fields: accounts.change(tx, account.id, "account:1", **f))
    with pytest.raises(RequestError):
        _do(store, lambda tx: accounts.change(tx, "SG-NO", "account:1", name="x"))


def test_account_locks_after_failures_and_opens_with_time(store: Store, account: Account, clock: FakeClock):
    """Each third failure in a row locks; a sign-in starts the count anew."""

    def fail() -> Account:
        return _do(store, lambda tx: accounts.sign_in_failed(tx, account.id, limit=3, lock=HOUR))  # type: ignore[no-any-return]

    assert [fail().locked_until for _ in range(3)] == [None, None, START + HOUR]
    clock.pass_by(hours=1)
    _do(store, lambda tx: accounts.signed_in(tx, account.id, "local"))
    assert (fail().failures, fail().locked_until) == (1, None)


def test_one_time_code_works_once(store: Store, account: Account):
    """A code's time step is taken once, and no earlier one after it."""
    used = [_do(store, lambda tx, s=step: accounts.use_step(tx, account.id, s)) for step in (5, 5, 4, 6)]
    assert used == [True, False, False, True]


def test_second_factor_is_sealed(store: Store, account: Account):
    """The secret comes back, and can't be read in the database."""
    with store.read() as tx:
        assert accounts.second_factor(tx, account.id) == ""
    _do(store, lambda tx: accounts.set_second_factor(tx, account.id, "account:1", "BASE32SECRET"))
    with store.read() as tx:
        assert accounts.second_factor(tx, account.id) == "BASE32SECRET"
        sealed = tx.execute(text("SELECT sealed_second_factor FROM accounts")).scalar_one()
    assert b"BASE32" not in bytes(sealed)


def test_session_ends_by_time_idleness_and_hand(store: Store, account: Account, clock: FakeClock):
    """A session opens for its token until it expires, lies idle too long or is ended."""
    for token in ("one", "two", "three"):
        _do(store, lambda tx, t=token: doors.begin_session(tx, account.id, t, START + 3 * HOUR))

    def session(token: str) -> doors.Session | None:
        with store.read() as tx:
            return doors.session(tx, token, HOUR)

    first = session("one")
    assert first is not None
    assert session("four") is None
    _do(store, lambda tx: doors.keep_in_session(tx, first, {"csrf": "x"}, "signed-in"))
    _do(store, lambda tx: doors.end_session(tx, first, f"account:{account.id}"))
    assert session("one") is None
    clock.pass_by(minutes=59)
    second = session("two")
    assert second is not None
    with store.read() as tx:
        assert doors.stale(tx, second)
    _do(store, lambda tx: doors.touch(tx, second))
    clock.pass_by(minutes=1)
    assert session("three") is None  # idle for an hour
    assert session("two") is not None
    clock.now = START + 3 * HOUR
    _do(store, lambda tx: doors.touch(tx, second))
    assert session("two") is None


def test_session_keeps_what_it_is_given(store: Store, account: Account):
    """What the pages keep in a session comes back."""
    _do(store, lambda tx: doors.begin_session(tx, account.id, "one", START + HOUR, "second-factor"))
    with store.read() as tx:
        found = doors.session(tx, "one", HOUR)
    assert found is not None
    assert (found.stage, found.kept) == ("second-factor", {})
    _do(store, lambda tx: doors.keep_in_session(tx, found, {"csrf": "x"}, "signed-in"))
    with store.read() as tx:
        again = doors.session(tx, "one", HOUR)
    assert again is not None
    assert (again.stage, again.kept) == ("signed-in", {"csrf": "x"})


def test_disabled_account_is_out_everywhere(store: Store, account: Account):
    """Disabling an account ends its sessions and its tokens at once."""
    _do(store, lambda tx: doors.begin_session(tx, account.id, "one", START + HOUR))
    _do(
        store,
        lambda tx: doors.make_api_token(
            tx,
            "t",
            "account:1",
            name="script",
            account_id=account.id,
            roles=("auditor",),
            expires_at=START + HOUR,
        ),
    )
    with store.read() as tx:
        assert doors.api_token(tx, "t") is not None
    _do(store, lambda tx: accounts.change(tx, account.id, "account:1", state="disabled"))
    with store.read() as tx:
        assert doors.session(tx, "one", HOUR) is None
        assert doors.api_token(tx, "t") is None


def test_invitation_is_accepted_once_and_in_time(store: Store, clock: FakeClock):
    """An invitation gives its roles to the first who bears it, before it expires."""
    for token in ("one", "two"):
        _do(
            store,
            lambda tx, t=token: doors.invite(
                tx, t, "account:1", email="New@x.example", roles=("it",), expires_at=START + HOUR
            ),
        )
    with store.read() as tx:
        assert doors.invitation(tx, "one") is not None
        assert doors.invitation(tx, "three") is None
    assert _do(store, lambda tx: doors.accept(tx, "one")).email == "new@x.example"
    with pytest.raises(RequestError):
        _do(store, lambda tx: doors.accept(tx, "one"))
    clock.pass_by(hours=1)
    with pytest.raises(RequestError):
        _do(store, lambda tx: doors.accept(tx, "two"))


def test_api_token_is_void_once_revoked_or_expired(store: Store, account: Account, clock: FakeClock):
    """A token of the API works until its time, or until it is revoked."""
    made = [
        _do(
            store,
            lambda tx, t=token: doors.make_api_token(
                tx, t, "account:1", name=t, account_id=account.id, roles=("it",), expires_at=START + HOUR
            ),
        )
        for token in ("one", "two")
    ]
    _do(store, lambda tx: doors.revoke_api_token(tx, made[0].id, "account:1"))
    with pytest.raises(RequestError):
        _do(store, lambda tx: doors.revoke_api_token(tx, made[0].id, "account:1"))
    with store.read() as tx:
        assert doors.api_token(tx, "one") is None
        assert doors.api_token(tx, "two") == made[1]
        assert len(doors.api_tokens_of(tx, account.id)) == 2
    clock.pass_by(hours=1)
    with store.read() as tx:
        assert doors.api_token(tx, "two") is None
