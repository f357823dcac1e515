"""How often one visitor may do one thing: a bounded count in memory, for each process."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

MOST_KEYS = 50_000  # the longest unseen is forgotten first, so that a flood of addresses costs bounded memory


class Rate:
    """Allows `most` acts for each key in any `seconds`, refilled steadily."""

    def __init__(self, most: int, seconds: float, now: Callable[[], float] = monotonic) -> None:
        self._most = float(most)
        self._each = most / seconds
        self._now = now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Count one act; whether it is within the rate."""
        now = self._now()
        left, at = self._left.pop(key, (self._most, now))
        left = min(self._most, left + (now - at) * self._each)
        self._left[key] = (max(0.0, left - 1.0), now)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return left >= 1.0
