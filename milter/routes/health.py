"""Whether DNS answers at all, so that a dead resolver costs one message a moment, and the next ones nothing."""

import asyncio
import contextlib

from milter import log
from milter.routes.resolver import Resolver

ASK_AGAIN = 5.0  # seconds between two signs of life that a dead resolver is asked for

_log = log.logger("routes")


class Health:
    """What is known of the resolver, for one event loop. It is asked only once a look-up makes one doubt."""

    def __init__(self, resolver: Resolver, ask_again: float = ASK_AGAIN) -> None:
        self.dead = False
        self._resolver = resolver
        self._ask_again = ask_again
        self._watch: asyncio.Task[None] | None = None
        self._told = asyncio.Event()

    async def check(self, seconds: float) -> None:
        """Find out whether DNS answers; give up after so long. While it does not, it is asked again in between."""
        if self._watch is None:
            self._told.clear()
            self._watch = asyncio.get_running_loop().create_task(self._until_alive())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._told.wait()

    async def close(self) -> None:
        """Stop asking."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch

    async def _until_alive(self) -> None:
        while not await self._resolver.alive():
            if not self.dead:
                _log.error("dns-dead", effect="the safer demand is taken for every domain that is not known")
            self.dead = True
            self._told.set()
            await asyncio.sleep(self._ask_again)
        if self.dead:
            _log.info("dns-alive")
        self.dead = False
        self._told.set()
        self._watch = None
