"""What all conversations of one process share: who may speak, what is offered, and how much is under way.

Guarantees that only configured networks relay, and that the octets of all messages on their way in stay
within one budget, whatever the number of clients.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from milter import log, metrics
from milter.message.envelope import Envelope
from milter.relay.capabilities import Capabilities
from milter.relay.reply import Reply
from milter.relay.session import SessionFacts
from milter.settings import Smtp

# Of messages being received or dealt with, in one process. Each octet costs about three at its peak (as it came, as
# it is inspected, as it leaves), so that a process stays below 400 MB (docs/reliability.md).
IN_FLIGHT_OCTETS = 64 * 1024 * 1024

_log = log.logger("smtpd")


class Handler(Protocol):
    """What is done with a message; its reply is the client's answer (law 1: 2xx only when all is settled)."""

    async def deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        """Deal with one message; `raw` is clean in the sense of `octets.clean`, dots undone."""
        ...


@dataclass(frozen=True, slots=True)
class Rights:
    """What a peer may do by its address."""

    relay: bool
    xforward: bool
    shared: bool = False  # others use this peer too: each message must prove that it is ours


class _Stoppable(Protocol):
    def stop(self) -> None: ...


class Gate:
    """The door of one process. Everything here runs on its one event loop."""

    def __init__(
        self, settings: Smtp, handler: Handler, capabilities: Callable[[], Capabilities | None]
    ) -> None:
        self.settings = settings
        self.handler = handler
        self.next_hop = capabilities
        self._tls = tls_context(settings)
        self._tls_files = _changed_at(settings)
        self.closing = False
        self.emptied = asyncio.Event()  # closed, and all have left
        self._open: set[_Stoppable] = set()
        self._held = 0
        relay, xforward = _networks(settings.networks), _networks(settings.xforward_networks)
        shared = _networks(settings.shared_networks)

        def rights(peer: str) -> Rights:
            own = _within(peer, relay)
            others = not own and _within(peer, shared)
            return Rights(own or others, _within(peer, xforward), others)

        self.rights = lru_cache(1024)(rights)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The server's TLS context, None without a certificate. A renewed certificate is taken up by itself."""
        files = _changed_at(self.settings) if self._tls is not None else self._tls_files
        if files != self._tls_files:
            self._tls_files = files
            try:
                self._tls = tls_context(self.settings)
            except (
                OSError
            ):  # half written, or certificate and key that do not fit: look again when they change
                _log.error("certificate-unusable", file=self.settings.tls_certificate)
            else:
                _log.info("certificate-renewed", file=self.settings.tls_certificate)
        return self._tls

    def enter(self, conversation: "_Stoppable") -> None:
        """Count a conversation in."""
        self._open.add(conversation)
        metrics.add("sealgate_connections")

    def leave(self, conversation: "_Stoppable") -> None:
        """Count it out, however often it says so."""
        if conversation in self._open:
            self._open.remove(conversation)
            metrics.add("sealgate_connections", by=-1)
        self._look_whether_empty()

    def refusal(self, peer: str) -> Reply | None:
        """Say why a peer that has just come in can't stay; None where it can."""
        outcome, reply = self._at_the_door(peer)
        metrics.add("sealgate_connections_total", outcome)
        return reply

    def _at_the_door(self, peer: str) -> tuple[str, Reply | None]:
        if not self.rights(peer).relay:
            return "not-allowed", Reply(554, "5.7.1", "No mail is taken from this address")
        if self.closing or len(self._open) > self.settings.connections:
            return "too-many", Reply(421, "4.3.2", "Too many connections; try again soon")
        return "taken", None

    def close(self) -> None:
        """Let nobody in any more, and ask all to leave after what they have under way."""
        self.closing = True
        for conversation in tuple(self._open):
            conversation.stop()
        self._look_whether_empty()

    def _look_whether_empty(self) -> None:
        if self.closing and not self._open:
            self.emptied.set()

    def offered(self, *, secured: bool) -> Capabilities:
        """Give what EHLO announces: what the next hop offers.

        While that was never reached, all is announced and MAIL answered 451: a client that misses SMTPUTF8
        would return the message to its sender, one that misses 8BITMIME would rewrite it.
        """
        known = self.next_hop() or Capabilities(eight_bit=True, smtputf8=True, dsn=True)
        return replace(known, require_tls=known.require_tls and secured)

    def size_limit(self) -> int:
        """Octets of a message at most: our own limit or the next hop's, whichever is less."""
        offered = self.next_hop()
        return (
            min(self.settings.size_bytes, offered.size)
            if offered and offered.size
            else self.settings.size_bytes
        )

    def has_room(self, own: int, more: int = 0) -> bool:
        """Say whether a message that holds `own` octets may take `more`; one that is alone always may."""
        return self._held == own or self._held + more <= max(IN_FLIGHT_OCTETS, self.settings.size_bytes)

    def hold(self, octets: int) -> None:
        """Count octets that are held; a negative number lets them go."""
        self._held += octets
        metrics.add("sealgate_in_flight_octets", by=octets)


def tls_context(settings: Smtp) -> ssl.SSLContext | None:
    """Make the server's TLS context, None without a certificate. TLS 1.2 at least."""
    if not settings.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_certificate, settings.tls_key or None)
    return context


def _changed_at(settings: Smtp) -> tuple[int, ...]:
    """Say when the files of certificate and key were last changed; a file that is just not there is 0."""
    names = [name for name in (settings.tls_certificate, settings.tls_key) if name]
    return tuple(Path(name).stat().st_mtime_ns if Path(name).exists() else 0 for name in names)


def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _within(peer: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)
