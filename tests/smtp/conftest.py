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


@pytest.fixture(params=(asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy), ids=("asyncio", "uvloop"))
def event_loop_policy(request: pytest.FixtureRequest) -> Any:
    """Both event loops: the daemon runs on uvloop, whose transports differ in more than speed."""
    return request.param()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """A function that starts a server with given settings, handler and next hop; all are stopped at the end."""
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
