"""A next hop that answers by script: what the tests of the client speak to."""

import asyncio
from dataclasses import dataclass, field
from types import TracebackType

OFFERS = ("PIPELINING", "SIZE 1000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")

ORDINARY = {"DATA": "354 go on", "message": "250 2.0.0 queued", "QUIT": "221 2.0.0 bye"}


@dataclass
class Hop:
    """Keeps every command and message. `answers` maps the start of a command, or 'message', to a reply.

    A reply of '' closes the connection instead. `once` holds answers that count only the first time.
    """

    offers: tuple[str, ...] = OFFERS
    answers: dict[str, str] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)
    greeting: str = "220 hop.example ESMTP"
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    connections: int = 0
    asked_for_data: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Hop":
        self._writers: list[asyncio.StreamWriter] = []
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=10_000_000)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Close all connections from this side."""
        for writer in self._writers:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            if not self.greeting:
                return
            writer.write(self.greeting.encode() + b"\r\n")
            await self._obey(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command = line.decode().rstrip("\r\n")
            self.commands.append(command)
            if command == "DATA":
                self.asked_for_data.set()
            reply = self._reply(command)
            if not reply:
                return
            writer.write(reply.encode() + b"\r\n")
            if command == "DATA" and reply.startswith("354"):
                message = await reader.readuntil(b"\r\n.\r\n")
                self.messages.append(message)
                reply = self._reply("message")
                if not reply:
                    return
                writer.write(reply.encode() + b"\r\n")
            if command == "QUIT":
                return

    def _reply(self, command: str) -> str:
        for script in (self.once, self.answers):
            for start in tuple(script):
                if command.startswith(start):
                    return script.pop(start) if script is self.once else script[start]
        if command.startswith("EHLO"):
            *first, last = self.offers
            return "\r\n".join(["250-hop.example", *(f"250-{word}" for word in first), f"250 {last}"])
        return ORDINARY.get(command, "250 2.1.0 ok")
