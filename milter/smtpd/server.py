"""Listens, and lets conversations in; drains at the end."""

import asyncio
import socket
from collections.abc import Callable, Sequence

from milter.relay.capabilities import Capabilities
from milter.settings import Smtp
from milter.smtpd.conversation import Conversation
from milter.smtpd.gate import Gate, Handler

BACKLOG = 512


class Server:
    """The receiving side of one process, on sockets that are bound already."""

    def __init__(
        self, settings: Smtp, handler: Handler, capabilities: Callable[[], Capabilities | None]
    ) -> None:
        self.gate = Gate(settings, handler, capabilities)
        self._listening: list[asyncio.Server] = []

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Listen and let in."""
        loop = asyncio.get_running_loop()
        for bound in sockets:
            server = await loop.create_server(lambda: Conversation(self.gate), sock=bound, backlog=BACKLOG)
            self._listening.append(server)

    async def drain(self, seconds: float) -> bool:
        """Let nobody in any more and wait for what is under way; False where some of it was cut off."""
        for server in self._listening:
            server.close()
        self.gate.close()
        try:
            await asyncio.wait_for(self.gate.emptied.wait(), seconds)
        except TimeoutError:
            return False
        return True


def bind(address: str, *, shared: bool = True) -> socket.socket:
    """Bind 'host:port' or '[v6]:port', so that processes can share it. Raises OSError or ValueError."""
    host, _, port = address.rpartition(":")
    if not 0 <= int(port) <= 65535:  # getaddrinfo would take the rest of a division by 65536
        raise ValueError("no port", port)
    family, kind, protocol, _, where = socket.getaddrinfo(
        host.strip("[]") or None,
        int(port),
        type=socket.SOCK_STREAM,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_PASSIVE,
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # Linux hands it on to what is accepted
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setblocking(False)
        bound.bind(where)
    except BaseException:
        bound.close()
        raise
    return bound
