"""Held messages and what is decided about them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from milter.errors import RequestError, StoreError
from milter.store import contents, decisions, outbox, quarantine, register, reports
from milter.store.contents import seal_content
from milter.store.engine import Store
from milter.store.quarantine import HeldInFull, Search, ToHold, waiting_for
from milter.store.register import Entry
from milter.store.scope import scope_of

from .conftest import START, FakeClock, Opener

RAW = b"Subject: Kestrel Smith\r\n\r\n943 476 5919\r\n"
ONE, TWO = "b@parent.example", "c@school.example"
MESSAGE = ToHold(
    id="SG-H1",
    judged_id="SG-J1",
    sender="a@council.example",
    organisation="Example Council",
    grade="high",
    categories=("child",),
    envelope={"sender": "a@council.example", "recipients": [{"address": ONE, "notify": ["FAILURE"]}]},
    summary={"subject": "Kestrel Smith", "findings": ["943 *** **19"]},
    recipients=(
        waiting_for(ONE, reasons=("personal-account",), register_id="SG-R1"),
        waiting_for(TWO, reasons=("unapproved-domain", "personal-account"), register_id="SG-R2"),
    ),
    expires_at=START + timedelta(days=7),
)


def _hold(store: Store, message: ToHold = MESSAGE, raw: bytes = RAW) -> None:
    entries = [
        Entry(one.register_id, START, "email", held_id=message.id, recipient=one.recipient, status="held")
        for one in message.recipients
        if one.register_id
    ]
    sealed = seal_content(store.vault, raw)

    def unit(tx: Any) -> None:
        register.add(tx, entries)
        quarantine.hold(tx, message, sealed)

    store.submit(unit).result()


def _do(store: Store, work: Any) -> Any:
    return store.submit(work).result()


def _get(store: Store) -> HeldInFull:
    with store.read() as tx:
        return quarantine.get(tx, "SG-H1")


def _states(store: Store) -> list[str]:
    return [one.state for one in _get(store).recipients]


def _register(store: Store) -> list[str]:
    with store.read() as tx:
        found = (register.get(tx, name) for name in ("SG-R1", "SG-R2"))
        return [entry.status for entry in found if entry is not None]


def _asked(store: Store) -> list[tuple[str, Any]]:
    with store.read() as tx:
        return [(item.kind, item.payload) for item in outbox.about(tx, "SG-H1")]


def _events(store: Store) -> list[str]:
    with store.read() as tx:
        query = text("SELECT event FROM audit WHERE subject = 'SG-H1' ORDER BY seq")
        return list(tx.execute(query).scalars())


def test_held_message_is_whole_and_sealed(store: Store):
    """What is held comes back as it was, and nothing of it can be read in the database."""
    _hold(store)
    full = _get(store)
    assert full.envelope["recipients"] == ({"address": ONE, "notify": ("FAILURE",)},)
    assert full.summary["subject"] == "Kestrel Smith"
    assert full.held.reasons == ("personal-account", "unapproved-domain")
    assert (full.held.waiting, _states(store)) == (2, ["held", "held"])
    with store.read() as tx:
        assert quarantine.content(tx, "SG-H1") == RAW
        for table in ("held", "held_recipients", "contents", "content_chunks"):
            for row in tx.execute(text(f"SELECT * FROM {table}")):
                octets = b"".join(
                    bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                    for value in row
                )
                assert b"Kestrel" not in octets
                assert b"5919" not in octets


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 3 * 1024 * 1024 + 7])
def test_content_of_any_size_is_whole(store: Store, size: int):
    """Content comes back to the octet, whatever the number of its chunks."""
    raw = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    _hold(store, raw=raw)
    with store.read() as tx:
        assert quarantine.content(tx, "SG-H1") == raw


def test_content_that_lost_or_swapped_a_chunk_does_not_open(store: Store):
    """Chunks can be neither cut off nor put in another order."""
    raw = b"a" * 1024 * 1024 + b"b" * 1024 * 1024 + b"c"
    _hold(store, raw=raw)
    with store.transaction() as tx:
        tx.execute(text("UPDATE content_chunks SET number = 9 WHERE number = 0"))
        tx.execute(text("UPDATE content_chunks SET number = 0 WHERE number = 1"))
        tx.execute(text("UPDATE content_chunks SET number = 1 WHERE number = 9"))
    with store.read() as tx, pytest.raises(StoreError):
        quarantine.content(tx, "SG-H1")
    with store.transaction() as tx:
        tx.execute(text("DELETE FROM content_chunks WHERE number < 2"))
    with store.read() as tx, pytest.raises(StoreError):
        quarantine.content(tx, "SG-H1")


def test_release_asks_the_daemon_once_for_each_recipient(store: Store):
    """A release puts what is to be sent into the outbox; only the next hop's answer makes it released."""
    _hold(store)
    assert _do(store, lambda tx: decisions.release(tx, "SG-H1", [ONE], "account:1", "checked by phone"))
    assert _states(store) == ["releasing", "held"]
    assert _asked(store) == [("release", {"recipient": ONE, "how": "as-it-is"})]
    assert _register(store) == ["held", "held"]
    assert _do(store, lambda tx: decisions.released(tx, "SG-H1", ONE, tls="TLSv1.3"))
    assert _states(store) == ["released", "held"]
    assert _register(store) == ["sent", "held"]
    full = _get(store)
    assert (full.recipients[0].decided_by, full.recipients[0].reason) == ("account:1", "checked by phone")
    assert (full.held.waiting, full.held.closed_at) == (1, None)
    assert _events(store)[-2:] == ["release-asked", "message-released"]


@pytest.mark.parametrize("second", [decisions.release, decisions.refuse])
def test_nothing_is_decided_twice(store: Store, second: Any):
    """Of two decisions for one recipient the second is refused, and changes nothing for anybody."""
    _hold(store)
    _do(store, lambda tx: decisions.release(tx, "SG-H1", [ONE], "account:1", "checked"))
    with pytest.raises(RequestError, match="already"):
        _do(store, lambda tx: second(tx, "SG-H1", [TWO, ONE], "account:2", "checked too"))
    assert _states(store) == ["releasing", "held"]
    assert len(_asked(store)) == 1


def test_two_reviewers_at_once_release_once(store: Store, open_it: Opener):
    """Two people who press the button at the same moment, on two nodes, send one message."""
    _hold(store)
    other = open_it("node2")
    futures = [
        one.submit(lambda tx, n=name: decisions.release(tx, "SG-H1", [ONE, TWO], n, "checked"))
        for one, name in ((store, "account:1"), (other, "account:2"))
    ]
    errors = [future.exception(30) for future in futures]
    assert sum(error is None for error in errors) == 1
    assert sum(isinstance(error, RequestError) for error in errors) == 1
    assert len(_asked(store)) == 2  # one for each recipient


def test_release_that_bounced_can_be_decided_again(store: Store):
    """A release that the next hop refuses for good comes back to the reviewers, and a new one is sent."""
    _hold(store)
    _do(store, lambda tx: decisions.release(tx, "SG-H1", [ONE], "account:1", "checked"))
    assert _do(store, lambda tx: decisions.returned(tx, "SG-H1", ONE, "550"))
    assert _states(store) == ["held", "held"]
    assert _get(store).held.waiting == 2
    _do(store, lambda tx: decisions.release(tx, "SG-H1", [ONE], "account:1", "address mended"))
    assert len(_asked(store)) == 2
    assert _do(store, lambda tx: decisions.released(tx, "SG-H1", ONE))
    assert not _do(store, lambda tx: decisions.released(tx, "SG-H1", ONE))
    assert not _do(store, lambda tx: decisions.returned(tx, "SG-H1", ONE, "550"))


def test_four_eyes_are_two_people(store: Store):
    """Where two are needed, the first approves only, and can't be the second."""
    _hold(store)

    def release(actor: str) -> bool:
        return bool(
            _do(store, lambda tx: decisions.release(tx, "SG-H1", [ONE], actor, "checked", four_eyes=True))
        )

    assert not release("account:1")
    assert _states(store) == ["held", "held"]
    assert _asked(store) == []
    with pytest.raises(RequestError, match="second person"):
        release("account:1")
    assert release("account:2")
    assert _states(store) == ["releasing", "held"]
    assert _get(store).recipients[0].approved_by == "account:1"


def test_refusal_tells_the_sender_and_the_register(store: Store):
    """What is refused is never sent; the sender is told once, with the reason."""
    _hold(store)
    _do(store, lambda tx: decisions.refuse(tx, "SG-H1", [TWO, ONE], "account:1", "wrong school"))
    assert _states(store) == ["refused", "refused"]
    assert _register(store) == ["refused", "refused"]
    assert _asked(store) == [("held-refused", {"recipients": (ONE, TWO), "reason": "wrong school"})]
    assert _get(store).held.closed_at == START


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_decision_needs_a_reason(store: Store, reason: str):
    """Nobody releases or refuses without saying why."""
    _hold(store)
    for decide in (decisions.release, decisions.refuse):
        with pytest.raises(RequestError, match="reason"):
            _do(store, lambda tx, d=decide: d(tx, "SG-H1", [ONE], "account:1", reason))
    assert _states(store) == ["held", "held"]


@pytest.mark.parametrize("recipients", [[], ["x@y.example"], [ONE, "x@y.example"]])
def test_decision_is_for_recipients_who_wait(store: Store, recipients: Sequence[str]):
    """A decision for nobody, or for somebody else, is refused whole."""
    _hold(store)
    with pytest.raises(RequestError):
        _do(store, lambda tx: decisions.release(tx, "SG-H1", recipients, "account:1", "checked"))
    assert _states(store) == ["held", "held"]


def test_unknown_reference_is_refused(store: Store):
    """A reference of nothing is a request that can't be met."""
    with pytest.raises(RequestError, match="reference"):
        _do(store, lambda tx: decisions.release(tx, "SG-NO", [ONE], "account:1", "checked"))
    with store.read() as tx, pytest.raises(RequestError):
        quarantine.get(tx, "SG-NO")


def test_expiry_refuses_and_never_releases(store: Store, clock: FakeClock):
    """What nobody decided in time is refused with an explanation; what was decided stays decided."""
    _hold(store)
    _do(store, lambda tx: decisions.release(tx, "SG-H1", [ONE], "account:1", "checked"))
    clock.pass_by(days=6, hours=23)
    assert _do(store, lambda tx: decisions.expire(tx, tx.now)) == 0
    clock.pass_by(hours=1)
    assert _do(store, lambda tx: decisions.expire(tx, tx.now)) == 1
    assert _do(store, lambda tx: decisions.expire(tx, tx.now)) == 0
    assert _states(store) == ["releasing", "expired"]
    assert _register(store) == ["held", "expired"]
    assert _asked(store)[-1] == ("held-expired", {"recipients": (TWO,)})
    with pytest.raises(RequestError):
        _do(store, lambda tx: decisions.release(tx, "SG-H1", [TWO], "account:1", "late"))


def test_seeing_content_leaves_a_trail(store: Store):
    """Whoever opens unmasked content gives a reason, which the trail binds by its digest."""
    _hold(store)
    assert _do(store, lambda tx: quarantine.see_content(tx, "SG-H1", "account:1", "asked by IG")) == RAW
    assert _events(store)[-1] == "content-seen"
    with pytest.raises(RequestError):
        _do(store, lambda tx: quarantine.see_content(tx, "SG-H1", "account:1", ""))


def test_destroyed_content_can_not_be_released(store: Store):
    """Content that was destroyed is gone, and says so."""
    _hold(store)
    content_id = _get(store).held.content_id
    assert _do(store, lambda tx: contents.destroy(tx, content_id, "gateway"))
    assert not _do(store, lambda tx: contents.destroy(tx, content_id, "gateway"))
    with store.read() as tx, pytest.raises(RequestError, match="destroyed"):
        quarantine.content(tx, "SG-H1")


@pytest.fixture
def many(store: Store, clock: FakeClock) -> Store:
    """Give a store with five held messages, a minute apart."""
    for number in range(1, 6):
        recipient = waiting_for(f"r{number}@x_y.example", reasons=("code-a" if number % 2 else "code-ab",))
        message = replace(
            MESSAGE,
            id=f"SG-{number}",
            organisation="Council" if number < 4 else "School",
            recipients=(recipient,),
            grade="high" if number == 2 else "low",
        )
        _hold(store, message)
        clock.pass_by(minutes=1)
    _do(store, lambda tx: decisions.refuse(tx, "SG-5", ["r5@x_y.example"], "account:1", "no"))
    _do(store, lambda tx: decisions.assign(tx, "SG-3", "account:1", "account:2"))
    return store


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Search(), "4321"),
        (Search(waiting_only=False), "54321"),
        (Search(words="R2@ council"), "2"),
        (Search(words="x%y"), ""),
        (Search(words="x_y"), "4321"),
        (Search(words="xzy"), ""),
        (Search(scope=scope_of(("School",))), "4"),
        (Search(scope=scope_of(("School", "Council"))), "4321"),
        (Search(reason="code-a"), "31"),
        (Search(reason="code-ab"), "42"),
        (Search(grade="high"), "2"),
        (Search(assigned_to="account:2"), "3"),
    ],
)
def test_search_finds_what_waits(many: Store, wanted: Search, found: str):
    """Filters narrow, each alone; what was decided is left out unless asked for; latest first."""
    with many.read() as tx:
        rows, rest = quarantine.search(tx, wanted)
        assert "".join(row.id[-1] for row in rows) == found
        assert quarantine.count(tx, wanted) == len(found)
        assert rest is None


def test_pages_follow_each_other(many: Store):
    """Pages neither skip nor repeat."""
    seen, after = [], None
    with many.read() as tx:
        for _ in range(3):
            rows, after = quarantine.search(tx, Search(waiting_only=False), after=after, limit=2)
            seen.append("".join(row.id[-1] for row in rows))
    assert seen == ["54", "32", "1"]
    assert after is None


def test_reports_on_the_quarantine(many: Store, clock: FakeClock):
    """Ages and waiting times are those of the messages."""
    clock.now = START + timedelta(hours=1, minutes=2, seconds=30)  # 1, 2 and 3 came over an hour ago
    with many.read() as tx:
        assert reports.ages(tx) == {"hour": 1, "day": 3, "week": 0, "older": 0}
        waits = reports.hours_in_quarantine(tx, START, clock.now)
    assert waits == (("refused", pytest.approx(1 / 60)),)
