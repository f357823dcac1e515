"""The life of a share."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from milter.errors import RequestError
from milter.store import register, shares
from milter.store.engine import Store
from milter.store.register import Entry
from milter.store.scope import scope_of
from milter.store.shares import TRANSITIONS, Share

from .conftest import START, TO_SHARE, FakeClock, Opener

SHARE = replace(
    TO_SHARE,
    details={"subject": "Kestrel Smith", "names": ["list.xlsx"]},
    remind_at=START + timedelta(days=3),
    tokens=(("page", "token-of-the-page"), ("address", "token-of-the-address")),
)


@pytest.fixture
def begun(store: Store) -> Store:
    """Give a store with one share that was sent."""

    def unit(tx: Any) -> None:
        register.add(tx, [Entry("SG-R1", START, "email", share_id="SG-S1", status="protected")])
        shares.begin(tx, SHARE)

    store.submit(unit).result()
    return store


def _do(store: Store, work: Any) -> Any:
    return store.submit(work).result()


def _move(store: Store, to: Any, evidence: str = "") -> Share:
    return _do(store, lambda tx: shares.move(tx, "SG-S1", to, "recipient", evidence=evidence))  # type: ignore[no-any-return]


def _get(store: Store) -> Share:
    with store.read() as tx:
        return shares.get(tx, "SG-S1")


def _password(store: Store) -> str:
    return _do(store, lambda tx: shares.password(tx, "SG-S1", "gateway", "release"))  # type: ignore[no-any-return]


def _put_into(store: Store, state: str) -> None:
    with store.transaction() as tx:
        tx.execute(text("UPDATE shares SET state = :state, evidence = 'confirmed'"), {"state": state})


def test_share_begins_sealed(begun: Store):
    """A share is given back as it was begun; password, details and tokens can't be read in the database."""
    share = _get(begun)
    assert (share.state, share.evidence, share.enough) == ("sent", "", False)
    assert share.details == {"subject": "Kestrel Smith", "names": ("list.xlsx",)}
    assert _password(begun) == SHARE.password
    with begun.read() as tx:
        for table in ("shares", "share_tokens", "share_events", "audit"):
            for row in tx.execute(text(f"SELECT * FROM {table}")):
                octets = b"".join(
                    bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                    for value in row
                )
                assert not any(word in octets for word in (b"horse", b"Kestrel", b"token-of"))


@pytest.mark.parametrize("before", TRANSITIONS)
def test_share_moves_only_as_the_table_says(begun: Store, before: str):
    """Every step that the table does not list is refused and changes nothing."""
    for after in TRANSITIONS:
        _put_into(begun, before)
        step: Any = after
        if after in TRANSITIONS[before]:
            assert _move(begun, step).state == after
        else:
            with pytest.raises(RequestError, match=before):
                _move(begun, step)
            assert _get(begun).state == before


def test_evidence_grows_and_never_shrinks(begun: Store):
    """Weaker evidence after stronger is noted only."""
    steps = []
    for evidence in ("displayed", "delivered", "confirmed", "displayed"):
        share = _do(begun, lambda tx, e=evidence: shares.saw(tx, "SG-S1", e))
        steps.append((share.state, share.evidence))
    assert steps == [
        ("displayed", "displayed"),
        ("displayed", "displayed"),
        ("confirmed", "confirmed"),
        ("confirmed", "confirmed"),
    ]
    with begun.read() as tx:
        events = [event.event for event in shares.history(tx, "SG-S1")]
    assert events == ["sent", "displayed", "delivered", "confirmed", "displayed"]


@pytest.mark.parametrize("evidence", ["", "delivered", "displayed"])
def test_password_is_not_released_on_less_than_it_needs(begun: Store, evidence: str):
    """Evidence below the grade that the policy asked for releases nothing."""
    if evidence:
        _move(begun, evidence, evidence)
    assert not _get(begun).enough
    with pytest.raises(RequestError, match="confirmed"):
        _move(begun, "released")


def test_enough_evidence_releases_once(begun: Store, open_it: Opener):
    """Two presses of the button on two nodes release once."""
    assert _move(begun, "confirmed", "confirmed").enough
    other = open_it("node2")
    futures = [
        one.submit(lambda tx: shares.move(tx, "SG-S1", "released", "gateway")) for one in (begun, other)
    ]
    errors = [future.exception(30) for future in futures]
    assert sum(error is None for error in errors) == 1
    assert sum(isinstance(error, RequestError) for error in errors) == 1
    assert not _get(begun).enough


@pytest.mark.parametrize("end", ["refused", "bounced", "expired", "withdrawn"])
def test_end_destroys_the_password_and_fills_the_register(begun: Store, end: str):
    """Whatever ends a share before its release leaves nobody with the password."""
    share = _move(begun, end)
    assert share.password_destroyed_at == START
    assert share.remind_at is None
    with pytest.raises(RequestError, match="destroyed"):
        _password(begun)
    with begun.read() as tx:
        entry = register.get(tx, "SG-R1")
        assert tx.execute(text("SELECT sealed_password FROM shares")).scalar_one() is None
    assert entry is not None
    assert entry.status == end


def test_token_opens_its_share_for_its_purpose_until_spent(begun: Store):
    """A token is worth its own purpose, and nothing after use."""
    with begun.read() as tx:
        assert shares.by_token(tx, "page", "token-of-the-page") is not None
        assert shares.by_token(tx, "address", "token-of-the-page") is None
        assert shares.by_token(tx, "page", "token-of-the-pagf") is None
        assert shares.by_token(tx, "page", "") is None
    _do(begun, lambda tx: shares.spend_tokens(tx, "SG-S1", "page"))
    with begun.read() as tx:
        assert shares.by_token(tx, "page", "token-of-the-page") is None
        assert shares.by_token(tx, "address", "token-of-the-address") is not None


def test_reissue_is_limited_and_only_after_release(begun: Store):
    """A password is sent again only where it was given out, and no more often than allowed."""
    with pytest.raises(RequestError, match="sent"):
        _do(begun, lambda tx: shares.reissue(tx, "SG-S1", "recipient", 2))
    _move(begun, "released", "confirmed")
    assert [_do(begun, lambda tx: shares.reissue(tx, "SG-S1", "recipient", 2)).reissues for _ in (1, 2)] == [
        1,
        2,
    ]
    with pytest.raises(RequestError, match="2 times"):
        _do(begun, lambda tx: shares.reissue(tx, "SG-S1", "recipient", 2))
    assert _get(begun).reissues == 2


def test_reminders_and_expiry_come_at_their_time(begun: Store, clock: FakeClock):
    """A share is due for a reminder and for expiry from its moment on, and not once it is released."""
    clock.now = START + timedelta(days=3) - timedelta(seconds=1)
    with begun.read() as tx:
        assert shares.to_remind(tx, clock.now) == ()
    clock.pass_by(seconds=1)
    assert [one.id for one in _do(begun, lambda tx: shares.to_remind(tx, tx.now))] == ["SG-S1"]
    _do(begun, lambda tx: shares.reminded(tx, "SG-S1", None))
    assert _do(begun, lambda tx: shares.to_remind(tx, tx.now)) == ()
    assert _get(begun).reminders == 1
    clock.now = START + timedelta(days=14)
    assert [one.id for one in _do(begun, lambda tx: shares.overdue(tx, tx.now))] == ["SG-S1"]
    _move(begun, "released", "confirmed")
    assert _do(begun, lambda tx: shares.overdue(tx, tx.now)) == ()


def test_shares_are_listed_and_counted(begun: Store, clock: FakeClock):
    """Shares are listed latest first, narrowed by state, sender and organisation, and counted by state."""
    clock.pass_by(minutes=1)
    other = replace(SHARE, id="SG-S2", sender="b@school.example", organisation="School", tokens=())
    _do(begun, lambda tx: shares.begin(tx, other))
    _do(begun, lambda tx: shares.move(tx, "SG-S2", "withdrawn", "sender"))
    with begun.read() as tx:
        found, after = shares.search(tx, limit=1)
        assert [share.id for share in found] == ["SG-S2"]
        assert [share.id for share in shares.search(tx, after=after)[0]] == ["SG-S1"]
        assert [share.id for share in shares.search(tx, states=["sent"])[0]] == ["SG-S1"]
        assert [share.id for share in shares.search(tx, sender="b@school.example")[0]] == ["SG-S2"]
        assert [share.id for share in shares.search(tx, scope=scope_of(["Example Council"]))[0]] == ["SG-S1"]
        assert shares.counts(tx) == {"sent": 1, "withdrawn": 1}
        assert len(shares.of_message(tx, "SG-J1")) == 2
