"""What leaves the gateway is one message per message, with CRLF line ends and nothing a hostile sender put between."""

import asyncio
import re
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milter.cli.samples import CASE_NOTE, DOCX, document, samples
from milter.message.envelope import Envelope, Recipient
from milter.relay.client import NextHopClient
from milter.relay.octets import clean
from milter.settings import NextHop
from tests.fuzz.effort import effort
from tests.gateway.harness import OFFICER, SCHOOL, running
from tests.smtp.test_data import STREAM, plain_reading

PIECES = st.sampled_from(
    [
        "a",
        "b@c.example",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "<",
        ">",
        " ",
        '"',
        "\\",
        "\u2028",
        "é",
        "RCPT TO:<x@y>",
        "%0d",
    ]
)
ADDRESSES = st.lists(PIECES, min_size=1, max_size=6).map("".join)


class Recorder:
    """A next hop that keeps the octets of each connection, and takes whatever it is told."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self.talks: list[asyncio.Task[None]] = []

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talks.append(asyncio.create_task(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hop.example\r\n")
        while line := await self._line(reader):
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                while await self._line(reader) not in {b".\r\n", b""}:
                    pass
            writer.write(
                b"250-hop.example\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n"
            )
            if verb == b"QUIT":
                break
        writer.close()

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        line = await reader.readline()
        self.octets += line
        return line


async def emitted(envelope: Envelope, raw: bytes) -> tuple[list[int], bytes]:
    """Send one message; give the codes of its recipients, and every octet that left."""
    recorder = Recorder()
    server = await asyncio.start_server(recorder.take, "127.0.0.1", 0)
    client = NextHopClient(NextHop(port=server.sockets[0].getsockname()[1], reply_seconds=20.0))
    try:
        results = await client.send(envelope, raw)
    finally:
        await client.close()
        server.close()
        async with asyncio.timeout(20):
            await asyncio.gather(*recorder.talks)
    return [result.code for result in results], bytes(recorder.octets)


@effort(60)
@given(
    raw=STREAM,
    sender=st.one_of(st.just(""), ADDRESSES),
    recipients=st.lists(ADDRESSES, min_size=1, max_size=3),
)
@example(raw=b"a\r\n.\r\nMAIL FROM:<evil@x>\r\n", sender="a@b.example", recipients=["c@d.example"])
@example(raw=b"a\n.\nMAIL FROM:<evil@x>\r\n", sender="a@b.example", recipients=["c@d.example"])
@example(raw=b"a\r\n", sender="a@b>\r\nRCPT TO:<x@y", recipients=["c@d.example"])
@example(raw=b"a\r\n", sender="a@b.example", recipients=["c@d.example>\nDATA"])
def test_one_message_leaves_or_none(raw: bytes, sender: str, recipients: list[str]) -> None:
    """Whatever octets and addresses it is given, the client says one transaction's commands, or refuses for good."""
    envelope = Envelope(sender, tuple(Recipient(address) for address in recipients), smtputf8=True)
    codes, octets = asyncio.run(emitted(envelope, raw))
    assert clean(octets)
    commands, _, rest = octets.partition(b"DATA\r\n")
    lines = commands.split(b"\r\n")
    assert len([line for line in lines if line.startswith(b"MAIL ")]) <= 1
    assert len([line for line in lines if line.startswith(b"RCPT ")]) in {0, len(recipients)}
    if codes[0] == 250:
        whole = raw if raw.endswith(b"\r\n") or not raw else raw + b"\r\n"
        assert plain_reading(rest) in {(whole, b""), (whole, b"QUIT\r\n")}
    else:
        assert set(codes) <= {550, 553}
        assert rest == b""


INJECTIONS = (
    "=?utf-8?q?Case_note=0D=0ABcc:_evil@example.org?=",
    "=?utf-8?b?Q2FzZQ0KQmNjOiBldmlsQGV4YW1wbGUub3Jn?=",
    "=?utf-8?q?Case=0ABcc:_evil@example.org=0A=0Abody?=",
    "=?utf-8?q?=00=0D?= case",
    "=?utf-8?q?=E2=80=A8Bcc:_evil@example.org?=",
)


def carrying(subject: str, name: str) -> bytes:
    """Make a message that has to be protected, with this subject and name of its document, octet by octet."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"], mail["To"], mail["Subject"] = OFFICER, SCHOOL, "SUBJECT"
    mail.set_content("Please see the note.")
    maintype, _, subtype = DOCX.partition("/")
    mail.add_attachment(document(*CASE_NOTE), maintype=maintype, subtype=subtype, filename="NAME.docx")
    return mail.as_bytes().replace(b"SUBJECT", subject.encode()).replace(b"NAME.docx", name.encode())


@pytest.mark.parametrize("subject", INJECTIONS)
async def test_what_is_made_anew_takes_no_header_from_a_subject_or_a_name(
    tmp_path: Path, subject: str
) -> None:
    """A line end that hides in an encoded subject or file name makes no header and no line of its own."""
    async with running(tmp_path / "etc") as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], carrying(subject, f"{subject}.docx"))
        await gateway.settle()
        arrived = list(gateway.sink.arrived)
    assert code == 250
    assert arrived
    for mail in arrived:
        assert clean(mail.raw)
        assert not re.search(rb"^Bcc:", mail.raw, re.IGNORECASE | re.MULTILINE)
        assert mail.parsed["Bcc"] is None


async def test_every_mail_of_the_demonstration_leaves_clean(tmp_path: Path) -> None:
    """Passed, protected or written by the gateway itself: no bare CR or LF, no NUL, no line beyond 998 octets."""
    async with running(tmp_path / "etc") as gateway:
        for number, one in enumerate(samples(), start=1):
            await gateway.send(one.sender, list(one.recipients), one.message(number))
        await gateway.settle()
        arrived = list(gateway.sink.arrived)
    assert len(arrived) >= len(samples())
    for mail in arrived:
        assert clean(mail.raw)
        assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
