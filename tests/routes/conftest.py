"""DNS, policies by HTTPS and mail servers on loopback, and evidence that is looked for there."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from milter.policy.policy import Policy
from milter.routes.fetch import PolicyFetcher
from milter.routes.health import Health
from milter.routes.look import Greet, Looker
from milter.routes.memory import Forgetful, Memory
from milter.routes.pins import Pins
from milter.routes.resolver import Resolver
from milter.routes.routes import Routes
from milter.settings import Dns
from tests.policy.conftest import policy_in
from tests.routes.nameserver import Nameserver
from tests.smtp import certificate

POLICY = "version: STSv1\nmode: enforce\nmx: mx1.school.example\nmx: *.backup.example\nmax_age: 86400\n"
HOSTS = ("mta-sts.school.example", "mx1.school.example", "school.example")


class Kept:
    """A memory like the store's, that outlives what uses it."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Mapping[str, Any]] = {}

    async def recall(self, about: str, domain: str) -> Mapping[str, Any] | None:
        return self.known.get((about, domain))

    def remember(self, about: str, domain: str, known: Mapping[str, Any]) -> None:
        self.known[about, domain] = known


class Clock:
    """A clock that is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class PolicyHost:
    """An HTTPS server that gives policies: raw answers by host."""

    context: ssl.SSLContext
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    endless: bool = False
    sent: int = 0  # octets of what does not end
    port: int = 0

    def serve(
        self, host: str, text: str, status: str = "200 OK", more: str = "Content-Type: text/plain"
    ) -> None:
        body = text.encode()
        head = f"HTTP/1.1 {status}\r\n{more}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.answers[host] = head.encode() + body

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
            self.asked.append(f"{head.split()[1]} {host}")
            writer.write(self.answers.get(host, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
            while self.endless:
                writer.write(b"mx: a.example\n" * 1000)
                self.sent += 14_000
                await writer.drain()
            await writer.drain()
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class Bed:
    """All of it, and the evidence under test."""

    dns: Nameserver
    https: PolicyHost
    clock: Clock
    trust: ssl.SSLContext
    policy: Policy
    closing: list[Routes] = field(default_factory=list)

    def resolver(self, *, trusted: bool = True) -> Resolver:
        return Resolver(("127.0.0.1",), trusted=trusted, port=self.dns.port)

    def fetcher(self, may_reach: Callable[[str], bool] = lambda _: True) -> PolicyFetcher:
        return PolicyFetcher(self.resolver(), self.trust, may_reach, self.https.port)

    def looker(
        self, memory: Memory | None = None, greet: Greet | None = None, *, trusted: bool = True
    ) -> Looker:
        resolver = self.resolver(trusted=trusted)
        pins = Pins(resolver, self.fetcher(), memory or Forgetful(), self.clock, 100)
        return Looker(resolver, pins, greet, lambda _: True)

    def routes(
        self,
        settings: Dns | None = None,
        memory: Memory | None = None,
        *,
        enforced: bool = True,
        ask_again: float = 60.0,
    ) -> Routes:
        memory = memory or Forgetful()
        health = Health(self.resolver(), ask_again)
        routes = Routes(
            settings or Dns(deadline_seconds=5.0),
            self.looker(memory),
            health,
            memory,
            lambda: self.policy,
            self.clock,
            enforced=enforced,
        )
        self.closing.append(routes)
        return routes

    def school(self) -> None:
        """Serve a domain with two mail servers and no promise about them."""
        self.dns.add("school.example", "MX", "20 mx2.school.example.", "10 mx1.school.example.")
        for host in ("mx1.school.example", "mx2.school.example", "mta-sts.school.example"):
            self.dns.add(host, "A", "127.0.0.1")

    def announce(self, ident: str = "20261101", policy: str = POLICY) -> None:
        """Serve an MTA-STS policy for it."""
        self.dns.records["_mta-sts.school.example", "TXT"] = [f'"v=STSv1; id={ident};"']
        self.https.serve("mta-sts.school.example", policy)


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """Give the shipped policy over the policy tests' partners."""
    return policy_in(tmp_path_factory.mktemp("policy"))


@pytest.fixture
async def bed(tmp_path: Path, policy: Policy) -> AsyncIterator[Bed]:
    """Give DNS and HTTPS on loopback, empty but for what a test adds."""
    files = certificate.make(tmp_path, *HOSTS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    https = PolicyHost(context)
    server = await asyncio.start_server(https.talk, "127.0.0.1", 0, ssl=context)
    https.port = server.sockets[0].getsockname()[1]
    async with Nameserver() as dns:
        bed = Bed(dns, https, Clock(), ssl.create_default_context(cafile=str(files[0])), policy)
        yield bed
        for routes in bed.closing:
            await routes.close()
    server.close()
