"""The client of the next hop: what it sends, what it tells for each recipient, and when it tries anew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from milter.message.envelope import Envelope, Recipient
from milter.relay.client import NextHopClient
from milter.relay.result import RecipientResult
from milter.settings import NextHop
from tests.relay.hop import Hop

ANN, BOB, CAT = "ann@example.org", "bob@example.net", "cat@example.net"
MESSAGE = b"Subject: x\r\n\r\nText\r\n"
Client = Callable[..., NextHopClient]


def to(*addresses: str, **rest: Any) -> Envelope:
    return Envelope(ANN, tuple(map(Recipient, addresses)), **rest)


def codes(results: tuple[RecipientResult, ...]) -> list[tuple[str, int, str]]:
    return [(result.address, result.code, result.enhanced) for result in results]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Give a function that makes clients; all are closed at the end."""
    made: list[NextHopClient] = []

    def make(hop: Hop, **settings: Any) -> NextHopClient:
        settings = {"port": hop.port, "connect_seconds": 10.0, "reply_seconds": 10.0, **settings}
        made.append(NextHopClient(NextHop(**settings), "gate.example"))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_message_goes_as_it_is(client: Client) -> None:
    """The octets leave as they are, dots doubled, and the recipient is told what the next hop said."""
    async with Hop() as hop:
        results = await client(hop).send(to(BOB), b".a\r\n\r\n..\r\n\xe9\r\n")
    assert hop.messages == [b"..a\r\n\r\n...\r\n\xe9\r\n.\r\n"]
    assert results == (RecipientResult(BOB, 250, "2.0.0", "queued"),)
    assert hop.commands[:4] == [
        "EHLO gate.example",
        f"MAIL FROM:<{ANN}> SIZE=13 BODY=8BITMIME",
        f"RCPT TO:<{BOB}>",
        "DATA",
    ]


async def test_dsn_parameters(client: Client) -> None:
    """RET, ENVID, NOTIFY and ORCPT go on byte by byte (RFC 3461), and are left out where not offered."""
    envelope = Envelope(
        "",
        (Recipient(BOB, ("SUCCESS", "DELAY"), "rfc822;B+2Bb@example.net"),),
        "7BIT",
        ret="HDRS",
        envid="Q+3D1",
    )
    async with Hop() as hop, Hop(offers=("SIZE 0",)) as plain:
        await client(hop).send(envelope, MESSAGE)
        await client(plain).send(envelope, MESSAGE)
    assert hop.commands[1:3] == [
        "MAIL FROM:<> SIZE=20 BODY=7BIT RET=HDRS ENVID=Q+3D1",
        f"RCPT TO:<{BOB}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;B+2Bb@example.net",
    ]
    assert plain.commands[1:3] == ["MAIL FROM:<>", f"RCPT TO:<{BOB}>"]


async def test_xforward_keeps_the_trail(client: Client) -> None:
    """The first client's address and queue id go on where the next hop takes them."""
    async with Hop(offers=("PIPELINING", "XFORWARD ADDR IDENT")) as hop:
        await client(hop).send(to(BOB, client="2001:db8::7", queue_id="4Q=x"), MESSAGE)
    assert hop.commands[1] == "XFORWARD ADDR=IPV6:2001:db8::7 IDENT=4Q+3Dx"


@pytest.mark.parametrize("offers", [("PIPELINING", "SIZE 0"), ("SIZE 0",)], ids=["pipelined", "one by one"])
async def test_result_for_each_recipient(client: Client, offers: tuple[str, ...]) -> None:
    """Each recipient has its own result: refused for good, for now, or what was said to the message."""
    answers = {f"RCPT TO:<{BOB}>": "550 5.1.1 no such user", "RCPT TO:<dan@": "452 4.2.2 full"}
    async with Hop(offers=offers, answers=answers) as hop:
        results = await client(hop).send(to(BOB, CAT, "dan@example.net"), MESSAGE)
    assert codes(results) == [(BOB, 550, "5.1.1"), (CAT, 250, "2.0.0"), ("dan@example.net", 452, "4.2.2")]
    assert len(hop.messages) == 1


@pytest.mark.parametrize("offers", [("PIPELINING", "SIZE 0"), ("SIZE 0",)], ids=["pipelined", "one by one"])
async def test_sender_refused(client: Client, offers: tuple[str, ...]) -> None:
    """A refused sender is every recipient's result, and nothing is sent."""
    answers = {"MAIL": "550 5.7.1 not you", "RCPT": "503 5.5.1 need MAIL", "DATA": "503 5.5.1 need RCPT"}
    async with Hop(offers=offers, answers=answers) as hop:
        results = await client(hop).send(to(BOB, CAT), MESSAGE)
    assert codes(results) == [(BOB, 550, "5.7.1"), (CAT, 550, "5.7.1")]
    assert hop.messages == []


@pytest.mark.parametrize(
    ("answer", "code", "enhanced"),
    [
        ("451 4.3.0 try later", 451, "4.3.0"),
        ("552 5.3.4 too big", 552, "5.3.4"),
        ("550 no enhanced code", 550, "5.0.0"),
        ("550 2.0.0 one that contradicts itself", 550, "5.0.0"),
        ("421 4.3.2 closing", 451, "4.3.2"),
        ("354 makes no sense", 451, "4.5.0"),
        ("nonsense", 451, "4.5.0"),
        ("", 451, "4.4.2"),
    ],
)
async def test_answers_to_the_message(client: Client, answer: str, code: int, enhanced: str) -> None:
    """The answer to the message is each accepted recipient's; what is no clear answer is 4xx. None is sent twice."""
    async with Hop(answers={"message": answer}) as hop:
        results = await client(hop).send(to(BOB, CAT), MESSAGE)
    assert codes(results) == [(BOB, code, enhanced), (CAT, code, enhanced)]
    assert len(hop.messages) == 1


@pytest.mark.parametrize(
    ("answers", "code"),
    [({"DATA": "451 4.3.0 not now"}, 451), ({"DATA": "554 5.5.1 no"}, 554), ({"DATA": "250 ?"}, 451)],
)
async def test_answers_to_data(client: Client, answers: dict[str, str], code: int) -> None:
    """What is said to DATA instead of 354 is the result, and the message stays here."""
    async with Hop(answers=answers) as hop:
        results = await client(hop).send(to(BOB), MESSAGE)
    assert results[0].code == code
    assert hop.messages == []


async def test_many_lines_become_one(client: Client) -> None:
    """An answer of several lines is told in one, its code once."""
    async with Hop(answers={"message": "550-5.7.1 first\r\n550 5.7.1 second"}) as hop:
        results = await client(hop).send(to(BOB), MESSAGE)
    assert (results[0].enhanced, results[0].text) == ("5.7.1", "first second")


async def test_connection_is_kept(client: Client) -> None:
    """One connection takes message after message, and one after a failed transaction is reset first."""
    async with Hop(once={"RCPT": "550 5.1.1 no", "DATA": "503 5.5.1 none"}) as hop:
        through = client(hop)
        await through.send(to(BOB), MESSAGE)
        for _ in range(3):
            assert (await through.send(to(CAT), MESSAGE))[0].taken
    assert hop.connections == 1
    assert hop.commands.count("RSET") == 1
    assert len(hop.messages) == 3


async def test_stale_connection_is_tried_anew(client: Client) -> None:
    """A kept connection that the next hop has closed costs nothing: the message goes by a new one."""
    async with Hop() as hop:
        through = client(hop)
        await through.send(to(BOB), MESSAGE)
        hop.once["MAIL"] = ""
        assert (await through.send(to(CAT), MESSAGE))[0].taken
    assert hop.connections == 2
    assert len(hop.messages) == 2


async def test_new_connection_is_tried_once(client: Client) -> None:
    """A new connection that breaks is no reason to try again: the server before us will."""
    async with Hop(answers={"MAIL": ""}) as hop:
        assert codes(await client(hop).send(to(BOB), MESSAGE)) == [(BOB, 451, "4.4.2")]
        assert hop.connections == 1


async def test_nothing_is_sent_twice(client: Client) -> None:
    """A kept connection that breaks behind the message is not tried anew: it may have been taken."""
    async with Hop() as hop:
        through = client(hop)
        await through.send(to(BOB), MESSAGE)
        hop.once["message"] = ""
        assert codes(await through.send(to(CAT), MESSAGE)) == [(CAT, 451, "4.4.2")]
        assert len(hop.messages) == 2
        assert (await through.send(to(CAT), MESSAGE))[0].taken


async def test_next_hop_down(client: Client) -> None:
    """A next hop that is not there is 451 for every recipient, and nothing is known of it."""
    async with Hop() as hop:
        through = client(hop)
    assert codes(await through.send(to(BOB, CAT), MESSAGE)) == [(BOB, 451, "4.4.1"), (CAT, 451, "4.4.1")]
    assert not await through.probe()
    assert through.capabilities() is None


async def test_next_hop_too_slow(client: Client) -> None:
    """A next hop that accepts and says nothing is 451 in the end."""
    async with Hop(greeting="220-only the first line") as hop:
        results = await client(hop, reply_seconds=0.05).send(to(BOB), MESSAGE)
    assert codes(results) == [(BOB, 451, "4.4.2")]


@pytest.mark.parametrize("greeting", ["554 5.7.1 not you", "421 4.3.2 busy", "HTTP/1.1 400 Bad Request", ""])
async def test_unfriendly_greeting(client: Client, greeting: str) -> None:
    """A greeting that refuses is 451 for the message: the next hop has refused us, not it."""
    async with Hop(greeting=greeting) as hop:
        results = await client(hop).send(to(BOB), MESSAGE)
        assert results[0].code == 451
        assert hop.connections == 1


async def test_capabilities_are_learnt_and_kept(client: Client) -> None:
    """What EHLO offers is known after the first greeting, and stays known when the next hop goes down."""
    async with Hop() as hop:
        through = client(hop)
        assert await through.probe()
        known = through.capabilities()
        assert known is not None
        assert (known.size, known.smtputf8, known.eight_bit, known.dsn) == (1_000_000, True, True, True)
    assert through.capabilities() == known


@pytest.mark.parametrize(
    ("offers", "envelope", "raw", "code", "enhanced"),
    [
        (("SIZE 19",), to(BOB), MESSAGE, 552, "5.3.4"),
        (("SIZE 0",), to(BOB), b"\r\n\xe9\r\n", 554, "5.6.3"),
        (("8BITMIME",), to("zoë@example.net"), MESSAGE, 550, "5.6.7"),
        (("8BITMIME",), to(BOB, smtputf8=True), b"Subject: \xc3\xa9\r\n\r\nx\r\n", 550, "5.6.7"),
        (("REQUIRETLS",), to(BOB, require_tls=True), MESSAGE, 550, "5.7.30"),
        (("SIZE 0",), to("b@example.net>\r\nRCPT TO:<evil@example.net"), MESSAGE, 553, "5.1.3"),
        (("SIZE 0",), to("b@example.net> NOTIFY=NEVER"), MESSAGE, 553, "5.1.3"),
        (("SIZE 0",), to(BOB), b"a\nb\r\n", 550, "5.6.11"),
        (("SIZE 0",), to(BOB), b"a\rb\r\n", 550, "5.6.11"),
    ],
)
async def test_what_the_next_hop_lacks(
    client: Client, offers: tuple[str, ...], envelope: Envelope, raw: bytes, code: int, enhanced: str
) -> None:
    """What can't be carried unchanged is refused for good, and no part of it is sent."""
    async with Hop(offers=offers) as hop:
        results = await client(hop).send(envelope, raw)
    assert [(result.code, result.enhanced) for result in results] == [(code, enhanced)]
    assert not any(command.startswith("MAIL") for command in hop.commands)


async def test_smtputf8_that_is_not_needed(client: Client) -> None:
    """A message that was declared SMTPUTF8 but is plain goes to a next hop without it."""
    async with Hop(offers=("8BITMIME",)) as hop:
        assert (await client(hop).send(to(BOB, smtputf8=True), MESSAGE))[0].taken
    assert "SMTPUTF8" not in hop.commands[1]


async def test_smtputf8_address(client: Client) -> None:
    """An address beyond ASCII goes as UTF-8, with SMTPUTF8."""
    async with Hop() as hop:
        assert (await client(hop).send(to("用户@例え.jp", smtputf8=True), MESSAGE))[0].taken
    assert hop.commands[1].endswith(" SMTPUTF8")
    assert hop.commands[2] == "RCPT TO:<用户@例え.jp>"


async def test_connections_have_a_limit(client: Client) -> None:
    """No more connections are open at a time than the setting says; the rest wait their turn."""
    async with Hop() as hop:
        through = client(hop, connections=2)
        results = await asyncio.gather(*(through.send(to(BOB), MESSAGE) for _ in range(20)))
    assert all(result.taken for (result,) in results)
    assert hop.connections <= 2
    assert len(hop.messages) == 20


async def test_cancelled_send_leaves_nothing_behind(client: Client) -> None:
    """A connection whose transaction was broken off is not used again."""
    async with Hop(answers={"DATA": "354-never ends"}) as hop:
        through = client(hop)
        task = asyncio.create_task(through.send(to(BOB), MESSAGE))
        await hop.asked_for_data.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        hop.answers.clear()
        assert (await through.send(to(CAT), MESSAGE))[0].taken
    assert hop.connections == 2
    assert hop.messages == [MESSAGE + b".\r\n"]


async def test_exchange_is_told_what_has_been_here(client: Client, tmp_path: Path) -> None:
    """Where a secret is set, its field goes in front of every message, with a size that counts it."""
    secret = tmp_path / "secret"
    secret.write_text("a1b2c3d4e5f6a7b8c9d0\n")
    async with Hop() as hop:
        await client(hop, passed_secret_file=str(secret)).send(to(BOB), MESSAGE)
    field = b"X-Sealgate-Passed: a1b2c3d4e5f6a7b8c9d0\r\n"
    assert hop.messages == [field + MESSAGE + b".\r\n"]
    assert f"SIZE={len(field + MESSAGE)}" in hop.commands[1]
