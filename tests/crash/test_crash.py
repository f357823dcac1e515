"""The short form of `python benchmarks/crash`: one node on SQLite, the points at which a kill hurts most."""

from pathlib import Path

import pytest

from benchmarks.crash.points import POINTS
from benchmarks.crash.run import Plan, Run
from tests.postfix.instance import missing

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("postfix"), pytest.mark.timeout(900)]

TELLING = (
    "message-claimed.after",
    "share-begun.after",
    "copy-answered",
    "dot-sent",
    "message-recorded.in",
    "message-recorded.after",
    "answer-due",
    "outbox-leased.after",
    "mail-answered",
    "outbox-sent.after",
)


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_nothing_is_lost_leaked_or_released_twice_while_gateways_are_killed(tmp_path: Path) -> None:
    """Killed at each telling point and at random, every recipient ends delivered, held or refused, as the rules say."""
    plan = Plan(
        messages=80, kills=len(TELLING) + 4, store="sqlite", nodes=1, workers=2, points=TELLING, pause=0.2
    )
    verdict = Run(plan, tmp_path).carry_out()
    assert verdict.faults == []
    assert verdict.messages >= 80
    assert sum(verdict.ended.values()) == verdict.recipients
    assert verdict.opened >= 5


def test_the_telling_points_are_points() -> None:
    """What the short form names is in the list of the long one."""
    assert set(TELLING) <= set(POINTS)
