"""Answers Postfix's smtp_tls_policy_maps by the socketmap protocol (socketmap_table(5)), from the same evidence.

Guarantees: a request that is no netstring, or too long, ends its connection; a name that is no domain, and a domain
of which nothing is known, are NOTFOUND, so that Postfix's own level holds. It answers within the deadline of look-ups.
"""

import asyncio

from milter.routes.routes import Routes
from milter.routes.way import tls_policy

MOST_OCTETS = 1_000  # of a request: a map's name, a space, a domain
IDLE_SECONDS = 3600.0
MOST_CONNECTIONS = 200


class Socketmap:
    """The server; one for each gateway process, all on the same port."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.StreamWriter] = set()

    async def listen(self, host: str, port: int) -> int:
        """Begin to answer; give the port. OSError where it can't be had."""
        self._server = await asyncio.start_server(
            self._begin, host, port, reuse_port=True, limit=MOST_OCTETS + 16
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop answering: each conversation finds its connection at an end."""
        if self._server is not None:
            self._server.close()
        for writer in self._talks:
            writer.close()
        await asyncio.sleep(0)

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        try:
            if len(self._talks) <= MOST_CONNECTIONS:
                await self._talk(reader, writer)
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            pass  # it went away, or does not speak the protocol
        finally:
            self._talks.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                request = await read_netstring(reader)
            writer.write(netstring(await self._answer(request)))
            await writer.drain()

    async def _answer(self, request: bytes) -> bytes:
        _, space, key = request.partition(b" ")
        domain = key.decode("ascii", "replace").lower().removesuffix(".")
        policy = tls_policy(await self._routes.way(domain)) if space and _is_domain(domain) else ""
        return f"OK {policy}".encode() if policy else b"NOTFOUND "


async def read_netstring(reader: asyncio.StreamReader) -> bytes:
    """Read '5:hello,'. Raises ValueError for anything else, EOFError at the end."""
    digits = await reader.readuntil(b":")
    if not digits[:-1].isdigit() or len(digits) > 6 or int(digits[:-1]) > MOST_OCTETS:
        raise ValueError("no netstring, or one that is too long")
    content = await reader.readexactly(int(digits[:-1]) + 1)
    if not content.endswith(b","):
        raise ValueError("a netstring without its comma")
    return content[:-1]


def netstring(content: bytes) -> bytes:
    """Write '5:hello,'."""
    return b"%d:%s," % (len(content), content)


def _is_domain(name: str) -> bool:
    """Postfix asks for '[host]:port' and '.example.org' too, which are no domains of recipients."""
    return not name.startswith((".", "[")) and ":" not in name
