"""Hands messages to the next hop over kept connections, and tells the result for each recipient.

Guarantees a result for every recipient, in the envelope's order, and never an exception for what the next hop
does or fails to do: whatever is not a clear answer is 4xx, so that the server before us tries again (law 1).
A message is tried anew only where the next hop can't have taken it. Refuses for good (5xx) what the next
hop's extensions can't carry, since the bytes are sacred and are not converted (law 2).
"""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

from milter import metrics
from milter.message.envelope import Envelope, Recipient
from milter.relay.capabilities import Capabilities
from milter.relay.connection import Answers, Connection, HopError, connect
from milter.relay.octets import clean, stuff
from milter.relay.reply import Reply
from milter.relay.result import RecipientResult
from milter.relay.tls import client_context
from milter.settings import NextHop

_CHECK_AFTER = 15.0  # seconds idle: ask before relying on it
_KEEP_FOR = 100.0  # seconds idle: Postfix waits 300, less under stress
_ALIVE_SECONDS = 5.0
_WATCH_SECONDS = 30.0
_WATCH_SECONDS_DOWN = 2.0


class NextHopClient:
    """The way to one next hop, for one event loop."""

    def __init__(
        self, settings: NextHop, hostname: str = "localhost", *, verified_only: bool = False
    ) -> None:
        """`verified_only`: what is sent here may go only over verified TLS, so REQUIRETLS is asked for too."""
        self.settings = settings
        self._hostname = hostname
        self._tls = client_context(settings)
        self._verified_only = verified_only
        self._passed = _passed_field(settings)
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(settings.connections)
        self._known: Capabilities | None = None
        self._learnt_at = float("-inf")

    def capabilities(self) -> Capabilities | None:
        """Give what the next hop offered when it was last greeted; None where it never was."""
        return self._known

    async def send(
        self, envelope: Envelope, raw: bytes, *, as_received: bool = False
    ) -> tuple[RecipientResult, ...]:
        """Send one message to all recipients of the envelope; `raw` has CRLF line ends and plain dots.

        `as_received` says that these octets came in by SMTP and so were found clean already.
        """
        if not as_received and not clean(raw):
            return _same_for_all(
                envelope, Reply(550, "5.6.11", "The message has a bare CR, a bare LF or a NUL")
            )
        if not all(map(_is_safe, (envelope.sender, *(r.address for r in envelope.recipients)))):
            return _same_for_all(envelope, Reply(553, "5.1.3", "An address is malformed"))
        async with self._free:
            results = await self._try(envelope, self._passed + raw)
        for result in results:
            metrics.add("sealgate_next_hop_recipients_total", str(result.code)[0])
        return results

    async def probe(self) -> bool:
        """Greet the next hop afresh, to learn what it offers; False where that fails."""
        try:
            connection = await self._open()
        except HopError:
            return False
        self._put_back(connection)
        return True

    async def watch(self) -> None:
        """Keep what is known of the next hop fresh, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            up = loop.time() - self._learnt_at < _WATCH_SECONDS or await self.probe()
            self._drop_old(loop.time())
            await asyncio.sleep(_WATCH_SECONDS if up else _WATCH_SECONDS_DOWN)

    async def close(self) -> None:
        """Close what is kept open."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)

    async def _try(self, envelope: Envelope, raw: bytes) -> tuple[RecipientResult, ...]:
        while True:
            connection = None
            try:
                connection, kept = await self._take()
                return await self._send_by(connection, envelope, raw)
            except HopError as error:
                stale = connection is not None and kept and error.lost and not connection.body_sent
                if not stale:  # else nothing of the message has left yet: the next one kept, or a new one
                    return _same_for_all(envelope, error.reply)

    async def _send_by(
        self, connection: Connection, envelope: Envelope, raw: bytes
    ) -> tuple[RecipientResult, ...]:
        try:
            obstacle = _obstacle(connection, envelope, raw)
            if obstacle is not None:
                return _same_for_all(envelope, obstacle)
            offered = connection.capabilities
            answers = await connection.transact(
                _xforward(envelope, offered),
                _mail(envelope, raw, offered, asks_tls=self._asks_tls(envelope, connection)),
                [_rcpt(recipient, offered) for recipient in envelope.recipients],
                stuff(raw),
            )
            return _results(envelope, answers, connection.tls)
        except BaseException:
            connection.usable = False
            raise
        finally:
            self._put_back(connection)

    def _asks_tls(self, envelope: Envelope, connection: Connection) -> bool:
        """RFC 8689 section 4.2.1: never on a connection that is not verified itself."""
        possible = connection.capabilities.require_tls and connection.tls.endswith(" verified")
        return envelope.require_tls or (self._verified_only and possible)

    async def _take(self) -> tuple[Connection, bool]:
        """Give a connection, and whether it was used before."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            idle = now - connection.idle_since
            fresh = connection.is_open and idle < _KEEP_FOR
            if fresh and (idle < _CHECK_AFTER or await connection.is_alive(_ALIVE_SECONDS)):
                return connection, True
            connection.close()
        return await self._open(), False

    def _put_back(self, connection: Connection) -> None:
        if connection.is_open:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()

    def _drop_old(self, now: float) -> None:
        old = [connection for connection in self._idle if now - connection.idle_since >= _KEEP_FOR]
        self._idle = [connection for connection in self._idle if connection not in old]
        for connection in old:
            connection.close()

    async def _open(self) -> Connection:
        try:
            connection = await self._open_with(self._tls)
        except HopError as error:
            if self.settings.tls != "opportunistic" or error.reply.enhanced != "4.7.5":
                raise
            connection = await self._open_with(None)  # RFC 7435: rather in clear than not at all
        offered = connection.capabilities
        self._known = replace(
            offered, require_tls=offered.require_tls and connection.tls.endswith(" verified")
        )
        self._learnt_at = asyncio.get_running_loop().time()
        return connection

    async def _open_with(self, context: ssl.SSLContext | None) -> Connection:
        metrics.add("sealgate_next_hop_connections_total")
        settings = self.settings
        connection = await connect(
            settings.host, settings.port, settings.connect_seconds, settings.reply_seconds
        )
        try:
            await connection.greet(self._hostname)
            if context is not None:
                await self._secure(connection, context)
        except BaseException:
            connection.usable = False
            connection.close()
            raise
        return connection

    async def _secure(self, connection: Connection, context: ssl.SSLContext) -> None:
        if connection.capabilities.starttls:
            await connection.start_tls(context, self.settings.host, self._hostname)
        elif self.settings.tls == "verified":
            raise HopError("4.7.5", "The next mail server offers no TLS, which it must")


def _is_safe(address: str) -> bool:
    """Say whether an address can stand in a command without ending it or its brackets."""
    return address.isprintable() and (address.startswith('"') or not set(address) & set("<> "))


def _obstacle(connection: Connection, envelope: Envelope, raw: bytes) -> Reply | None:
    """Say what the next hop lacks to carry this message unchanged."""
    offered = connection.capabilities
    if offered.size and len(raw) > offered.size:
        return Reply(552, "5.3.4", "The message is larger than the next mail server takes")
    if not offered.smtputf8 and _needs_smtputf8(envelope, raw):
        return Reply(550, "5.6.7", "The next mail server takes no addresses or headers beyond ASCII")
    if not offered.eight_bit and not raw.isascii():
        return Reply(554, "5.6.3", "The next mail server takes no 8-bit content")
    if envelope.require_tls and not (offered.require_tls and connection.tls.endswith(" verified")):
        return Reply(550, "5.7.30", "The sender requires TLS all the way, which the next mail server lacks")
    return None


def _needs_smtputf8(envelope: Envelope, raw: bytes) -> bool:
    addresses = (envelope.sender, *(recipient.address for recipient in envelope.recipients))
    if not all(address.isascii() for address in addresses):
        return True
    return envelope.smtputf8 and not raw[: raw.find(b"\r\n\r\n") + 1 or None].isascii()


def _mail(envelope: Envelope, raw: bytes, offered: Capabilities, *, asks_tls: bool) -> str:
    body = envelope.body or (None if raw.isascii() else "8BITMIME")
    words = (
        (f"SIZE={len(raw)}", bool(offered.size)),
        (f"BODY={body}", offered.eight_bit and body is not None),
        ("SMTPUTF8", offered.smtputf8 and envelope.smtputf8),
        (f"RET={envelope.ret}", offered.dsn and envelope.ret is not None),
        (f"ENVID={envelope.envid}", offered.dsn and envelope.envid is not None),
        ("REQUIRETLS", asks_tls),
    )
    return " ".join([f"MAIL FROM:<{envelope.sender}>", *(word for word, given in words if given)])


def _rcpt(recipient: Recipient, offered: Capabilities) -> str:
    words = [f"RCPT TO:<{recipient.address}>"]
    if offered.dsn and recipient.notify:
        words.append("NOTIFY=" + ",".join(recipient.notify))
    if offered.dsn and recipient.orcpt is not None:
        words.append(f"ORCPT={recipient.orcpt}")
    return " ".join(words)


def _xforward(envelope: Envelope, offered: Capabilities) -> list[str]:
    """Pass on who the first client was and the first queue id, so that one trail runs through all logs."""
    address = f"IPV6:{envelope.client}" if ":" in envelope.client else envelope.client
    words = [
        f"{name}={_xtext(value)}"
        for name, value in (("ADDR", address), ("IDENT", envelope.queue_id))
        if value and name in offered.xforward
    ]
    return [" ".join(["XFORWARD", *words])] if words else []


def _xtext(value: str) -> str:
    return "".join(
        chr(octet) if 33 <= octet <= 126 and octet not in b"+=" else f"+{octet:02X}"
        for octet in value.encode()
    )


def _results(envelope: Envelope, answers: Answers, tls: str) -> tuple[RecipientResult, ...]:
    return tuple(
        _result(recipient, answers.end if answers.end is not None and reply.code < 300 else reply, tls)
        for recipient, reply in zip(envelope.recipients, answers.recipients, strict=True)
    )


def _passed_field(settings: NextHop) -> bytes:
    """Give the field by which Exchange's rule knows what has been here; whoever sends one in has it stripped."""
    if not settings.passed_secret_file:
        return b""
    word = Path(settings.passed_secret_file).read_text("ascii").strip()
    return f"X-Sealgate-Passed: {word}\r\n".encode("ascii")


def _same_for_all(envelope: Envelope, reply: Reply) -> tuple[RecipientResult, ...]:
    return tuple(_result(recipient, reply, "") for recipient in envelope.recipients)


def _result(recipient: Recipient, reply: Reply, tls: str) -> RecipientResult:
    if 300 <= reply.code < 400:
        reply = Reply(451, "4.5.0", "The next mail server's answer makes no sense")
    text = " ".join(reply.text.split())[:400]
    return RecipientResult(recipient.address, reply.code, reply.enhanced, text, tls)
