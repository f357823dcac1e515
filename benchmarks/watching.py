"""What a group of processes costs: processor time and memory, by Linux's /proc."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

_TICKS = os.sysconf("SC_CLK_TCK")
_EVERY_SECONDS = 0.25


def processes(roots: Iterable[int]) -> list[int]:
    """Give the processes and all below them."""
    found, waiting = [], list(roots)
    while waiting:
        pid = waiting.pop()
        try:
            tasks = list(Path(f"/proc/{pid}/task").iterdir())
            waiting += [int(word) for task in tasks for word in (task / "children").read_text().split()]
        except OSError:
            continue
        found.append(pid)
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """Give their processor time, that of children which have ended too."""
    total = 0.0
    for pid in processes(roots):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / _TICKS
    return total


def memory_bytes(roots: Iterable[int]) -> int:
    """Give their memory, what they share counted once (proportional set size)."""
    total = 0
    for pid in processes(roots):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


class Peak:
    """Looks at the memory of some processes four times a second; `highest` is in bytes."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = tuple(roots)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.highest = 0

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.highest = max(self.highest, memory_bytes(self._roots))
            if self._end.wait(_EVERY_SECONDS):
                return
