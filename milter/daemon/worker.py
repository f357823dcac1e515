"""One gateway process: an event loop, a server, and what was built to deal with mail.

Guarantees that a stop lets what is under way come to its end within `DRAIN_SECONDS`, and that a worker whose
supervisor is gone stops as well.
"""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from milter import log
from milter.errors import SealgateError
from milter.relay.capabilities import Capabilities
from milter.settings import Smtp
from milter.smtpd.gate import Handler
from milter.smtpd.server import Server

DRAIN_SECONDS = 4.5  # a stop takes five in all
_CLOSE_SECONDS = 0.5

_log = log.logger("daemon")


class Service(Handler, Protocol):
    """All that a worker needs of the floors below; built inside it, on its own event loop."""

    def capabilities(self) -> Capabilities | None:
        """Give what the next hop offers, as far as is known; None holds all mail back with 451."""
        ...

    async def reload(self) -> None:
        """Read the policy anew; a bad one raises SealgateError and the old one stays in force."""
        ...

    async def close(self) -> None:
        """Let go of everything; no message is under way any more."""
        ...


Build = Callable[[int], Awaitable[Service]]  # is told which of the workers it builds for, from 0


async def work(
    index: int, settings: Smtp, sockets: Sequence[socket.socket], build: Build, ready: int, parent: int
) -> None:
    """Serve until told to stop. Writes to `ready` when mail is taken; `parent` ends with the parent."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_note_fault)
    service = await build(index)
    server = Server(settings, service, service.capabilities)
    await server.start(sockets)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(parent, stop.set)
    under_way: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(_reload(service))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    gc.freeze()  # what lives as long as the process is never collected: a full collection takes 40 ms otherwise
    os.write(ready, b"1")
    await stop.wait()
    loop.remove_reader(parent)
    if not await server.drain(DRAIN_SECONDS):
        _log.warning("drain-cut-short", worker=index)
    await asyncio.wait_for(service.close(), _CLOSE_SECONDS)


def _note_fault(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what no one caught without its words or values, which may be personal (law 8)."""
    error = context.get("exception")
    if isinstance(error, (ConnectionError, TimeoutError)):
        return  # a client or server that went away: an everyday thing, and answered where it happened
    _log.error("loop-fault", what=context.get("message"), exception=type(error).__name__)


async def _reload(service: Service) -> None:
    try:
        await service.reload()
    except SealgateError as error:
        _log.error("reload-refused", problem=str(error))
    else:
        _log.info("reloaded")
