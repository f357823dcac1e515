"""Whatever a client says, the server keeps to SMTP: made-up dialogues of telling fragments."""

import asyncio
import re

from hypothesis import example, given
from hypothesis import strategies as st

from milter.settings import Smtp
from milter.smtpd.server import Server, bind
from tests.fuzz.effort import effort
from tests.smtp.server import EVERYTHING, Keeper

FRAGMENTS = [
    *(
        b"EHLO client.example\r\n",
        b"HELO x\r\n",
        b"EHLO\r\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"VRFY bob\r\n",
        b"QUIT\r\n",
    ),
    *(
        b"MAIL FROM:<ann@example.org>\r\n",
        b"MAIL FROM:<> SIZE=5 RET=FULL ENVID=x\r\n",
        b"MAIL FROM:<a b>\r\n",
    ),
    *(
        b"RCPT TO:<bob@example.net>\r\n",
        b"RCPT TO:<bob@example.net> NOTIFY=NEVER ORCPT=rfc822;b\r\n",
        b"RCPT TO:\r\n",
    ),
    *(
        b"DATA\r\n",
        b"Subject: x\r\n",
        b"\r\n",
        b".\r\n",
        b"..\r\n",
        b".",
        b"\r\n.\r\n",
        b"text\r\n",
        b"x" * 3000,
    ),
    *(
        b"\n",
        b"\r",
        b"\0",
        b"\xff\r\n",
        b"STARTTLS\r\n",
        b"BDAT 4 LAST\r\n",
        b"XFORWARD ADDR=192.0.2.1\r\n",
        b"GET /\r\n",
    ),
]
_EHLO = rb"250[ -](?:gate\.example|[A-Z0-9]+(?: [A-Z0-9 ]+)?)"
_CODED = rb"([245])[0-9]{2}[ -]\1\.[0-9]+\.[0-9]+ .+"
REPLY = re.compile(rb"220 gate\.example ESMTP|" + _EHLO + rb"|354 .*|" + _CODED)


async def hold(pieces: list[bytes]) -> tuple[list[bytes], Keeper]:
    keeper, bound = Keeper(), bind("127.0.0.1:0")
    server = Server(Smtp(hostname="gate.example", size_bytes=4000), keeper, lambda: EVERYTHING)
    await server.start([bound])
    reader, writer = await asyncio.open_connection("127.0.0.1", bound.getsockname()[1])
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        writer.write_eof()
        async with asyncio.timeout(30):
            said = await reader.read()
    except OSError:
        said = b""
    finally:
        writer.close()
        assert await server.drain(10)
    assert server.gate._held == 0
    return said.split(b"\r\n")[:-1], keeper


@effort(150)
@given(pieces=st.lists(st.sampled_from(FRAGMENTS), max_size=30))
@example(
    pieces=[b"EHLO x\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<a@b>\r\n", b"DATA\r\n", b".\r\n", b"QUIT\r\n"]
)
def test_any_dialogue(pieces: list[bytes]) -> None:
    """Every line that is answered is a proper reply, every message taken has its 250, and nothing is left held."""
    lines, keeper = asyncio.run(hold(pieces))
    assert [line for line in lines if not REPLY.fullmatch(line)] == []
    if lines:  # a reset may take the replies with it, never the order of things
        assert sum(line == b"250 2.0.0 Taken" for line in lines) <= len(keeper.mail)
    assert all(b"\0" not in raw and b"\n" not in raw.replace(b"\r\n", b"") for _, raw, _ in keeper.mail)
