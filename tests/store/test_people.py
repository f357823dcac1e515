"""Incidents, notes, requests, feedback, what is learnt, policies."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from milter.errors import RequestError
from milter.store import exact, incidents, learnt, policies, talk
from milter.store.engine import Store

from .conftest import START, FakeClock


def _do(store: Store, work: Any) -> Any:
    return store.submit(work).result()


def test_incident_has_72_hours_and_an_end(store: Store, clock: FakeClock):
    """The clock runs from the opening; an incident is reported and closed once."""
    incident = _do(store, lambda tx: incidents.begin(tx, "not-for-me", "recipient", share_id="SG-S1"))
    assert incident.due_at == START + timedelta(hours=72)
    clock.pass_by(hours=2)
    _do(store, lambda tx: incidents.report(tx, incident.id, "account:1"))
    _do(store, lambda tx: incidents.close(tx, incident.id, "account:1"))
    for again in (incidents.report, incidents.close):
        with pytest.raises(RequestError, match="closed"):
            _do(store, lambda tx, a=again: a(tx, incident.id, "account:1"))
    with store.read() as tx:
        kept = incidents.get(tx, incident.id)
        assert (kept.state, kept.reported_at, kept.closed_at) == ("closed", clock.now, clock.now)
        assert incidents.listed(tx) == ()
        assert incidents.listed(tx, open_only=False) == (kept,)


def test_one_loss_is_one_incident(store: Store):
    """Pressing the button twice opens one incident; another share's is another."""
    first, second = (
        _do(store, lambda tx: incidents.begin(tx, "not-for-me", "recipient", share_id="SG-S1"))
        for _ in (1, 2)
    )
    other = _do(store, lambda tx: incidents.begin(tx, "mis-sent", "account:1", register_id="SG-R1"))
    assert first == second
    assert other.id != first.id
    with store.read() as tx:
        assert len(incidents.listed(tx)) == 2


def test_notes_are_sealed_and_in_order(store: Store):
    """Notes come back in order; their words are neither in the database nor in the trail."""
    for words in ("Rang Kestrel", "Rang again"):
        _do(store, lambda tx, w=words: talk.add_note(tx, "SG-1", "account:1", w))
    with pytest.raises(RequestError):
        _do(store, lambda tx: talk.add_note(tx, "SG-1", "account:1", " "))
    with store.read() as tx:
        assert [note.text for note in talk.notes_about(tx, "SG-1")] == ["Rang Kestrel", "Rang again"]
        assert b"Kestrel" not in bytes(
            tx.execute(text("SELECT sealed_text FROM notes ORDER BY id")).scalars().first()
        )


def test_request_is_answered_once_by_whoever_bears_its_link(store: Store, clock: FakeClock):
    """A question to the sender opens by its token until it is answered or expires."""
    link = ("secret-token", START + timedelta(days=1))
    asked = _do(
        store, lambda tx: talk.ask(tx, "question", "account:1", "Whose is it?", held_id="SG-H1", link=link)
    )
    with store.read() as tx:
        found = talk.by_token(tx, "secret-token")
        assert found is not None
        assert (found.id, found.text, found.state) == (asked, "Whose is it?", "open")
        assert talk.by_token(tx, "other-token") is None
        assert [one.id for one in talk.listed(tx, held_id="SG-H1")] == [asked]
    clock.pass_by(days=1)
    with store.read() as tx:
        assert talk.by_token(tx, "secret-token") is None
    _do(store, lambda tx: talk.answer(tx, asked, "sender", "Mine"))
    with pytest.raises(RequestError, match="already"):
        _do(store, lambda tx: talk.answer(tx, asked, "sender", "Mine"))
    with store.read() as tx:
        assert talk.get(tx, asked).answer == "Mine"
        assert talk.listed(tx) == ()


def test_feedback_is_counted_by_code_and_verdict(store: Store):
    """Verdicts on findings are counted, and come back with their features."""
    for verdict in ("false-positive", "false-positive", "right"):
        _do(
            store,
            lambda tx, v=verdict: talk.give_feedback(
                tx, "SG-J1", "account:1", v, "nhs-number", {"label": "order"}
            ),
        )
    with store.read() as tx:
        assert talk.feedback_counts(tx, START) == (
            ("nhs-number", "false-positive", 2),
            ("nhs-number", "right", 1),
        )
        assert talk.feedback_counts(tx, START + timedelta(seconds=1)) == ()
        assert talk.feedback_given(tx, START)[0] == ("nhs-number", "false-positive", {"label": "order"})


def test_what_is_learnt_is_counted_and_unreadable(store: Store, clock: FakeClock):
    """A pair that was seen is known, how often and since when; the addresses are not in the database."""
    pair = ("a@council.example", "b@school.example")
    with store.read() as tx:
        assert learnt.look(tx, "pair", *pair) is None
    _do(store, lambda tx: learnt.see(tx, "pair", pair, {"tls": "verified"}))
    clock.pass_by(days=1)
    _do(store, lambda tx: learnt.see(tx, "pair", pair))
    with store.read() as tx:
        found = learnt.look(tx, "pair", *pair)
        assert found is not None
        assert (found.count, found.first_at, found.last_at) == (2, START, clock.now)
        assert found.known == {"tls": "verified"}
        assert learnt.look(tx, "pair", *reversed(pair)) is None
        assert learnt.look(tx, "name", *pair) is None
        assert "council" not in str(tx.execute(text("SELECT * FROM learnt")).all())


def test_what_is_seen_daily_counts_once_a_day(store: Store, clock: FakeClock):
    """A thing counts once on each day, however often it is seen; what is kept of it stays, and many are looked up."""
    pair, other = (
        learnt.Thing("pair", ("a@x.example", "b@y.example")),
        learnt.Thing("to", ("x", "b@y.example")),
    )
    assert _do(store, lambda tx: learnt.see_daily(tx, (pair, other, pair))) == {pair: 1, other: 1}
    clock.pass_by(hours=14)
    assert _do(store, lambda tx: learnt.see_daily(tx, (pair,))) == {}
    clock.pass_by(hours=2)
    assert _do(store, lambda tx: learnt.see_daily(tx, (pair,))) == {pair: 2}
    _do(
        store,
        lambda tx: learnt.keep(tx, [(pair, {"places": 3}), (learnt.Thing("near", ("c",)), {"place": 1})]),
    )
    many = [learnt.Thing("near", (str(n),)) for n in range(1_000)]
    with store.read() as tx:
        found = learnt.look_all(tx, [pair, other, learnt.Thing("near", ("c",)), *many])
    assert {thing.kind: (one.count, one.known) for thing, one in found.items()} == {
        "pair": (2, {"places": 3}),
        "to": (1, {}),
        "near": (1, {"place": 1}),
    }


def test_list_for_exact_matching_is_replaced_whole(store: Store, clock: FakeClock):
    """Loading a list puts it in place of the one before, and of no other; forgetting it leaves nothing."""
    one, two = bytes(range(16)), bytes(range(24))
    _do(store, lambda tx: exact.replace(tx, "pupils", one, {"upn": (13,)}, 1, "cli:root"))
    _do(store, lambda tx: exact.replace(tx, "clients", one, {"reference": (7, 8)}, 2, "cli:root"))
    clock.pass_by(hours=1)
    assert _do(store, lambda tx: exact.replace(tx, "pupils", two, {"upn": (13,)}, 3, "cli:root")) == 3
    with store.read() as tx:
        clients, pupils = exact.listed(tx)
        assert (pupils.people, pupils.entries, pupils.at) == (3, 3, clock.now)
        assert (clients.people, clients.entries, clients.shapes) == (2, 2, {"reference": (7, 8)})
        assert exact.every(tx) == (("clients", {"reference": (7, 8)}, one), ("pupils", {"upn": (13,)}, two))
    _do(store, lambda tx: exact.forget(tx, "pupils", "cli:root"))
    with store.read() as tx:
        assert [one.name for one in exact.listed(tx)] == ["clients"]
    for wrong in (
        lambda tx: exact.forget(tx, "pupils", "cli:root"),
        lambda tx: exact.replace(tx, "Year 6", one, {}, 1, "cli:root"),
    ):
        with pytest.raises(RequestError):
            _do(store, wrong)


def test_policy_is_kept_once(store: Store, clock: FakeClock):
    """A policy's text is kept when it first comes into force."""
    _do(store, lambda tx: policies.loaded(tx, "p1", "one"))
    clock.pass_by(days=1)
    for digest, words in (("p1", "one"), ("p2", "two")):
        _do(store, lambda tx, d=digest, w=words: policies.loaded(tx, d, w))
    with store.read() as tx:
        assert [(one.digest, one.text) for one in policies.listed(tx)] == [("p2", "two"), ("p1", "one")]
        first = policies.get(tx, "p1")
        assert first is not None
        assert first.at == START
        assert policies.get(tx, "p3") is None
