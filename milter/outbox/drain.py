"""Takes what is due from the outbox and has it sent, once.

Guarantees: an item is leased, which is committed, before it is sent; its end is committed with what it changes
(a release, a share's state). So two nodes never send the same item, and a crash between sending and commit is
the one window in which SMTP itself would repeat. A transient failure waits longer each time.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from milter import log
from milter.dispatch.surroundings import Surroundings
from milter.errors import RequestError, StoreError
from milter.outbox import schedule
from milter.outbox.parcels import ended, parcel_for
from milter.relay.result import RecipientResult
from milter.store import ids, outbox
from milter.store.outbox import Item
from milter.store.transaction import Transaction

T = TypeVar("T")

IDLE_SECONDS = 5.0  # between looks, for what other processes and the pages ask for
GIVE_UP_AFTER = timedelta(days=5)  # as an upstream server would (RFC 5321 4.5.4.1)
SCHEDULE_SECONDS = 60.0

_log = log.logger("outbox")


class Outbox:
    """Drains the outbox for one gateway process."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._with = surroundings
        self._owner = f"{surroundings.store.node}/{ids.reference()}"
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that there is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Drain until cancelled; what is being sent is finished by its lease's end at the latest."""
        loop = asyncio.get_running_loop()
        next_schedule = loop.time()
        while True:
            try:
                sent = await self.drain_once()
                if loop.time() >= next_schedule:
                    next_schedule = loop.time() + SCHEDULE_SECONDS
                    sent += await self._commit(schedule.work_for(self._with))
            except StoreError as error:
                _log.error("store-unavailable", cause=str(error))
                sent = 0
            if not sent:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
            self._wake.clear()

    async def drain_once(self) -> int:
        """Send what is due now; give how many items were taken on."""
        if not await asyncio.to_thread(self._something_due):
            return 0
        items = await self._commit(lambda tx: outbox.lease(tx, self._owner))
        for item in items:
            await self._carry_out(item)
        return len(items)

    def _something_due(self) -> bool:
        """Look without writing, so that an idle gateway leaves the store alone."""
        with self._with.store.read() as tx:
            due = outbox.next_due(tx)
        return due is not None and due <= self._with.clock()

    async def _carry_out(self, item: Item) -> None:
        try:
            parcel = await self._commit(lambda tx: parcel_for(tx, item, self._with))
        except RequestError as error:
            _log.warning("outbox-item-void", item=item.id, kind=item.kind, cause=str(error))
            await self._commit(lambda tx: outbox.fail(tx, item, self._owner, "void"))
            return
        hop = self._with.secure_next_hop if parcel.secure else self._with.next_hop
        results = await (hop or self._with.next_hop).send(parcel.envelope, parcel.raw)
        await self._commit(self._ending(item, results[0]))

    def _ending(self, item: Item, result: RecipientResult) -> Callable[[Transaction], None]:
        code = f"{result.code} {result.enhanced}"

        def work(tx: Transaction) -> None:
            if result.taken:
                if outbox.done(tx, item, self._owner):
                    ended(tx, item, result, self._with)
            elif result.code < 500 and not _too_old(item, tx.now):
                outbox.retry(tx, item, self._owner, code)
            elif outbox.fail(tx, item, self._owner, code):
                ended(tx, item, result, self._with)

        _log.info("outbox", item=item.id, kind=item.kind, subject=item.subject, code=result.code)
        return work

    async def _commit(self, work: Callable[[Transaction], T]) -> T:
        return await asyncio.wrap_future(self._with.commit(work))


def _too_old(item: Item, now: datetime) -> bool:
    return now - item.at > GIVE_UP_AFTER
