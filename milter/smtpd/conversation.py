"""One client's SMTP conversation (RFC 5321), from the greeting to the end.

aiosmtpd gives the connection's life; the commands are our own, since its own take bare line ends, change
addresses, know no DSN and read DATA line by line (pitfall 38).

Guarantees: every reply has an enhanced code; nothing sent behind a refused DATA, before STARTTLS or beyond a
limit is ever run; a message is handed to the handler once, complete and clean; the handler is never
interrupted by the client's going away. Refuses what the next hop could not take before it is accepted.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from aiosmtpd.smtp import SMTP

from milter import log, metrics
from milter.relay.capabilities import Capabilities
from milter.relay.octets import clean
from milter.relay.reader import Reader
from milter.relay.reply import Reply
from milter.relay.session import SessionFacts
from milter.smtpd import transaction, xforward
from milter.smtpd.data import Incoming
from milter.smtpd.gate import Gate
from milter.smtpd.path import Refusal
from milter.smtpd.transaction import Transaction

_MAIL_OCTETS = 512 + 26 + 17 + 11 + 117 + 12  # with SIZE, BODY, SMTPUTF8, DSN, REQUIRETLS (RFC 1870 ... 8689)
_RCPT_OCTETS = 512 + 28 + 508  # with NOTIFY, ORCPT (RFC 3461 section 4)
_OCTETS = {b"MAIL": _MAIL_OCTETS, b"RCPT": _RCPT_OCTETS}  # all others 512 (RFC 5321 4.5.3.1.4)
_BUFFER = 8 * 1024  # of commands not yet read; twice that pauses the client
_REPLIES = 50  # gathered under PIPELINING before they are written
_BAD_COMMANDS = 10
_IDLE_COMMANDS = 200  # without a message: NOOP, RSET, EHLO and the like
_HANDSHAKE_SECONDS = 30.0
_HTTP = frozenset(
    {b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"PATCH", b"DELETE", b"TRACE", b"PRI"}
)
_AFTER_REFUSED_DATA = frozenset({b"RSET", b"QUIT", b"NOOP", b"EHLO", b"HELO"})

_OK = Reply(250, "2.0.0", "OK")
_BYE = Reply(221, "2.0.0", "Bye")
_GO = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
_HELO_FIRST = Reply(503, "5.5.1", "Say EHLO first")
_SEQUENCE = Reply(503, "5.5.1", "Not in this order")
_NO_ARGUMENT = Reply(501, "5.5.4", "The command takes no argument")
_CLOSING = Reply(421, "4.3.2", "Shutting down; try again soon")
_FAULT = Reply(451, "4.3.0", "Could not deal with the message now; try again")

_log = log.logger("smtpd")


class _Goodbye(Exception):  # noqa: N818  an end, not an error
    def __init__(self, reply: Reply | None) -> None:
        super().__init__()
        self.reply = reply


class Conversation(SMTP):
    """The protocol object of one connection."""

    def __init__(self, gate: Gate) -> None:
        # SMTP.__init__ is passed over: it inspects every attribute of itself and its handler anew for each
        # connection, which costs more than the rest of a small message.
        self.loop = asyncio.get_running_loop()
        self._input = Reader(limit=_BUFFER, loop=self.loop)
        asyncio.StreamReaderProtocol.__init__(self, self._input, self._cb_client_connected, self.loop)
        self.transport: Any = None
        self._original_transport = None
        self._handler_coroutine: asyncio.Task[None] | None = None
        self._handle_hooks: dict[str, Any] = {}
        self._timeout_handle: asyncio.TimerHandle | None = None
        self._timeout_duration = gate.settings.command_seconds
        self._gate = gate
        self._peer = ("", 0)
        self._client_name = ""
        self._offered: Capabilities | None = None  # what EHLO announced; None after HELO
        self._tls = ""
        self._forwarded: dict[str, str] = {}
        self._transaction: Transaction | None = None
        self._incoming: Incoming | None = None
        self._arrived: asyncio.Future[bool] | None = None
        self._replies: list[bytes] = []
        self._busy = False  # between DATA and the answer to the message
        self._data_refused = False
        self._bad = self._idle = 0

    # The connection's life.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; aiosmtpd starts `_handle_client`."""
        peer = transport.get_extra_info("peername") or ("", 0)
        self._peer = (str(peer[0]), int(peer[1]))
        self._gate.enter(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End. A message that the handler has is dealt with to its end (law 1)."""
        self._gate.leave(self)
        self._stop_timer()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None
        self._arrive(whole=False)

    def eof_received(self) -> bool:
        """Let a client that only stops sending have its answers."""
        self._input.feed_eof()
        self._arrive(whole=False)
        return not self._over_ssl  # a TLS transport can't be half closed

    def data_received(self, data: bytes) -> None:
        """Take octets: those of a message in bulk, commands by the reader."""
        incoming = self._incoming
        if incoming is None:
            self._input.feed_data(data)
            return
        before = incoming.held
        rest = incoming.feed(data)
        self._gate.hold(incoming.held - before)
        if not self._gate.has_room(incoming.held):
            self._gate.hold(-incoming.held)
            incoming.discard()
        if rest is not None:
            self._incoming = None
            if rest:
                self._input.feed_data(rest)
            self._arrive(whole=True)

    def stop(self) -> None:
        """End at the next chance: now, or after the message that is under way."""
        if not self._busy and self.transport is not None:
            self._end_with(_CLOSING)

    def _end_with(self, reply: Reply) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # the client reads nothing
            return
        self.transport.write(reply.wire)
        self.transport.close()

    def _timeout_cb(self) -> None:
        if self.transport is not None:
            self._end_with(Reply(421, "4.4.2", "Waited too long"))

    def _stop_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()

    def _arrive(self, *, whole: bool) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(whole)

    def _set_rset_state(self) -> None:
        self._transaction = None
        self._forwarded = {}

    # The conversation.

    async def _handle_client(self) -> None:
        try:
            await self._converse()
        except _Goodbye as end:
            if end.reply is not None:
                self._replies.append(end.reply.wire)
            with contextlib.suppress(ConnectionError):
                await self._flush()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except Exception:
            _log.exception("conversation-failed")
        finally:
            if self.transport is not None:
                self.transport.close()

    async def _converse(self) -> None:
        refusal = self._gate.refusal(self._peer[0])
        if refusal is not None:
            raise _Goodbye(refusal)
        self._replies.append(b"220 %s ESMTP\r\n" % self._gate.settings.hostname.encode("ascii", "replace"))
        while self.transport is not None:
            line = await self._next_line()
            self._reset_timeout()
            reply = await self._obey(line)
            if reply is not None:
                self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        self._replies.append(reply.wire)
        if reply.code == _SEQUENCE.code:
            self._idle += 1  # under PIPELINING a refused MAIL alone brings two of them
        elif 500 <= reply.code <= 504 or reply.code == 555:
            self._bad += 1
        if self._bad > _BAD_COMMANDS or self._idle > _IDLE_COMMANDS:
            raise _Goodbye(Reply(421, "4.7.0", "Too many errors or empty commands"))
        if self._gate.closing:
            raise _Goodbye(_CLOSING)

    async def _next_line(self) -> bytes:
        if b"\n" not in self._input.pending or len(self._replies) >= _REPLIES:
            await self._flush()
        try:
            line = await self._input.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise _Goodbye(Reply(500, "5.5.6", "The line is far too long")) from None
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            raise _Goodbye(Reply(521, "5.5.2", "A bare CR, bare LF or NUL in a command"))
        return line[:-2]

    async def _flush(self) -> None:
        if self._replies and self.transport is not None:
            self._writer.write(b"".join(self._replies))
            self._replies.clear()
            await self._writer.drain()

    async def _obey(self, line: bytes) -> Reply | None:
        verb, _, rest = line.partition(b" ")
        verb = verb.upper()
        if not verb:
            return Reply(500, "5.5.2", "An empty line")
        if verb in _HTTP or verb.endswith(b":") or not verb.isascii():
            raise _Goodbye(Reply(521, "5.7.0", "This is SMTP"))
        if self._data_refused and verb not in _AFTER_REFUSED_DATA:
            raise _Goodbye(Reply(421, "4.7.0", "DATA was refused; this may be the message itself"))
        self._data_refused = False
        if len(line) + 2 > _OCTETS.get(verb, 512):
            return Reply(500, "5.5.6", "The line is too long")
        command = _COMMANDS.get(verb)
        if command is None:
            return Reply(500, "5.5.1", "Not a command that is known here")
        try:
            return await command(self, rest.decode("utf-8").strip(" "))
        except UnicodeDecodeError:
            return Reply(501, "5.5.2", "The command is not UTF-8")
        except Refusal as refusal:
            return refusal.reply

    # Commands: each takes its argument and gives the reply.

    async def _ehlo(self, name: str) -> Reply:
        if not _is_name(name):
            return Reply(501, "5.5.4", "EHLO needs a host name or address")
        self._begin_anew(name)
        self._offered = self._gate.offered(secured=bool(self._tls))
        return Reply(250, "", "\n".join(self._announcement(self._offered)))

    async def _helo(self, name: str) -> Reply:
        if not _is_name(name):
            return Reply(501, "5.5.4", "HELO needs a host name")
        self._begin_anew(name)
        self._offered = None
        return Reply(250, "", self._gate.settings.hostname)

    def _begin_anew(self, name: str) -> None:
        self._idle += 1
        self._set_rset_state()
        self._client_name = name

    def _announcement(self, offered: Capabilities) -> list[str]:
        trusted = self._gate.rights(self._peer[0]).xforward
        lines = (
            (self._gate.settings.hostname, True),
            ("PIPELINING", True),
            (f"SIZE {self._gate.size_limit()}", True),
            ("8BITMIME", offered.eight_bit),
            ("SMTPUTF8", offered.smtputf8),
            ("DSN", offered.dsn),
            ("REQUIRETLS", offered.require_tls),
            ("STARTTLS", self._gate.tls is not None and not self._tls),
            ("XFORWARD " + " ".join(xforward.ATTRIBUTES), trusted),
            ("ENHANCEDSTATUSCODES", True),
        )
        return [line for line, given in lines if given]

    async def _mail(self, argument: str) -> Reply:
        if not self._client_name:
            return _HELO_FIRST
        if self._transaction is not None:
            return _SEQUENCE
        if self._gate.next_hop() is None:
            return Reply(451, "4.4.1", "The next mail server has not been reached yet; try again")
        limit = self._gate.size_limit()
        begun = transaction.begin(argument, self._offered, limit, secured=bool(self._tls))
        if not self._gate.has_room(0, begun.parameters.size):
            return Reply(452, "4.3.1", "Too many messages are under way; try again")
        self._transaction = begun
        return Reply(250, "2.1.0", "Sender OK")

    async def _rcpt(self, argument: str) -> Reply:
        if self._transaction is None:
            return _SEQUENCE
        self._transaction.add(argument, self._offered or Capabilities(), self._gate.settings.recipients)
        return Reply(250, "2.1.5", "Recipient OK")

    async def _data(self, argument: str) -> Reply:
        if argument or self._transaction is None or not self._transaction.recipients:
            if self._input.pending:  # it did not wait for 354: what follows is no command
                raise _Goodbye(Reply(503, "5.5.1", "DATA refused, and what was sent behind it not read"))
            self._data_refused = True
            return _NO_ARGUMENT if argument else _SEQUENCE
        self._busy = True
        try:
            return await self._receive(self._transaction)
        finally:
            self._busy = False
            self._idle = 0
            self._set_rset_state()

    async def _receive(self, begun: Transaction) -> Reply:
        incoming = await self._read_message()
        held = incoming.held
        try:
            refusal = self._judge(incoming)
            if refusal is not None:
                return refusal
            message = incoming.message()
            if not clean(message):
                metrics.add("sealgate_refused_data_total", "not-clean")
                return Reply(
                    550,
                    "5.6.11",
                    "The message has a bare CR, a bare LF or a NUL; send lines that end in CRLF",
                )
            metrics.add("sealgate_received_octets_total", by=len(message))
            return await self._deliver(begun, message)
        finally:
            self._gate.hold(-held)

    async def _read_message(self) -> Incoming:
        self._replies.append(_GO.wire)
        await self._flush()
        incoming = Incoming(self._gate.size_limit())
        early = self._input.take()
        self._arrived = self.loop.create_future()
        self._incoming = incoming
        self._reset_timeout(self._gate.settings.data_seconds)
        if early:
            self.data_received(early)
        if self._input.at_eof():
            self._arrive(whole=False)
        whole = await self._arrived
        self._incoming = None
        self._stop_timer()
        if not whole:
            self._gate.hold(-incoming.held)
            raise _Goodbye(None)
        return incoming

    def _judge(self, incoming: Incoming) -> Reply | None:
        if incoming.too_big:
            metrics.add("sealgate_refused_data_total", "too-big")
            return Reply(
                552,
                "5.3.4",
                f"The message is larger than the {self._gate.size_limit()} octets that are taken",
            )
        if incoming.discarded:
            metrics.add("sealgate_refused_data_total", "no-room")
            return Reply(452, "4.3.1", "Too many messages are under way; try again")
        return None

    async def _deliver(self, begun: Transaction, message: bytes) -> Reply:
        client = self._forwarded.get("ADDR") or self._peer[0]
        envelope = begun.envelope(client, self._forwarded.get("IDENT", ""))
        started = perf_counter()
        try:
            reply = await self._gate.handler.deliver(envelope, message, self._facts(begun))
        except Exception:
            _log.exception("deliver-failed", queue_id=envelope.queue_id)
            reply = _FAULT
        metrics.observe("sealgate_deliver_seconds", perf_counter() - started)
        metrics.add("sealgate_replies_total", str(reply.code)[0])
        return reply

    def _facts(self, begun: Transaction) -> SessionFacts:
        word = "SMTP" if self._offered is None else "UTF8SMTP" if begun.parameters.smtputf8 else "ESMTP"
        return SessionFacts(
            peer=self._peer[0],
            port=self._peer[1],
            helo=self._client_name,
            protocol=word + ("S" if self._tls and word != "SMTP" else ""),
            tls=self._tls,
            hostname=self._gate.settings.hostname,
            xforward=dict(self._forwarded),
            shared=self._gate.rights(self._peer[0]).shared,
        )

    async def _rset(self, argument: str) -> Reply:
        self._idle += 1
        if argument:
            return _NO_ARGUMENT
        self._set_rset_state()
        return _OK

    async def _noop(self, _argument: str) -> Reply:
        self._idle += 1
        return _OK

    async def _vrfy(self, _argument: str) -> Reply:
        self._idle += 1
        return Reply(252, "2.5.0", "Send the message and see")

    async def _quit(self, argument: str) -> Reply:
        if argument:
            return _NO_ARGUMENT
        raise _Goodbye(_BYE)

    async def _bdat(self, _argument: str) -> Reply:
        raise _Goodbye(Reply(503, "5.5.1", "BDAT is not offered, and what follows it is not read"))

    async def _xforward(self, argument: str) -> Reply:
        if not self._gate.rights(self._peer[0]).xforward:
            return Reply(550, "5.7.1", "XFORWARD is not for this client")
        if self._transaction is not None:
            return _SEQUENCE
        self._forwarded |= xforward.read(argument)
        return _OK

    async def _starttls(self, argument: str) -> Reply | None:
        if argument:
            return _NO_ARGUMENT
        if self._gate.tls is None or self._tls:
            return Reply(503, "5.5.1", "STARTTLS is not offered")
        if self._input.pending:  # injected, to be run as if it had come under TLS (RFC 3207 4.2)
            raise _Goodbye(Reply(503, "5.5.1", "Something was sent behind STARTTLS"))
        self._writer.write(b"".join([*self._replies, b"220 2.0.0 Begin TLS\r\n"]))
        self._replies.clear()
        await self._begin_tls(self._gate.tls)
        self._set_rset_state()
        self._client_name = ""
        return None

    async def _begin_tls(self, context: ssl.SSLContext) -> None:
        # Nothing is awaited between the look at what is pending and the change of protocol, so whatever is
        # pending after the handshake came under TLS.
        self._over_ssl = True  # now: an end of file within the handshake would be heard for ever
        transport = None
        try:
            transport = await self.loop.start_tls(
                self.transport, self, context, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
            secured = transport.get_extra_info("ssl_object") if transport else None
        except OSError:  # ssl.SSLError is one
            secured = None
        if transport is None or secured is None:
            self.connection_lost(None)  # asyncio tells nobody of a connection that ends within a handshake
            raise _Goodbye(None)
        self.transport = self._transport = transport
        self._input.move(transport)
        self._writer._transport = transport  # type: ignore[attr-defined]
        self._tls = f"{secured.version()} {secured.cipher()[0]}"


def _is_name(name: str) -> bool:
    return 0 < len(name) <= 255 and name.isascii() and name.isprintable() and " " not in name


_COMMANDS: dict[bytes, Callable[[Conversation, str], Awaitable[Reply | None]]] = {
    b"EHLO": Conversation._ehlo,
    b"HELO": Conversation._helo,
    b"MAIL": Conversation._mail,
    b"RCPT": Conversation._rcpt,
    b"DATA": Conversation._data,
    b"RSET": Conversation._rset,
    b"NOOP": Conversation._noop,
    b"VRFY": Conversation._vrfy,
    b"QUIT": Conversation._quit,
    b"BDAT": Conversation._bdat,
    b"XFORWARD": Conversation._xforward,
    b"STARTTLS": Conversation._starttls,
}
