"""What was done for each recipient."""

import pytest

from milter.errors import StoreError
from milter.store import progress
from milter.store.engine import Store

from .conftest import FakeClock, Opener

RAW = b"Subject: x\r\n\r\nHello\r\n"


def _key(store: Store) -> str:
    return progress.message_key(store.vault, "a@example.gov.uk", RAW)


def test_key_depends_on_sender_and_bytes(store: Store):
    """A message is the same only with the same bytes and the same envelope sender."""
    keys = {
        _key(store),
        progress.message_key(store.vault, "b@example.gov.uk", RAW),
        progress.message_key(store.vault, "a@example.gov.uk", RAW + b"\r\n"),
    }
    assert len(keys) == 3
    assert progress.message_key(store.vault, "a@example.gov.uk", RAW) in keys


def test_second_try_learns_what_the_first_did(store: Store):
    """A retry is told which recipients are accounted for, how, and under which reference."""
    key = _key(store)
    with store.transaction() as tx:
        claim = progress.claim(tx, key, "one")
        assert claim is not None
        assert claim.done == {}
        progress.account(tx, key, "SG-1", {"b@x.org": "delivered", "c@x.org": "held"})
        progress.let_go(tx, key, "one")
    with store.transaction() as tx:
        again = progress.claim(tx, key, "two")
    assert again is not None
    assert again.done == {"b@x.org": "delivered", "c@x.org": "held"}
    assert again.judged_id == "SG-1"


def test_message_is_one_owners_at_a_time(store: Store, open_it: Opener):
    """A second connection, on this node or another, is told to come again later."""
    key, other = _key(store), open_it("node2")
    assert store.submit(lambda tx: progress.claim(tx, key, "one")).result() is not None
    assert store.submit(lambda tx: progress.claim(tx, key, "two")).result() is None
    assert other.submit(lambda tx: progress.claim(tx, key, "three")).result() is None
    store.submit(lambda tx: progress.let_go(tx, key, "one")).result()
    assert other.submit(lambda tx: progress.claim(tx, key, "three")).result() is not None


def test_letting_go_frees_only_ones_own(store: Store):
    """A connection that lost its claim can't end another's."""
    key = _key(store)
    store.submit(lambda tx: progress.claim(tx, key, "one")).result()
    store.submit(lambda tx: progress.let_go(tx, key, "two")).result()
    assert store.submit(lambda tx: progress.claim(tx, key, "three")).result() is None


def test_killed_nodes_claim_runs_out(store: Store, clock: FakeClock):
    """What a killed node had claimed is free once its lease is over, to the second."""
    key = _key(store)
    store.submit(lambda tx: progress.claim(tx, key, "one", seconds=60)).result()
    clock.pass_by(seconds=59)
    assert store.submit(lambda tx: progress.claim(tx, key, "two")).result() is None
    clock.pass_by(seconds=1)
    assert store.submit(lambda tx: progress.claim(tx, key, "two")).result() is not None


def test_recipient_is_accounted_for_once(store: Store):
    """A recipient can't come to two ends."""
    key = _key(store)
    store.submit(lambda tx: progress.account(tx, key, "SG-1", {"b@x.org": "delivered"})).result()
    with pytest.raises(StoreError):
        store.submit(lambda tx: progress.account(tx, key, "SG-2", {"b@x.org": "held"})).result()
    claim = store.submit(lambda tx: progress.claim(tx, key, "one")).result()
    assert claim is not None
    assert claim.done == {"b@x.org": "delivered"}


def test_hostile_addresses_are_kept(store: Store):
    """An address that is no UTF-8, or very long, does not stop its message from being accounted for."""
    key = _key(store)
    outcomes = {"b\udcff@x.org": "refused", "c" * 2_000 + "@x.org": "refused", "d\0@x.org": "refused"}
    store.submit(lambda tx: progress.account(tx, key, "SG-1", outcomes)).result()  # type: ignore[arg-type]
    claim = store.submit(lambda tx: progress.claim(tx, key, "one")).result()
    assert claim is not None
    assert len(claim.done) == 3
