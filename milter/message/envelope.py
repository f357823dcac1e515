"""The SMTP envelope: who a message is truly from and for, whatever its headers say (RFC 5321 2.3.1)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT TO with its DSN parameters (RFC 3461 section 4)."""

    address: str  # as given, without the angle brackets
    notify: tuple[str, ...] = ()  # NEVER, or some of SUCCESS FAILURE DELAY; empty where not given
    orcpt: str | None = None  # byte-exact as given: 'rfc822;bob@example.org' in xtext


@dataclass(frozen=True, slots=True)
class Envelope:
    """MAIL FROM and every RCPT TO, with the parameters that must reach the next hop."""

    sender: str  # '' is the null reverse-path: never answer it
    recipients: tuple[Recipient, ...]
    body: str | None = None  # '7BIT' or '8BITMIME' as the client declared it (RFC 6152)
    smtputf8: bool = False  # RFC 6531
    ret: str | None = None  # 'FULL' or 'HDRS' (RFC 3461)
    envid: str | None = None  # byte-exact xtext
    require_tls: bool = False  # RFC 8689
    client: str = ""  # address of the peer, or what a trusted peer's XFORWARD ADDR says
    queue_id: str = ""  # the upstream server's queue id (XFORWARD IDENT), for one trail through all logs
