"""A clock that jumps destroys nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from milter.outbox.steady import SteadyClock

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Clocks:
    """The clock on the wall and the one that only runs."""

    def __init__(self) -> None:
        self.wall, self.running = NOON, 1_000.0

    def pass_by(self, seconds: float, jump: timedelta = timedelta()) -> None:
        self.running += seconds
        self.wall += timedelta(seconds=seconds) + jump

    def steady(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.running)


@pytest.mark.parametrize("newest", [None, NOON, NOON - timedelta(hours=20)])
def test_a_clock_that_runs_on_is_believed(newest: datetime | None) -> None:
    """An ordinary start, and every round after it, may end and purge what is due."""
    clocks = Clocks()
    steady = clocks.steady()
    for _ in range(5):
        assert steady.is_believed(newest)
        clocks.pass_by(60.5)


@pytest.mark.parametrize("jump", [timedelta(days=3_650), timedelta(minutes=-5), timedelta(minutes=3)])
def test_after_a_jump_nothing_ends_for_an_hour(jump: timedelta) -> None:
    """Forward or back: what can't be undone waits until the clock was steady for an hour."""
    clocks = Clocks()
    steady = clocks.steady()
    assert steady.is_believed(NOON)
    clocks.pass_by(60, jump)
    assert not steady.is_believed(NOON)
    clocks.pass_by(3_599)
    assert not steady.is_believed(NOON)
    clocks.pass_by(2)
    assert steady.is_believed(NOON)


@pytest.mark.parametrize("newest", [NOON - timedelta(days=30), NOON + timedelta(minutes=10)])
def test_a_start_far_from_what_the_store_knows_waits_too(newest: datetime) -> None:
    """A clock that is a month ahead of the last audit row, or behind it, is not believed at once."""
    clocks = Clocks()
    steady = clocks.steady()
    assert not steady.is_believed(newest)
    clocks.pass_by(3_601)
    assert steady.is_believed(NOON)
