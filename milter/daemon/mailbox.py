"""Reads the receipts mailbox: one process of all nodes at a time, and each message once however often it is seen.

Guarantees: a message leaves the inbox only behind the commit that took it into account; a mailbox that can't be
read is tried again later and holds up nothing else. What is no receipt of ours is put away unread.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from milter import log
from milter.directory.entry import DirectoryError
from milter.directory.mailbox import Mailbox
from milter.dispatch.receiving import receive_found
from milter.dispatch.surroundings import Surroundings
from milter.errors import StoreError
from milter.store import progress
from milter.store.transaction import Transaction

T = TypeVar("T")

LEASE_SECONDS = 600.0  # longer than the work of one look
LONGEST_PAUSE_SECONDS = 900.0

_log = log.logger("mailbox")


class MailboxReader:
    """Reads the mailbox until it is cancelled."""

    def __init__(self, mailbox: Mailbox, with_: Surroundings) -> None:
        self._mailbox = mailbox
        self._with = with_
        self._owner = f"{with_.store.node}/mailbox"
        self._key = with_.store.vault.digest("mailbox", with_.known.settings.receipts.mailbox)

    async def run(self) -> None:
        """Look, then wait for news or for the minutes that are set; after a failure wait longer each time."""
        minutes = self._with.known.settings.receipts.mailbox_minutes
        pause = 0.0
        while True:
            try:
                if not await self.look():
                    await self._wait(60.0 * minutes)
                pause = 0.0
            except DirectoryError as error:
                pause = min(max(2 * pause, 60.0 * minutes, error.retry_seconds), LONGEST_PAUSE_SECONDS)
                _log.warning("mailbox-not-read", fault=error.fault, pause=round(pause))
                await asyncio.sleep(pause)
            except StoreError as error:
                _log.error("store-unavailable", cause=str(error))
                await asyncio.sleep(60.0 * minutes)

    async def _wait(self, seconds: float) -> None:
        """Wait for news, and for the rest of the time where the server does not let anyone wait for them."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if not await self._mailbox.news(round(seconds / 60)):
            await asyncio.sleep(max(0.0, until - loop.time()))

    async def look(self) -> int:
        """Deal with what lies in the inbox, where no other process does; give how many messages that were."""
        if await self._commit(lambda tx: progress.claim(tx, self._key, self._owner, LEASE_SECONDS)) is None:
            return 0
        try:
            found = await self._mailbox.look()
            for one in found:
                ours = bool(one.raw) and await receive_found(one.raw, self._with)
                _log.info("mailbox-message", receipt=ours)
                await self._mailbox.dealt_with((one.id,))
            return len(found)
        finally:
            await self._commit(lambda tx: progress.let_go(tx, self._key, self._owner))

    def close(self) -> None:
        """End the mailbox's threads."""
        self._mailbox.close()

    async def _commit(self, work: Callable[[Transaction], T]) -> T:
        return await asyncio.wrap_future(self._with.commit(work))
