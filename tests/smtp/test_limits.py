"""Hostile and hapless clients: every limit has its answer, and none of them costs more than its share."""

import asyncio

import pytest

from milter.message.envelope import Envelope
from milter.relay.reply import Reply
from milter.relay.session import SessionFacts
from milter.smtpd import gate
from tests.smtp.server import Running, Start
from tests.smtp.talk import Talk


class Gated:
    """A handler that waits until it is let go."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.go = asyncio.Event()
        self.done = 0

    async def deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        self.entered.set()
        await self.go.wait()
        self.done += 1
        return Reply(250, "2.0.0", "Taken")


class Failing:
    """A handler with a fault."""

    async def deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        raise RuntimeError("a fault that names bob@example.net")


def held(running: Running) -> int:
    return running.server.gate._held


async def test_command_time(start: Start) -> None:
    """A client that says nothing is told so and cut off."""
    running = await start(command_seconds=0.05)
    async with Talk(running.port) as talk:
        await talk.reply()
        assert (await talk.reply()).startswith(b"421 4.4.2 ")
        assert await talk.reply() == b""


async def test_data_time(start: Start) -> None:
    """A message that does not end in time is given up, and nothing is held for it any more."""
    running = await start(data_seconds=0.05)
    async with Talk(running.port) as talk:
        await talk.begin()
        assert (await talk.send(b"Subject: x\r\n"))[0].startswith(b"421 4.4.2 ")
        assert await talk.reply() == b""
    assert running.keeper.mail == []
    assert held(running) == 0


async def test_endless_line(start: Start) -> None:
    """A line without an end is not collected."""
    running = await start()
    async with Talk(running.port) as talk:
        await talk.reply()
        talk.writer.write(b"a" * 2_000_000)
        assert (await talk.reply())[:9] in (b"500 5.5.6", b"")  # the reset may overtake the answer


async def test_endless_line_in_a_message(start: Start) -> None:
    """A line of a message may be as long as the message may be: what to make of it is inspection's matter."""
    running = await start(size_bytes=3_000_000)
    async with Talk(running.port) as talk:
        await talk.begin()
        assert (await talk.send(b"a" * 2_000_000 + b"\r\n.\r\n"))[0].startswith(b"250")
    assert len(running.keeper.mail[0][1]) == 2_000_002


async def test_empty_commands(start: Start) -> None:
    """A client that keeps the conversation going with nothing is cut off."""
    running = await start()
    async with Talk(running.port) as talk:
        replies = await talk.send(b"NOOP\r\n" * 300, until_end=True)
    assert replies[-1].startswith(b"421 4.7.0 ")
    assert len(replies) < 300


async def test_crowd(start: Start) -> None:
    """Of a crowd of clients as many are let in as the limit says, and a place that is left is given away."""
    running = await start(connections=5)
    talks = [Talk(running.port) for _ in range(60)]
    try:
        greetings = []
        for talk in talks:
            await talk.__aenter__()
            greetings.append((await talk.reply())[:3])
        assert greetings.count(b"220") == 5
        assert greetings.count(b"421") == 55
        assert await talks[0].ask(b"QUIT") == b"221 2.0.0 Bye\r\n"
        assert await talks[0].reply() == b""
        async with Talk(running.port) as late:
            assert (await late.reply()).startswith(b"220")
    finally:
        for talk in talks:
            talk.writer.close()


async def test_memory_of_all_messages(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages of all clients share one budget: a second that would go beyond it is asked to come again."""
    monkeypatch.setattr(gate, "IN_FLIGHT_OCTETS", 1000)
    handler = Gated()
    running = await start(handler, size_bytes=1000)
    async with Talk(running.port) as first, Talk(running.port) as second:
        await first.begin()
        first.writer.write(b"x" * 900 + b"\r\n.\r\n")
        await handler.entered.wait()
        await second.begin()
        assert (await second.send(b"x" * 900 + b"\r\n.\r\n"))[0].startswith(b"452 4.3.1 ")
        assert (await second.ask(b"MAIL FROM:<ann@example.org> SIZE=900")).startswith(b"452 4.3.1 ")
        handler.go.set()
        assert (await first.reply()).startswith(b"250")
        assert held(running) == 0
        assert (await second.ask(b"MAIL FROM:<ann@example.org> SIZE=900")).startswith(b"250")


async def test_many_unfinished_messages(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients send at once, no more is held than the budget; each learns in the end whether to retry."""
    monkeypatch.setattr(gate, "IN_FLIGHT_OCTETS", 100_000)
    running = await start(size_bytes=50_000)
    talks = [Talk(running.port) for _ in range(12)]
    try:
        for talk in talks:
            await talk.__aenter__()
            await talk.begin()
            talk.writer.write(b"x" * 40_000)
            await talk.writer.drain()
        answers = []
        for talk in talks:
            talk.writer.write(b"\r\n.\r\n")
            answers.append((await talk.reply())[:3])
            assert held(running) <= 100_000
        assert set(answers) == {b"250", b"452"}
        assert answers.count(b"250") == len(running.keeper.mail) >= 1
        assert held(running) == 0
    finally:
        for talk in talks:
            talk.writer.close()


async def test_client_leaves_while_handler_works(start: Start) -> None:
    """A message that the handler has is dealt with to its end, though nobody waits for the answer."""
    handler = Gated()
    running = await start(handler)
    async with Talk(running.port) as talk:
        await talk.begin()
        talk.writer.write(b"x\r\n.\r\n")
        await handler.entered.wait()
        talk.writer.transport.abort()
    handler.go.set()
    assert await running.server.drain(20)
    assert handler.done == 1
    assert held(running) == 0


async def test_client_leaves_within_a_message(start: Start) -> None:
    """A message without its end is no message."""
    running = await start()
    async with Talk(running.port) as talk:
        await talk.begin()
        talk.writer.write(b"half a message\r\n")
        talk.writer.write_eof()
        assert await talk.reply() == b""
    assert running.keeper.mail == []
    assert held(running) == 0


async def test_client_that_only_stops_sending(start: Start) -> None:
    """A client that closes its side after the last command still gets its answers."""
    running = await start()
    async with Talk(running.port) as talk:
        await talk.begin()
        talk.writer.write(b"x\r\n.\r\n")
        talk.writer.write_eof()
        assert (await talk.reply()).startswith(b"250 2.0.0 ")
        assert await talk.reply() == b""
    assert len(running.keeper.mail) == 1


async def test_fault_of_the_handler(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault is answered 451, without its words, and the next message has its chance (law 1)."""
    running = await start(Failing())
    async with Talk(running.port) as talk:
        await talk.begin()
        assert (await talk.send(b"x\r\n.\r\n")) == [
            b"451 4.3.0 Could not deal with the message now; try again\r\n"
        ]
        assert (await talk.ask(b"MAIL FROM:<ann@example.org>")).startswith(b"250")
    capsys.readouterr()


async def test_drain(start: Start) -> None:
    """At the end an idle client is sent away at once, and a message under way gets its answer first."""
    handler = Gated()
    running = await start(handler)
    async with Talk(running.port) as idle, Talk(running.port) as busy:
        await idle.reply()
        await busy.begin()
        busy.writer.write(b"x\r\n.\r\n")
        await handler.entered.wait()
        ending = asyncio.create_task(running.server.drain(20))
        assert (await idle.reply()).startswith(b"421 4.3.2 ")
        handler.go.set()
        assert (await busy.reply()).startswith(b"250")
        assert (await busy.reply()).startswith(b"421 4.3.2 ")
        assert await ending


async def test_drain_has_an_end(start: Start) -> None:
    """A message that takes longer than the drain is cut off, and said to be."""
    handler = Gated()
    running = await start(handler)
    async with Talk(running.port) as busy:
        await busy.begin()
        busy.writer.write(b"x\r\n.\r\n")
        await handler.entered.wait()
        assert not await running.server.drain(0.01)
        handler.go.set()


def test_replies_are_one_reply() -> None:
    """Whatever the text of a reply holds, its octets are one reply of allowed lines."""
    wire = Reply(550, "5.7.1", "a\rb\x00c\u2028\u202ed" + "e" * 2000).wire
    assert wire.startswith(b"550 5.7.1 a b c")
    assert wire.count(b"\r\n") == 1
    assert len(wire) <= 512
    with pytest.raises(ValueError, match="not an SMTP reply code"):
        Reply(99, "5.0.0", "x")
