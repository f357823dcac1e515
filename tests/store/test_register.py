"""The record of sharing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from milter.errors import RequestError
from milter.store import register
from milter.store.engine import Store
from milter.store.register import Entry, Search
from milter.store.scope import scope_of

from .conftest import START, FakeClock

ENTRY = Entry(
    id="SG-R1",
    at=START,
    channel="email",
    judged_id="SG-J1",
    sender="a@council.example",
    sender_organisation="Example Council",
    recipient="head@school.example",
    information=("child", "health"),
    way="encrypted attachment, password by telephone",
    action="PROTECT",
    reasons=("school-in-clear",),
    grade="high",
    status="protected",
    extra={"subject": "none"},
)


@pytest.fixture
def filled(store: Store) -> Store:
    """Give a store with entries 1 to 5, a day apart, of different kinds."""
    entries = (
        replace(ENTRY, id="SG-1"),
        replace(ENTRY, id="SG-2", channel="telephone", recipient="01234 567", recipient_name="Zoë O'Hara"),
        replace(
            ENTRY, id="SG-3", sender_organisation="Oak School", status="due", due_at=START, due_for="return"
        ),
        replace(ENTRY, id="SG-4", sender="b@council.example", purpose="100% attendance_review"),
        replace(
            ENTRY,
            id="SG-5",
            purpose="safeguarding",
            recipient_name="Jo Low",
            recipient_job_title="Head",
            recipient_organisation="Elm School",
            recipient_telephone="01234 568",
        ),
    )
    dated = [replace(entry, at=START + timedelta(days=n)) for n, entry in enumerate(entries)]
    store.submit(lambda tx: register.add(tx, dated)).result()
    return store


def test_entry_is_given_back_as_it_was(store: Store):
    """Everything recorded is there again."""
    store.submit(lambda tx: register.add(tx, [ENTRY])).result()
    with store.read() as tx:
        assert register.get(tx, "SG-R1") == ENTRY
        assert register.get(tx, "SG-R2") is None
        assert register.of_message(tx, "SG-J1") == (ENTRY,)


def test_gaps_are_what_r1_still_lacks(store: Store):
    """The fields of R1 that nobody has filled are named; filled in, they are gaps no more."""
    names = ("recipient_name", "recipient_job_title", "recipient_organisation", "recipient_telephone")
    assert ENTRY.gaps == ("purpose", *names)
    store.submit(lambda tx: register.add(tx, [ENTRY])).result()
    given = dict.fromkeys(ENTRY.gaps, "known")
    entry = store.submit(lambda tx: register.fill(tx, "SG-R1", "account:1", **given)).result()
    assert entry.gaps == ()
    with store.read() as tx:
        assert register.get(tx, "SG-R1") == entry
        assert register.count(tx, Search(gaps_only=True)) == 0


@pytest.mark.parametrize("name", ["id", "at", "channel", "judged_id", "recorded_by"])
def test_what_happened_can_not_be_changed(store: Store, name: str):
    """When, how and by which message something was shared stays as it was recorded."""
    store.submit(lambda tx: register.add(tx, [ENTRY])).result()
    with pytest.raises(RequestError, match=name):
        store.submit(lambda tx: register.fill(tx, "SG-R1", "account:1", **{name: "other"})).result()


def test_filling_what_is_not_there_is_refused(store: Store):
    """A reference of nothing is told."""
    with pytest.raises(RequestError):
        store.submit(lambda tx: register.fill(tx, "SG-NO", "account:1", purpose="x")).result()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Search(), "54321"),
        (Search(words="ZOË o'hara"), "2"),
        (Search(words="elm low"), "5"),
        (Search(words="elm zoë"), ""),
        (Search(words="100%"), "4"),
        (Search(words="%"), "4"),
        (Search(words="attendance_review"), "4"),
        (Search(words="attendancexreview"), ""),
        (Search(words="sg-3"), "3"),
        (Search(channel="telephone"), "2"),
        (Search(status="due"), "3"),
        (Search(scope=scope_of(("Oak School",))), "3"),
        (Search(sender="b@council.example"), "4"),
        (Search(recipient="01234 567"), "2"),
        (Search(since=START + timedelta(days=1), until=START + timedelta(days=3)), "32"),
        (Search(gaps_only=True), "4321"),
        (Search(words="'; DROP TABLE register; --"), ""),
    ],
)
def test_search_narrows(filled: Store, wanted: Search, found: str):
    """Each filter narrows, words without regard to case or wildcards; latest first."""
    with filled.read() as tx:
        page = register.search(tx, wanted)
        assert "".join(entry.id[-1] for entry in page.entries) == found
        assert page.next is None
        assert register.count(tx, wanted) == len(found)
        assert register.found(tx, wanted) == (page, len(found))


@pytest.mark.parametrize("most", [1, register.COUNT_LIMIT])
@pytest.mark.parametrize("words", ["", "council"])
def test_pages_follow_each_other(filled: Store, monkeypatch: pytest.MonkeyPatch, words: str, most: int):
    """Pages neither skip nor repeat, also among entries of one moment, whether words are rare or common."""
    monkeypatch.setattr(register, "COUNT_LIMIT", most)
    twins = [replace(ENTRY, id=f"SG-{letter}") for letter in "ABC"]
    filled.submit(lambda tx: register.add(tx, twins)).result()
    seen, after = [], None
    with filled.read() as tx:
        for _ in range(4):
            page = register.search(tx, Search(words=words), after=after, limit=2)
            after = page.next
            seen.append("".join(entry.id[-1] for entry in page.entries))
    assert seen == ["54", "32", "CB", "A1"]
    assert after is None


def test_due_things_are_listed_until_done(filled: Store, clock: FakeClock):
    """What is due back is listed from its time on, until it is marked done."""
    with filled.read() as tx:
        assert register.due(tx, START - timedelta(seconds=1)) == ()
        assert [entry.id for entry in register.due(tx, clock.now)] == ["SG-3"]
    filled.submit(lambda tx: register.set_status(tx, "SG-3", "done", "account:1")).result()
    with filled.read() as tx:
        assert register.due(tx, clock.now) == ()


def test_what_is_due_next_takes_the_place_of_what_is_done(store: Store, clock: FakeClock):
    """A device that is due back and then to be wiped is listed for both, in the order of their dates."""
    dates = [("deletion", START + timedelta(days=9)), ("return", START + timedelta(days=2))]
    entry = register.with_due(replace(ENTRY, id="SG-D", extra={"device": "USB 7"}), dates)
    store.submit(lambda tx: register.add(tx, [entry])).result()
    seen = []
    for _ in dates:
        with store.read() as tx:
            kept = register.get(tx, "SG-D")
        assert kept is not None
        seen.append((kept.status, kept.due_for, kept.due_at, len(kept.due_then)))
        store.submit(lambda tx: register.settle(tx, "SG-D", "account:1")).result()
    assert seen == [("due", "return", dates[1][1], 1), ("due", "deletion", dates[0][1], 0)]
    with store.read() as tx:
        kept = register.get(tx, "SG-D")
    assert kept is not None
    assert (kept.status, kept.due_at, kept.extra) == ("done", None, {"device": "USB 7"})
    with pytest.raises(RequestError):
        store.submit(lambda tx: register.settle(tx, "SG-D", "account:1")).result()


def test_reminders_come_in_the_morning_and_then_weekly_until_it_is_done(store: Store, clock: FakeClock):
    """Twelve hours before, then once a week for four weeks; none once it is done, and each once."""
    due = START + timedelta(days=3)
    for name in ("SG-D", "SG-E"):
        entry = register.with_due(replace(ENTRY, id=name), [("return", due)])
        store.submit(lambda tx, e=entry: register.add(tx, [e])).result()
    told = []
    for hours in range(0, 24 * 60, 6):
        if hours == 24 * 6:
            store.submit(lambda tx: register.settle(tx, "SG-E", "account:1")).result()

        def work(tx):
            return [(entry.id, register.reminded(tx, entry)) for entry in register.to_remind(tx)]

        clock.now = START + timedelta(hours=hours)
        told += [(name, hours / 24 - 3, number) for name, number in store.submit(work).result()]
    assert [one for one in told if one[0] == "SG-E"] == [("SG-E", -0.5, 1)]
    assert [(days, number) for name, days, number in told if name == "SG-D"] == [
        (-0.5, 1),
        (7.0, 3),
        (14.0, 4),
        (21.0, 5),
    ]


def test_hostile_text_is_kept(store: Store):
    """Names that are no UTF-8, hold NUL or are very long don't keep a disclosure from being recorded."""
    entry = replace(ENTRY, recipient_name="J\udcff\0", purpose="x" * 100_000, extra={"a\udcff": "\0"})
    store.submit(lambda tx: register.add(tx, [entry])).result()
    with store.read() as tx:
        kept = register.get(tx, "SG-R1")
    assert kept is not None
    assert (kept.recipient_name, kept.extra) == ("J\\udcff\\0", {"a\udcff": "\0"})
