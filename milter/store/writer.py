"""The one thread of a process that writes: many units of work, one commit.

Guarantees: a unit's future resolves only after the COMMIT that holds it; a unit that fails undoes itself and
no other; when a commit fails, every unit in it is told. Nothing waits for company: whatever queued up while
the last commit ran makes the next group.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from milter.errors import StoreError
from milter.store.transaction import BrokenError, Transaction

_GROUP = 256  # units
_GROUP_SECONDS = 0.05  # of work; then the commit comes first


@dataclass(slots=True)
class _Unit:
    work: Callable[[Transaction], Any]
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """Resolve the future with what the unit came to."""
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Takes units of work from any thread and runs them in its own."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Transaction]]) -> None:
        self._begin = begin
        self._units: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], Any]) -> Future[Any]:
        """Queue a unit. It may be run twice where its group fails: it touches only the transaction."""
        unit = _Unit(work)
        with self._gate:
            if self._closed:
                raise StoreError("The store is closed.")
            self._units.put(unit)
        return unit.future

    def close(self) -> None:
        """Run what is queued, then end."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._units.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (unit := self._units.get()) is not None:
            if unit.future.set_running_or_notify_cancel():
                self._commit([unit])

    def _next(self) -> _Unit | None:
        """Give the next queued unit that nobody cancelled, without waiting."""
        while True:
            try:
                unit = self._units.get_nowait()
            except queue.Empty:
                return None
            if unit is None:  # the end: leave it for `_run`
                self._units.put(None)
                return None
            if unit.future.set_running_or_notify_cancel():
                return unit

    def _commit(self, group: list[_Unit]) -> None:
        """Commit a group that begins with the given unit; tell every unit how it went."""
        begun = filled = False
        try:
            with self._begin() as transaction:
                begun = True
                self._fill(transaction, group)
                filled = True
        except Exception as error:  # the edge of this thread
            if not begun:
                group += self._queued()
            if begun and not filled and len(group) > 1:
                self._each(group)
            else:  # whether a failed commit took effect can't be known, so nothing is done twice
                _fail(group, error)
        for unit in group:
            unit.tell()

    def _fill(self, transaction: Transaction, group: list[_Unit]) -> None:
        stop = time.monotonic() + _GROUP_SECONDS
        _work(transaction, group[0])
        while len(group) < _GROUP and time.monotonic() < stop and (unit := self._next()):
            group.append(unit)
            _work(transaction, unit)

    def _each(self, group: list[_Unit]) -> None:
        """Run each unit in a commit of its own, after one of them broke the transaction of all."""
        for number, unit in enumerate(group):
            begun = False
            try:
                with self._begin() as transaction:
                    begun = True
                    _work(transaction, unit)
            except Exception as error:  # the edge of this thread
                if not begun:
                    _fail(group[number:], error)
                    return
                _fail([unit], error)

    def _queued(self) -> list[_Unit]:
        """Take all that waits: where no transaction can begin, each would wait for the same answer."""
        units = []
        while unit := self._next():
            units.append(unit)
        return units


def _work(transaction: Transaction, unit: _Unit) -> None:
    unit.error = None
    try:
        with transaction.savepoint():
            unit.result = unit.work(transaction)
    except BrokenError:
        raise
    except Exception as error:  # a unit's failure is its own
        unit.error = error


def _fail(units: list[_Unit], error: Exception) -> None:
    for unit in units:
        unit.error = error if isinstance(error, StoreError) else StoreError("The store could not take this.")
        unit.error.__cause__ = error.__cause__ if unit.error is error else error
