"""Sends messages to an SMTP server over so many connections at once and times each: `python benchmarks/load.py`.

Connections are kept, commands go in one write (PIPELINING), messages are made ready for the wire beforehand, so
that the figures are the server's. A message counts when its 250 is there.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from milter.relay.octets import stuff


@dataclass(frozen=True, slots=True)
class Item:
    """One message ready to be sent."""

    commands: bytes
    replies: int
    body: bytes
    octets: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run took."""

    messages: int
    octets: int
    seconds: float
    refused: int
    times: tuple[float, ...]  # seconds from MAIL to 250, sorted

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    def at(self, share: float) -> float:
        """Give the time in milliseconds that this share of messages stayed within."""
        return 1000 * self.times[min(len(self.times) - 1, int(share * len(self.times)))]


def item(sender: str, recipients: Sequence[str], raw: bytes) -> Item:
    """Make a message ready."""
    body = "" if raw.isascii() else " BODY=8BITMIME"
    commands = [f"MAIL FROM:<{sender}>{body}", *(f"RCPT TO:<{to}>" for to in recipients), "DATA"]
    return Item(
        "".join(f"{command}\r\n" for command in commands).encode(),
        len(commands),
        b"".join(stuff(raw)),
        len(raw),
    )


def retitled(one: Item, number: int) -> Item:
    """The same message sent a second time by its author: all but a header field is what it was."""
    field = b"X-Sent-Again: %d\r\n" % number
    return Item(one.commands, one.replies, field + one.body, one.octets + len(field))


def read(folder: Path) -> list[Item]:
    """Read a folder of `.eml` files with its `index.jsonl`."""
    rows = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    return [item(row["sender"], row["recipients"], (folder / row["file"]).read_bytes()) for row in rows]


def run(port: int, items: Sequence[Item], connections: int, rate: float = 0.0) -> Outcome:
    """Send each message once; `rate` spaces them to so many a second, 0 sends as fast as they are taken."""
    return uvloop.run(_run(port, items, connections, rate))


async def _run(port: int, items: Sequence[Item], connections: int, rate: float) -> Outcome:
    waiting: asyncio.Queue[tuple[float, Item]] = asyncio.Queue()
    for number, one in enumerate(items):
        waiting.put_nowait((number / rate if rate else 0.0, one))
    times: list[float] = []
    refused: list[bytes] = []
    started = time.perf_counter()
    await asyncio.gather(*(_client(port, waiting, started, times, refused) for _ in range(connections)))
    seconds = time.perf_counter() - started
    if refused:
        sys.stderr.write(f"{len(refused)} refused, the first: {refused[0].decode(errors='replace')}")
    return Outcome(len(items), sum(one.octets for one in items), seconds, len(refused), tuple(sorted(times)))


async def _client(
    port: int,
    waiting: asyncio.Queue[tuple[float, Item]],
    started: float,
    times: list[float],
    refused: list[bytes],
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    await _reply(reader)
    writer.write(b"EHLO load.example\r\n")
    await _reply(reader)
    while not waiting.empty():
        due, one = waiting.get_nowait()
        await asyncio.sleep(max(0.0, started + due - time.perf_counter()))
        begun = max(time.perf_counter() if not due else started + due, started)
        writer.write(one.commands)
        answers = [await _reply(reader) for _ in range(one.replies)]
        if answers[-1].startswith(b"354"):
            writer.write(one.body)
            await writer.drain()
            answers = [await _reply(reader)]
        if not answers[-1].startswith(b"250"):
            refused.append(answers[-1])
            writer.write(b"RSET\r\n")
            await _reply(reader)
        times.append(time.perf_counter() - begun)
    writer.close()


async def _reply(reader: asyncio.StreamReader) -> bytes:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    if not line:
        raise ConnectionError("the server closed the connection")
    return line


def main() -> None:
    """Send a folder of mail and print what it took."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--port", type=int, required=True)
    words.add_argument(
        "--mail", type=Path, required=True, help="folder that performance_corpus.py has written"
    )
    words.add_argument("--connections", type=int, default=8)
    words.add_argument(
        "--rate", type=float, default=0.0, help="messages a second; 0 as fast as they are taken"
    )
    given = words.parse_args()
    outcome = run(given.port, read(given.mail), given.connections, given.rate)
    print(
        f"{outcome.messages} messages, {outcome.rate:.0f}/s, {outcome.octets / outcome.seconds / 1e6:.1f} MB/s, "
        f"p50 {outcome.at(0.5):.1f} ms, p99 {outcome.at(0.99):.1f} ms, {outcome.refused} refused"
    )


if __name__ == "__main__":
    main()
