"""The directory as the gateway asks it: cached, within a deadline, and never in the way of mail (E2).

Guarantees: an answer, or none, by the deadline, whatever the directory does; what comes later fills the cache;
one question an address at a time; a directory that fails is left alone for a while (`breaker`), and what it said
before is believed for a day meanwhile. Refuses to ask more than `MOST` questions for one message.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from milter import log
from milter.directory.breaker import Breaker
from milter.directory.entry import DirectoryError, Entry, Source
from milter.policy.names import name_key

ENTRIES = 50_000  # kept at most
MOST = 50  # questions for one message
AT_ONCE = 8
STALE_SECONDS = 24 * 3600.0

Answer = tuple[Entry, ...]  # none for an address that the directory does not know
T = TypeVar("T")
_log = log.logger("directory")


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    at: float


class Directory:
    """Answers from the cache, from the source in time, or not at all."""

    def __init__(
        self,
        source: Source,
        *,
        deadline_seconds: float,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._deadline = deadline_seconds
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._asked: dict[str, asyncio.Task[Answer]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._breaker = Breaker(clock)

    async def entries(self, addresses: Iterable[str]) -> Mapping[str, Entry]:
        """Give what is known of addresses; what is not known in time is not among it."""
        wanted = {address.lower(): address for address in addresses}
        found = await self._answers({address: partial(self._one, address) for address in wanted})
        return {wanted[key]: answer[0] for key, answer in found.items() if answer}

    async def named(self, names: Iterable[str]) -> Mapping[str, Answer]:
        """Give those who bear each name (of `name_key`); one that nothing is known of in time is not among it."""
        keys = {"name " + name: name for name in names}
        found = await self._answers({key: partial(self._source.named, name) for key, name in keys.items()})
        return {
            keys[key]: tuple(entry for entry in answer if name_key(entry.name) == keys[key])
            for key, answer in found.items()
        }

    async def close(self) -> None:
        """End what is under way."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
        await self._source.close()

    async def _one(self, address: str) -> Answer:
        entry = await self._source.look_up(address)
        return (entry,) if entry else ()

    async def _answers(self, questions: Mapping[str, Callable[[], Awaitable[Answer]]]) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        waiting: dict[str, asyncio.Task[Answer]] = {}
        for key, question in questions.items():
            kept = self._fresh(key, self._cache_seconds)
            if kept is not None:
                found[key] = kept
            elif len(waiting) < MOST and (task := self._task(key, question)):
                waiting[key] = task
        if waiting:
            await asyncio.wait(waiting.values(), timeout=self._deadline)
        for key, task in waiting.items():
            if task.done() and not task.cancelled() and task.exception() is None:
                found[key] = task.result()
        for key in questions:
            if key not in found and (stale := self._fresh(key, STALE_SECONDS)) is not None:
                found[key] = stale
        return found

    def _fresh(self, key: str, seconds: float) -> Answer | None:
        kept = self._kept.get(key)
        if kept is None or self._clock() - kept.at > seconds:
            return None
        self._kept.move_to_end(key)
        return kept.answer

    def _task(self, key: str, question: Callable[[], Awaitable[Answer]]) -> "asyncio.Task[Answer] | None":
        """Have a question asked, or join whoever asks it already; None where the directory is left alone."""
        if key in self._asked:
            return self._asked[key]
        if not self._breaker.may_ask():
            return None
        task = asyncio.get_running_loop().create_task(self._ask(key, question))
        self._asked[key] = task
        task.add_done_callback(lambda done: self._end(key, done))
        return task

    async def _ask(self, key: str, question: Callable[[], Awaitable[Answer]]) -> Answer:
        async with self._turns:
            try:
                async with asyncio.timeout(2 * self._deadline):
                    answer = await question()
            except TimeoutError:
                raise self._failed(DirectoryError("down")) from None
            except DirectoryError as error:
                raise self._failed(error) from None
            except Exception as error:  # a library's surprise is no reason to ask it again for each message
                raise self._failed(DirectoryError("odd")) from error
        self._breaker.answered()
        self._kept[key] = _Kept(answer, self._clock())
        self._kept.move_to_end(key)
        while len(self._kept) > ENTRIES:
            self._kept.popitem(last=False)
        return answer

    def _failed(self, error: DirectoryError) -> DirectoryError:
        if self._breaker.failed(error):
            _log.warning("directory-left-alone", fault=error.fault)
        return error

    def _end(self, key: str, done: "asyncio.Task[Answer]") -> None:
        self._asked.pop(key, None)
        with contextlib.suppress(asyncio.CancelledError):
            done.exception()  # taken note of in `_failed`
