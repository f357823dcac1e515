"""Whether the clock can be believed in what can't be undone: expiry and purge.

A clock that jumps (a virtual machine resumed, a time server gone mad, a battery dead) must not make every held
message expire and every password be destroyed. So what can't be undone waits for an hour of a steady clock after
each jump, and after a start at which the clock is far from the last thing that the store knows of.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from milter import log

JUMP = timedelta(minutes=2)  # beyond what drift and a busy machine explain between two looks
GAP = timedelta(days=1)  # without any audit row before a start: a long outage, or a wrong clock
WAIT_SECONDS = 3_600.0

_log = log.logger("outbox")


class SteadyClock:
    """Compares the clock on the wall with the one that only runs."""

    def __init__(self, wall: Callable[[], datetime], running: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._running = wall, running
        self._last: tuple[datetime, float] | None = None
        self._believed_from = 0.0

    def is_believed(self, newest: datetime | None) -> bool:
        """Say whether the clock may be believed now. `newest` is the last moment that the store knows of."""
        wall, running = self._wall(), self._running()
        if self._last is None:
            off = newest is not None and not -JUMP < wall - newest < GAP
        else:
            expected = self._last[0] + timedelta(seconds=running - self._last[1])
            off = abs(wall - expected) > JUMP
        self._last = (wall, running)
        if off:
            self._believed_from = running + WAIT_SECONDS
            _log.error("clock-doubted", nothing_expires_for_seconds=WAIT_SECONDS)
        return running >= self._believed_from
