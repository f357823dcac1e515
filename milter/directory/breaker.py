"""A circuit breaker: a directory that fails is left alone for a while, so that mail does not wait for it.

After `FAILURES` in a row, or one refused sign-in (which asked again would lock the account), nobody asks for a
pause that doubles with each failed try, up to `LONGEST_SECONDS`. Then one question is let through to try.
"""

from collections.abc import Callable

from milter.directory.entry import DirectoryError

FAILURES = 3
PAUSE_SECONDS = 15.0
LONGEST_SECONDS = 600.0


class Breaker:
    """Says whether a directory may be asked now. `clock` counts seconds from anywhere."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._pause = PAUSE_SECONDS
        self._until = 0.0  # asked again from then on
        self._trying = False  # the one question after a pause is under way

    def may_ask(self) -> bool:
        """Whether to ask; after a pause only the first who asks may."""
        if not self._until:
            return True
        if self._clock() < self._until or self._trying:
            return False
        self._trying = True
        return True

    def answered(self) -> None:
        """Note that an answer came: all is well."""
        self._failures, self._until, self._trying, self._pause = 0, 0.0, False, PAUSE_SECONDS

    def failed(self, error: DirectoryError) -> bool:
        """Note a failure; True where the pause begins with it."""
        self._failures += 1
        tried, self._trying = self._trying, False
        if not (tried or error.fault in {"denied", "busy"} or self._failures >= FAILURES):
            return False
        begins = not self._until
        self._until = self._clock() + max(self._pause, min(error.retry_seconds, LONGEST_SECONDS))
        self._pause = min(2 * self._pause, LONGEST_SECONDS)
        return begins or tried
