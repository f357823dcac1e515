"""One connection to the next hop: greeting, EHLO, STARTTLS, and one transaction after another (RFC 5321).

Guarantees that the message's octets leave as they are, but for doubled dots; that commands wait for no reply
where PIPELINING is offered (RFC 2920); that no reply read before TLS counts after it. Refuses to go on after
anything it does not understand: the connection is given up instead.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from milter.relay.capabilities import Capabilities, parse
from milter.relay.reader import Reader
from milter.relay.reply import Reply

_LIMIT = 64 * 1024  # of replies not yet read
_LINES = 200  # of one reply
_REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?")
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: +|$)")


class HopError(Exception):
    """The connection can't be used any more; `reply` says so as the next hop might have, always 4xx."""

    def __init__(self, enhanced: str, text: str, *, lost: bool = False) -> None:
        super().__init__(text)
        self.reply = Reply(451, enhanced, text)
        self.lost = lost  # the other side closed: a kept connection was stale


@dataclass(frozen=True, slots=True)
class Answers:
    """The replies to one transaction; `end` is the reply to the message, None where it was not sent."""

    recipients: tuple[Reply, ...]
    end: Reply | None


class Connection:
    """An open connection. Used by one transaction at a time."""

    def __init__(self, reader: Reader, writer: asyncio.StreamWriter, seconds: float) -> None:
        self.capabilities = Capabilities()
        self.tls = ""  # 'TLSv1.3 TLS_AES_256_GCM_SHA384 verified', or 'unverified' at the end
        self.usable = True
        self.body_sent = False  # of the present transaction: from here on it may have been taken
        self.idle_since = 0.0
        self._reader = reader
        self._writer = writer
        self._seconds = seconds
        self._unfinished = False  # the server may still have a transaction open

    async def greet(self, hostname: str) -> None:
        """Read the greeting and say EHLO. Raises `HopError`."""
        async with self._patience():
            greeting = await self._read_reply()
            if greeting.code != 220:
                raise HopError("4.3.2", "The next mail server greets with a refusal")
        await self.ehlo(hostname)

    async def ehlo(self, hostname: str) -> None:
        """Learn what is offered; a server without ESMTP offers nothing."""
        async with self._patience():
            answer = await self._ask(f"EHLO {hostname}")
            if answer.code >= 500:
                answer = await self._ask(f"HELO {hostname}")
            if answer.code != 250:
                raise HopError("4.3.2", "The next mail server refuses EHLO")
        self.capabilities = parse(answer.text.split("\n")[1:])

    async def start_tls(self, context: ssl.SSLContext, host: str, hostname: str) -> None:
        """Go on under TLS and say EHLO anew (RFC 3207). Raises `HopError`."""
        async with self._patience():
            if (await self._ask("STARTTLS")).code != 220 or self._reader.pending:
                raise HopError("4.7.5", "The next mail server refuses STARTTLS")
            protocol = self._writer.transport.get_protocol()
            protocol._over_ssl = True  # type: ignore[attr-defined]  # else its end of file is heard for ever
            loop = asyncio.get_running_loop()
            transport: asyncio.Transport | None = await loop.start_tls(
                self._writer.transport, protocol, context, server_hostname=host
            )
        if transport is None:
            raise HopError("4.4.2", "The connection was lost during STARTTLS", lost=True)
        self._reader.move(transport)
        self._writer._transport = transport  # type: ignore[attr-defined]  # no public way before Python 3.12
        checked = "verified" if context.verify_mode == ssl.CERT_REQUIRED else "unverified"
        secured: ssl.SSLObject = transport.get_extra_info("ssl_object")
        cipher = secured.cipher()
        self.tls = " ".join((secured.version() or "TLS", cipher[0] if cipher else "no-cipher", checked))
        await self.ehlo(hostname)

    async def is_alive(self, seconds: float) -> bool:
        """Ask whether the other side still listens."""
        try:
            async with asyncio.timeout(seconds):
                return (await self._ask("NOOP")).code == 250
        except (HopError, OSError, asyncio.IncompleteReadError, TimeoutError):
            return False

    async def transact(
        self, before: Sequence[str], mail: str, rcpts: Sequence[str], body: Sequence[bytes]
    ) -> Answers:
        """Send one message: `before` (its answers are not minded), MAIL, RCPTs, and `body`, stuffed already.

        Raises `HopError`; then `body_sent` tells whether the message may have been taken all the same.
        """
        self.body_sent = False
        preface = (["RSET"] if self._unfinished else []) + list(before)
        self._unfinished = True
        async with self._patience():
            replies = await self._ask_all([*preface, mail, *rcpts, "DATA"])
        asked, go = replies[len(preface) : -1], replies[-1]
        recipients = tuple(asked[0] if asked[0].code >= 300 else reply for reply in asked[1:])
        if not any(reply.code < 300 for reply in recipients):
            self.usable = self.usable and go.code != 354  # a lone dot would send an empty message
            return Answers(recipients, None)
        if go.code != 354:
            return Answers(tuple(r if r.code >= 300 else _not_success(go) for r in recipients), None)
        async with self._patience():
            self.body_sent = True
            for piece in body:
                self._writer.write(piece)
            await self._writer.drain()
            end = await self._read_reply()
        self._unfinished = False
        return Answers(recipients, end)

    def close(self) -> None:
        """Give the connection up, politely where nothing is under way."""
        self.usable = False
        if not self._writer.transport.is_closing():
            if not self._unfinished:
                self._writer.write(b"QUIT\r\n")
            self._writer.close()

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as is known."""
        return self.usable and not self._reader.at_eof() and not self._writer.transport.is_closing()

    async def _ask_all(self, commands: list[str]) -> list[Reply]:
        if self.capabilities.pipelining:
            self._writer.write("".join(f"{command}\r\n" for command in commands).encode())
            return [await self._read_reply() for _ in commands]
        return [await self._ask(command) for command in commands]

    async def _ask(self, command: str) -> Reply:
        self._writer.write(f"{command}\r\n".encode())
        return await self._read_reply()

    async def _read_reply(self) -> Reply:
        texts: list[str] = []
        while len(texts) < _LINES:
            line = _REPLY.fullmatch((await self._reader.readuntil(b"\n")).rstrip(b"\r\n"))
            if line is None:
                raise HopError("4.5.0", "The next mail server does not speak SMTP")
            texts.append((line[3] or b"").decode("utf-8", "replace"))
            if line[2] != b"-":
                return self._reply(int(line[1]), texts)
        raise HopError("4.5.0", "The next mail server's reply does not end")

    def _reply(self, code: int, texts: list[str]) -> Reply:
        if (
            code == 421
        ):  # it closes now (RFC 5321 3.8); for the recipient that is a refusal for the time being
            self.usable = False
            code = 451
        enhanced = _ENHANCED.match(texts[0])
        if enhanced is None or enhanced[1][0] != str(code)[0]:
            return Reply(code, f"{str(code)[0]}.0.0", "\n".join(texts))
        return Reply(code, enhanced[1], "\n".join(text.removeprefix(enhanced[1]).lstrip() for text in texts))

    def _patience(self) -> "_Patience":
        return _Patience(self, self._seconds)


class _Patience:
    """A limit of time; whatever breaks inside gives the connection up and comes out as `HopError`."""

    def __init__(self, connection: Connection, seconds: float) -> None:
        self._connection = connection
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, None)
        except TimeoutError as late:
            self._connection.usable = False
            raise HopError("4.4.2", "The next mail server took too long") from late
        if error is None:
            return
        self._connection.usable = False
        if isinstance(error, ssl.SSLError):
            raise HopError("4.7.5", "TLS with the next mail server failed") from error
        if isinstance(error, asyncio.LimitOverrunError):
            raise HopError("4.5.0", "The next mail server's reply does not end") from error
        if isinstance(error, (OSError, asyncio.IncompleteReadError)):
            raise HopError("4.4.2", "The connection to the next mail server was lost", lost=True) from error


def _not_success(reply: Reply) -> Reply:
    """Read a reply to DATA that is not 354: what is no refusal either is worth another try."""
    return reply if reply.code >= 400 else Reply(451, "4.5.0", "The next mail server refuses DATA")


async def connect(host: str, port: int, connect_seconds: float, reply_seconds: float) -> Connection:
    """Open a connection; it has said nothing yet. Raises `HopError`."""
    loop = asyncio.get_running_loop()
    reader = Reader(limit=_LIMIT, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    try:
        async with asyncio.timeout(connect_seconds):
            transport, _ = await loop.create_connection(lambda: protocol, host, port)
    except (OSError, TimeoutError) as error:
        raise HopError("4.4.1", "The next mail server can't be reached") from error
    return Connection(reader, asyncio.StreamWriter(transport, protocol, reader, loop), reply_seconds)
