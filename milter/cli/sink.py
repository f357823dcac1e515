"""A next hop that keeps what it is given, for the demonstration: nothing leaves the machine."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as it arrived."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass(slots=True)
class Sink:
    """Takes every message and keeps the last ones in memory."""

    arrived: list[Arrived] = field(default_factory=list)
    most: int = 1_000

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's name
        """Keep a message (aiosmtpd calls this)."""
        self.arrived.append(Arrived(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        del self.arrived[: -self.most]
        return "250 2.0.0 kept"


async def listening(sink: Sink, host: str, port: int) -> asyncio.Server:
    """Have the sink listen on the running event loop."""

    def conversation() -> SMTP:
        return SMTP(sink, hostname="sink", enable_SMTPUTF8=True, data_size_limit=None, decode_data=False)

    return await asyncio.get_running_loop().create_server(conversation, host, port)
