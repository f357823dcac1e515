"""A whole gateway in the test's own process, with a capturing next hop on loopback: real SMTP, real children."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Parsed
from email.policy import default
from pathlib import Path
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP

from milter.cli.demonstration import PARTNERS
from milter.daemon import gateway
from milter.settings import load_settings, shipped_folder
from milter.smtpd.server import Server, bind
from milter.store import outbox
from milter.store.engine import Store

OFFICER = "amira.khan@borchester.gov.uk"
SCHOOL = "office@ambridge-primary.borchester.sch.uk"
PARENT = "dave.archer.family@hotmail.co.uk"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message at the next hop."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def parsed(self) -> Parsed:
        return message_from_bytes(self.raw, policy=default)


@dataclass(slots=True)
class Sink:
    """The next hop. `replies` are given to RCPT by address, '250 ok' for all else; `down` answers 451 to all."""

    arrived: list[Arrived] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    down: bool = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        reply = "451 4.3.0 later" if self.down else self.replies.get(address, "250 2.1.5 ok")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.down:
            return "451 4.3.0 later"
        raw = envelope.original_content
        self.arrived.append(Arrived(envelope.mail_from, tuple(envelope.rcpt_tos), raw))
        return "250 2.0.0 kept"

    def to(self, address: str) -> list[Arrived]:
        return [arrived for arrived in self.arrived if address in arrived.recipients]


@dataclass(slots=True)
class Running:
    """The gateway and what surrounds it."""

    folder: Path
    sink: Sink
    service: gateway.Gateway
    port: int

    @property
    def store(self) -> Store:
        return self.service.surroundings.store

    async def send(self, sender: str, recipients: list[str], raw: bytes, **options: Any) -> tuple[int, str]:
        """Send one message and give the reply to its DATA."""
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, start_tls=False)
        async with client:
            try:
                _, reply = await client.sendmail(sender, recipients, raw, **options)
            except aiosmtplib.SMTPRecipientsRefused as refused:
                return refused.recipients[0].code, refused.recipients[0].message
            except aiosmtplib.SMTPResponseException as error:
                return error.code, error.message
        return 250, reply

    async def settle(self) -> None:
        """Wait until the outbox has sent everything that is due now."""
        self.service.outbox.wake()
        await until(lambda: not self._pending(), self.service.outbox.wake)

    def _pending(self) -> bool:
        with self.store.read() as tx:
            return any(item.not_before <= tx.now for item in outbox.waiting(tx))


async def until(true: Callable[[], bool], wake: Callable[[], None] = lambda: None) -> None:
    """Wait for what the gateway does by itself, or on being woken."""
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(true):
            wake()
            await asyncio.sleep(0.02)  # nothing tells when


@asynccontextmanager
async def running(
    folder: Path, policy: str = "", settings: str = "", smtp: str = ""
) -> AsyncIterator[Running]:
    """Run a gateway whose policy has these lines put on top, and whose settings have these added."""
    async with capturing() as (sink, hop):
        configure(folder, hop, policy, settings, smtp=smtp)
        async with serving(folder, sink) as gateway_running:
            yield gateway_running


@asynccontextmanager
async def capturing() -> AsyncIterator[tuple[Sink, int]]:
    """Run a next hop that keeps everything; give it and its port."""
    sink = Sink()
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(sink, hostname="sink", enable_SMTPUTF8=True, data_size_limit=None), "127.0.0.1", 0
    )
    try:
        yield sink, listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


@asynccontextmanager
async def serving(folder: Path, sink: Sink, node: str = "test") -> AsyncIterator[Running]:
    """Run a gateway that is configured already."""
    service = await gateway.build(folder, 0, node)
    bound = bind("127.0.0.1:0")
    server = Server(load_settings(folder).smtp, service, service.capabilities)
    await server.start([bound])
    try:
        yield Running(folder, sink, service, bound.getsockname()[1])
    finally:
        await server.drain(2)
        await service.close()


def configure(
    folder: Path, hop: int, policy: str = "", settings: str = "", port: int = 0, smtp: str = ""
) -> None:
    """Write the shipped configuration with Borchester's partners, a store of its own and this next hop."""
    shutil.copytree(shipped_folder(), folder, dirs_exist_ok=True)
    shipped = (folder / "partners.toml").read_text(encoding="utf-8")
    families = shipped[shipped.index("# Whole families") :]
    (folder / "partners.toml").write_text(PARTNERS + families, encoding="utf-8")
    if policy:
        change(folder / "policy.toml", policy)
    (folder / "sealgate.toml").write_text(
        f'[smtp]\nlisten = ["127.0.0.1:{port}"]\nprocesses = 1\n{smtp}'
        f'[next-hop]\nhost = "127.0.0.1"\nport = {hop}\n'
        f'[store]\nurl = "sqlite:///{folder}/store.db"\nkey-file = "{folder}/store.key"\n'
        '[contact]\norganisation = "Borchester Borough Council"\ntelephone = "0118 496 0123"\n'
        'help-name = "the information governance team"\n'
        'help-address = "governance@borchester.gov.uk"\nnotices-address = "sealgate@borchester.gov.uk"\n'
        + (settings if "[dns]" in settings else f"{settings}[dns]\nenabled = false\n"),
        encoding="utf-8",
    )


def change(file: Path, lines: str) -> None:
    """Set top-level keys of a TOML file: a line 'key = value' takes the place of the shipped one."""
    text = file.read_text(encoding="utf-8")
    for line in lines.strip().splitlines():
        key = line.partition("=")[0].strip()
        old = next(one for one in text.splitlines() if one.startswith(f"{key} ="))
        text = text.replace(old, line, 1)
    file.write_text(text, encoding="utf-8")
