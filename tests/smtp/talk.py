"""A client that sends whatever it is told to, octet by octet."""

import asyncio
from types import TracebackType


class Talk:
    """One connection; every wait has an end."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Talk":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.close()

    async def reply(self) -> bytes:
        """Give the last line of the next reply; b'' at the end of the connection."""
        async with asyncio.timeout(20):
            while True:
                try:
                    line = await self.reader.readline()
                except ConnectionError:
                    return b""
                if line[3:4] != b"-":
                    return line

    async def ask(self, command: bytes) -> bytes:
        self.writer.write(command + b"\r\n")
        return await self.reply()

    async def begin(
        self, *, sender: bytes = b"ann@example.org", recipient: bytes = b"bob@example.net"
    ) -> None:
        """Go as far as the 354."""
        assert (await self.reply()).startswith(b"220")
        assert (await self.ask(b"EHLO client.example")).startswith(b"250")
        assert (await self.ask(b"MAIL FROM:<%s>" % sender)).startswith(b"250")
        assert (await self.ask(b"RCPT TO:<%s>" % recipient)).startswith(b"250")
        assert (await self.ask(b"DATA")).startswith(b"354")

    async def send(self, octets: bytes, *, until_end: bool = False) -> list[bytes]:
        """Send, then read one reply, or all until the server closes."""
        self.writer.write(octets)
        replies = [await self.reply()]
        while until_end and (line := await self.reply()):
            replies.append(line)
        return replies
