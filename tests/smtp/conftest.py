"""A real server on loopback."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop

from milter.relay.capabilities import Capabilities
from milter.settings import Smtp
from milter.smtpd.server import Server, bind
from tests.smtp.server import EVERYTHING, Keeper, Running, Start


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Any]:
    """Run on both event loops: the daemon's is uvloop, whose transports differ in more than speed."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Give a function that starts a server with settings, handler and next hop; all stop at the end."""
    running: list[Running] = []

    async def begin(
        handler: Any = None, offered: Capabilities | None = EVERYTHING, **settings: Any
    ) -> Running:
        keeper = handler or Keeper()
        bound = bind("127.0.0.1:0")
        server = Server(Smtp(**{"hostname": "gate.example", **settings}), keeper, lambda: offered)
        await server.start([bound])
        running.append(Running(server, keeper, bound.getsockname()[1]))
        return running[-1]

    yield begin
    for one in running:
        await one.server.drain(5)
