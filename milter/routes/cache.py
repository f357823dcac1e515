"""Values that hold for a time, the longest unused dropped first: memory stays bounded whoever asks for what."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """At most so many values by name. For one event loop."""

    def __init__(self, entries: int, now: Callable[[], float]) -> None:
        self._entries = entries
        self._now = now
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, name: str) -> T | None:
        """Give the value that still holds; None for none."""
        if name not in self._values:
            return None
        until, value = self._values[name]
        if until <= self._now():
            del self._values[name]
            return None
        self._values.move_to_end(name)
        return value

    def put(self, name: str, value: T, seconds: float) -> None:
        """Keep a value for so long, in the place of one before."""
        self._values[name] = (self._now() + seconds, value)
        self._values.move_to_end(name)
        while len(self._values) > self._entries:
            self._values.popitem(last=False)

    def __len__(self) -> int:
        return len(self._values)
