"""What the tests of the receiving side share: a handler that only keeps what it is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from milter.message.envelope import Envelope
from milter.relay.capabilities import Capabilities
from milter.relay.reply import Reply
from milter.relay.session import SessionFacts
from milter.smtpd.server import Server

TAKEN = Reply(250, "2.0.0", "Taken")
EVERYTHING = Capabilities(eight_bit=True, smtputf8=True, dsn=True)


@dataclass
class Keeper:
    """Keeps every message and answers as it is told to."""

    reply: Reply = TAKEN
    mail: list[tuple[Envelope, bytes, SessionFacts]] = field(default_factory=list)

    async def deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        self.mail.append((envelope, raw, session))
        return self.reply


@dataclass
class Running:
    server: Server
    keeper: Any
    port: int


Start = Callable[..., Awaitable[Running]]
