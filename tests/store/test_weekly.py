"""Finished weeks, counted once: the same figures before and after, whoever counts."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select

from milter.store import judged, reports, trail, weekly
from milter.store.engine import Store
from milter.store.judged import JudgedReason
from milter.store.schema import judged as messages
from milter.store.schema import weekly as table
from milter.store.scope import EVERYTHING, scope_of

from .conftest import START, FakeClock
from .test_judged import MESSAGE

FIRST = START.replace(hour=0)
DAYS = (0.0, 2.0, 6.9, 7.0, 8.0, 13.9, 15.0, 21.5, 22.5)
PLACES = (("Council", "Housing"), ("Council", ""), ("School", ""))
SCOPES = (EVERYTHING, scope_of(("Council",)), scope_of(("Council\tHousing",)), scope_of(("School",)))


def judge(store: Store) -> None:
    """Judge three messages at each of some days, of three places, with two reasons each."""
    for n, days in enumerate(DAYS):
        for m, (organisation, directorate) in enumerate(PLACES):
            action = ("PASS", "HOLD", "REFUSE")[(n + m) % 3]
            row = replace(
                MESSAGE,
                id=f"SG-{n}-{m}",
                at=FIRST + timedelta(days=days),
                organisation=organisation,
                directorate=directorate,
                action=action,
                recipients=m + 1,
            )
            reasons = (
                JudgedReason("many-recipients", True, action, 2),
                JudgedReason("first-mail", False, "HOLD", m + 1),
            )
            store.submit(lambda tx, r=row, why=reasons: judged.record(tx, r, why)).result()


def count_all(store: Store) -> list[datetime]:
    """Count every finished week, as the daemon does; give those that were counted."""
    done = []
    while True:
        with store.read() as tx:
            week = weekly.finished(tx)
            counts = weekly.count(tx, week) if week else []
        if week is None:
            return done
        store.submit(lambda tx, w=week, c=counts: weekly.keep(tx, w, c)).result()
        done.append(week)


def figures(store: Store, since: datetime, until: datetime):
    """Give all figures of a span of time, for each scope."""
    with store.read() as tx:
        return [
            (reports.judgements(tx, since, until, scope), reports.rules(tx, since, until, scope))
            for scope in SCOPES
        ]


@pytest.mark.parametrize(
    ("since", "until"),
    [(0, 30), (7, 30), (7, 14), (2, 20), (2, 5), (8, 9), (6.95, 7.0), (-400, 400), (14, 21.6)],
)
def test_figures_are_the_same_once_weeks_are_kept(store: Store, since: float, until: float) -> None:
    """Whole weeks, parts of weeks, one moment: kept weeks and messages together give what messages alone gave."""
    judge(store)
    span = FIRST + timedelta(days=since), FIRST + timedelta(days=until)
    before = figures(store, *span)
    assert count_all(store) == [FIRST, FIRST + timedelta(weeks=1), FIRST + timedelta(weeks=2)]
    assert figures(store, *span) == before


def test_kept_weeks_need_no_messages(store: Store) -> None:
    """Reports of finished weeks stay whole when their messages were purged, which shows that they are not read."""
    judge(store)
    span = FIRST, FIRST + timedelta(weeks=3)
    before = figures(store, *span)
    count_all(store)
    store.submit(lambda tx: tx.execute(delete(messages))).result()
    assert figures(store, *span) == before
    assert any(judgements for judgements, _ in before)


def test_a_week_is_counted_when_mail_of_a_day_later_came(store: Store, clock: FakeClock) -> None:
    """Neither the clock alone nor Monday's first message ends a week: a try may be recorded late."""
    store.submit(lambda tx: judged.record(tx, replace(MESSAGE, at=FIRST))).result()
    clock.pass_by(days=100)
    assert count_all(store) == []
    late = replace(MESSAGE, id="SG-late", at=FIRST + timedelta(days=7, hours=23))
    store.submit(lambda tx: judged.record(tx, late)).result()
    assert count_all(store) == []
    behind = replace(MESSAGE, id="SG-behind", at=FIRST + timedelta(days=8))
    store.submit(lambda tx: judged.record(tx, behind)).result()
    assert count_all(store) == [FIRST]


def test_an_empty_store_has_nothing_to_count(store: Store) -> None:
    """Where no mail came, no week is due and reports are empty."""
    assert count_all(store) == []
    assert figures(store, FIRST, FIRST + timedelta(weeks=4)) == [((), ())] * len(SCOPES)


def test_two_nodes_that_count_the_same_week_keep_it_once(store: Store) -> None:
    """The second finds it kept, and changes nothing; the trail has it once."""
    judge(store)
    with store.read() as tx:
        counts = weekly.count(tx, FIRST)
    for _ in range(2):
        store.submit(lambda tx: weekly.keep(tx, FIRST, counts)).result()
    with store.read() as tx:
        assert len(tx.execute(select(table)).all()) == len(counts)
        rows = tx.execute(select(table.c.messages).where(table.c.code == "")).scalars().all()
    assert sum(rows) == 9
    assert store.verify().whole


def test_a_slow_node_does_not_open_a_week_again(store: Store) -> None:
    """What a node counted is kept once; coming late with an older week, it moves nothing back."""
    judge(store)
    with store.read() as tx:
        counts = weekly.count(tx, FIRST)
    count_all(store)
    store.submit(lambda tx: weekly.keep(tx, FIRST, counts)).result()
    assert count_all(store) == []
    with store.read() as tx:
        counted = [row.event for row in trail.latest(tx.connection, 500)].count("week-counted")
    assert counted == 3


def test_quiet_weeks_are_passed(store: Store) -> None:
    """A week without any mail is kept as nothing, so that those behind it are counted too."""
    for n, days in enumerate((0, 22, 30)):
        row = replace(MESSAGE, id=f"SG-{n}", at=FIRST + timedelta(days=days))
        store.submit(lambda tx, r=row: judged.record(tx, r)).result()
    assert len(count_all(store)) == 4
