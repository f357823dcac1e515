"""The next hop, as a process of its own to be killed: python -m benchmarks.crash.hop PORT FILE.

Every message is in FILE, a JSON object a line, before it is answered. Some numbers fare badly the first time that
they come: 451 to RCPT; no answer to a message that was kept; no answer to one that was not.
"""

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crash.messages import number_of

_OFFERS = b"250-hop.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as it was kept."""

    at: float
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


def read(file: Path, start: int = 0) -> tuple[list[Arrived], int]:
    """Give what was kept from an offset on, and where it ends now; a line that a kill cut off counts for nothing."""
    if not file.exists():
        return [], start
    with file.open("rb") as lines:
        lines.seek(start)
        found = lines.read()
    whole = found[: found.rfind(b"\n") + 1]
    return list(_arrived(whole)), start + len(whole)


def _arrived(lines: bytes) -> Iterator[Arrived]:
    for line in lines.split(b"\n"):
        try:
            kept = json.loads(line or b"0")
        except ValueError:
            continue
        if kept:
            raw = base64.b64decode(kept["raw"])
            yield Arrived(kept["at"], kept["sender"], tuple(kept["recipients"]), raw)


class _Hop:
    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._seen: set[tuple[str, str]] = set()

    def first_time(self, what: str, address: str, number: int, *, every: int, rest: int) -> bool:
        """Whether this number fares badly in this way, and did not before."""
        if number % every != rest or (what, address) in self._seen:
            return False
        self._seen.add((what, address))
        return True

    def keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        kept = {"at": time.time(), "sender": sender, "recipients": recipients}
        line = json.dumps(kept | {"raw": base64.b64encode(raw).decode()})
        os.write(self._file, b"\n%s\n" % line.encode())

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 hop.example ESMTP\r\n")
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients = "", list[str]()
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"MAIL":
                sender, recipients = _address(line), []
                writer.write(b"250 2.1.0 ok\r\n")
            elif verb == b"RCPT":
                writer.write(self._recipient(_address(line), recipients))
            elif verb == b"DATA":
                if not recipients:
                    writer.write(b"503 5.5.1 nobody to send to\r\n")
                elif not await self._message(reader, writer, sender, recipients):
                    return
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                return
            else:
                writer.write(_OFFERS if verb == b"EHLO" else b"250 2.0.0 ok\r\n")

    def _recipient(self, address: str, recipients: list[str]) -> bytes:
        number = number_of(address)
        if number is not None and self.first_time("later", address, number, every=19, rest=3):
            return b"451 4.2.1 busy\r\n"
        recipients.append(address)
        return b"250 2.1.5 ok\r\n"

    async def _message(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, recipients: list[str]
    ) -> bool:
        """Take one message; False where the connection is to end without an answer."""
        writer.write(b"354 go on\r\n")
        raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        first, number = recipients[0], number_of(recipients[0])
        if number is not None and self.first_time("lost", first, number, every=29, rest=7):
            return False
        self.keep(sender, recipients, raw)
        if number is not None and self.first_time("kept", first, number, every=23, rest=5):
            return False
        writer.write(b"250 2.0.0 kept\r\n")
        return True


def _address(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode()


async def _serve(port: int, file: Path) -> None:
    server = await asyncio.start_server(_Hop(file).talk, "127.0.0.1", port, limit=8 << 20, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
