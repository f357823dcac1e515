"""A gateway that inspects nothing: everything goes on to the next hop as it came. Run by the tests.

Usage: python passthrough.py LISTEN NEXT_HOP_PORT [PROCESSES]
"""

import asyncio
import sys

from milter.daemon.supervisor import serve
from milter.errors import SealgateError
from milter.message.envelope import Envelope
from milter.relay.capabilities import Capabilities
from milter.relay.client import NextHopClient
from milter.relay.reply import Reply
from milter.relay.session import SessionFacts
from milter.settings import NextHop, Smtp


class Through:
    """The service: one next hop, and its gravest answer for all."""

    def __init__(self, port: int) -> None:
        self.client = NextHopClient(NextHop(port=port, connect_seconds=5.0), "gateway.example")
        self.watching = asyncio.create_task(self.client.watch())

    async def deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        results = await self.client.send(envelope, raw, as_received=True)
        worst = max(results, key=lambda result: (400 <= result.code < 500, result.code))
        return Reply(worst.code, worst.enhanced, worst.text)

    def capabilities(self) -> Capabilities | None:
        return self.client.capabilities()

    async def reload(self) -> None:
        raise SealgateError("There is nothing to read anew")

    async def close(self) -> None:
        self.watching.cancel()
        await self.client.close()


if __name__ == "__main__":
    listen, port, *processes = sys.argv[1:]

    async def build(_index: int) -> Through:
        through = Through(int(port))
        await through.client.probe()
        return through

    settings = Smtp(listen=(listen,), hostname="gateway.example", processes=int((processes or ["1"])[0]))
    try:
        sys.exit(serve(settings, build))
    except SealgateError as error:
        sys.exit(str(error))
