"""Takes what is due from the outbox and has it sent, once.

Guarantees: an item is leased, which is committed, before it is sent; its end is committed with what it changes
(a release, a share's state). So two nodes never send the same item, and a crash between sending and commit is
the one window in which SMTP itself would repeat. A transient failure waits longer each time. One item that can't
be made or sent keeps no other back, and a sending ends well within its lease.
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
from milter.outbox.parcels import Parcel, ended, parcel_for, voided
from milter.outbox.releasing import is_protected_release, protect_held
from milter.outbox.steady import SteadyClock
from milter.relay.result import RecipientResult
from milter.store import outbox, owners, trail
from milter.store.outbox import Item
from milter.store.transaction import Transaction

T = TypeVar("T")

IDLE_SECONDS = 5.0  # between looks, for what other processes and the pages ask for
GIVE_UP_AFTER = timedelta(days=5)  # as an upstream server would (RFC 5321 4.5.4.1)
SCHEDULE_SECONDS = 60.0
WEEKS_AT_ONCE = 10  # that are counted in one round of the schedule
SEND_SECONDS = 480.0  # of one item, next hop and all; the lease is for 600

_log = log.logger("outbox")


class Outbox:
    """Drains the outbox for one gateway process."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._with = surroundings
        self._owner = owners.new_owner()
        self._wake = asyncio.Event()
        self._steady = SteadyClock(surroundings.clock)

    def wake(self) -> None:
        """Say that there is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Drain until cancelled; what is being sent is finished by its lease's end at the latest."""
        loop = asyncio.get_running_loop()
        next_schedule = loop.time()
        while True:
            try:
                if loop.time() >= next_schedule:
                    next_schedule = loop.time() + SCHEDULE_SECONDS
                    await self._free_what_the_dead_held()
                    if self._steady.is_believed(await asyncio.to_thread(self._newest)):
                        await self._commit(schedule.work_for(self._with))
                        await self._keep_weeks()
                sent = await self.drain_once()
            except StoreError as error:
                _log.error("store-unavailable", cause=str(error))
                sent = 0
            except Exception:  # the edge of this task: nothing may end the sending of passwords for good
                _log.exception("outbox-fault")
                sent = 0
            if not sent:
                with contextlib.suppress(TimeoutError):  # wait_for() of Python 3.11 may lose a cancellation
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._wake.wait()
            self._wake.clear()

    async def drain_once(self) -> int:
        """Send what is due now; give how many items were taken on."""
        if not await asyncio.to_thread(self._something_due):
            return 0
        items = await self._commit(lambda tx: outbox.lease(tx, self._owner))
        for item in items:
            await self._carry_out(item)
        return len(items)

    async def _free_what_the_dead_held(self) -> None:
        """Take on what a killed process of this machine was sending, without waiting for its leases' end."""
        if not await asyncio.to_thread(self._something_leased):
            return
        if freed := await self._commit(owners.free_outbox):
            _log.warning("outbox-freed", items=freed)

    async def _keep_weeks(self) -> None:
        """Count finished weeks for the reports, a few at a time."""
        for _ in range(WEEKS_AT_ONCE):
            keep = await asyncio.to_thread(schedule.week_to_keep, self._with)
            if keep is None:
                return
            await self._commit(keep)

    def _something_leased(self) -> bool:
        with self._with.store.read() as tx:
            return owners.something_leased(tx)

    def _newest(self) -> datetime | None:
        with self._with.store.read() as tx:
            return trail.newest(tx.connection)

    def _something_due(self) -> bool:
        """Look without writing, so that an idle gateway leaves the store alone."""
        with self._with.store.read() as tx:
            due = outbox.next_due(tx)
        return due is not None and due <= self._with.clock()

    async def _carry_out(self, item: Item) -> None:
        try:
            if is_protected_release(item):
                return await self._protect(item)
            parcel = await self._commit(lambda tx: self._make(tx, item))
        except RequestError as error:
            _log.warning("outbox-item-void", item=item.id, kind=item.kind, cause=str(error))
            await self._commit(lambda tx: voided(tx, item, self._owner))
        except (
            StoreError
        ) as error:  # of this item alone; where it is the whole store, the next commit fails too
            _log.error("outbox-item-unreadable", item=item.id, kind=item.kind, cause=str(error))
            await self._commit(lambda tx: outbox.retry(tx, item, self._owner, "unreadable"))
        except Exception:
            _log.exception("outbox-item-fault", item=item.id, kind=item.kind)
            await self._commit(lambda tx: outbox.retry(tx, item, self._owner, "fault"))
        else:
            if parcel is not None:
                await self._commit(self._ending(item, await self._send(parcel, item.kind)))

    async def _protect(self, item: Item) -> None:
        """Put a held message right, its lease begun anew; the copy that comes of it is an item of its own."""
        if await self._commit(lambda tx: outbox.renew(tx, item, self._owner)):
            await self._commit(await protect_held(item, self._owner, self._with))
            self.wake()

    def _make(self, tx: Transaction, item: Item) -> Parcel | None:
        """Make an item's mail, its lease begun anew; None where the lease ran out while others were sent."""
        return parcel_for(tx, item, self._with) if outbox.renew(tx, item, self._owner) else None

    async def _send(self, parcel: Parcel, kind: str) -> RecipientResult:
        """Send it by the hop that it needs, and by no other: a reviewer hears at once where there is none."""
        address = parcel.envelope.recipients[0].address
        hop = self._with.secure_next_hop if parcel.secure else self._with.next_hop
        if hop is None:
            words = "Nothing is set up that would enforce a verified connection"
            code, enhanced = (550, "5.7.4") if kind == "release" else (451, "4.7.4")
            return RecipientResult(address, code, enhanced, words)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                results = await hop.send(parcel.envelope, parcel.raw)
        except TimeoutError:
            return RecipientResult(address, 451, "4.4.2", "The next mail server took too long")
        return results[0]

    def _ending(self, item: Item, result: RecipientResult) -> Callable[[Transaction], None]:
        code = f"{result.code}-{result.enhanced}"

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
