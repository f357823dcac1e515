"""Builds what finds evidence of routes in one gateway process, and wires it to the store and to SMTP."""

import asyncio
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

from milter import log
from milter.clock import utc_now
from milter.errors import SealgateError, StoreError
from milter.policy.policy import Policy
from milter.routes.fetch import PolicyFetcher, is_public
from milter.routes.health import Health
from milter.routes.look import Greet, Looker
from milter.routes.memory import About, Memory
from milter.routes.pins import Pins
from milter.routes.resolver import Resolver
from milter.routes.routes import Routes
from milter.routes.socketmap import Socketmap
from milter.settings import Settings
from milter.store import learnt
from milter.store.engine import Store

_log = log.logger("routes")


class StoreMemory:
    """What is remembered of domains in the store, sealed, under keyed digests of their names (law 8)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def recall(self, about: About, domain: str) -> Mapping[str, Any] | None:
        """Give what was remembered last; None for nothing, and where the store can't be read."""

        def look() -> Mapping[str, Any] | None:
            with self._store.read() as tx:
                found = learnt.look(tx, _kind(about), domain)
                return self._opened(about, domain, found.known) if found else None

        try:
            return await asyncio.to_thread(look)
        except StoreError:
            return None

    def remember(self, about: About, domain: str, known: Mapping[str, Any]) -> None:
        """Have it kept; a store that can't be written forgets."""
        vault = self._store.vault
        sealed = vault.seal("route", _place(about, domain), json.dumps(known, default=list).encode())
        kept = {"sealed": b64encode(sealed).decode()}
        try:
            future = self._store.submit(lambda tx: learnt.see(tx, _kind(about), (domain,), kept))
        except StoreError:
            return
        future.add_done_callback(lambda done: done.exception())

    def _opened(self, about: About, domain: str, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        sealed = b64decode(str(kept.get("sealed", "")))
        known: Mapping[str, Any] = json.loads(self._store.vault.open("route", _place(about, domain), sealed))
        return known


def _place(about: About, domain: str) -> str:
    return f"learnt/{_kind(about)}/{domain}"


def _kind(about: About) -> str:
    return f"route {about}"


class Ways:
    """The evidence of one gateway process with all that it is made of."""

    def __init__(
        self, routes: Routes, fetcher: PolicyFetcher | None = None, socketmap: Socketmap | None = None
    ) -> None:
        self.routes = routes
        self._fetcher = fetcher
        self._socketmap = socketmap

    async def close(self) -> None:
        """Let go of everything."""
        if self._socketmap is not None:
            await self._socketmap.close()
        await self.routes.close()
        if self._fetcher is not None:
            await self._fetcher.close()


async def build(
    settings: Settings,
    memory: Memory,
    policy: Callable[[], Policy],
    greet: Greet | None = None,
    *,
    answering: bool = True,
) -> Ways | None:
    """Build it; None where evidence is not asked for. Raises SealgateError where the socketmap has no port.

    `greet` is how a server is probed, where `dns.probe` asks for it (`milter.daemon.greeting`); `answering`:
    Postfix may ask at `dns.socketmap`.
    """
    dns = settings.dns
    if not dns.enabled:
        return None
    resolver = Resolver(dns.servers, trusted=dns.trusted)
    may_reach = _anywhere if dns.private else is_public
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    fetcher = PolicyFetcher(resolver, context, may_reach)
    pins = Pins(resolver, fetcher, memory, utc_now, dns.cache_entries)
    looker = Looker(resolver, pins, greet if dns.probe else None, may_reach)
    enforced = settings.secure_next_hop is not None
    routes = Routes(dns, looker, Health(resolver), memory, policy, utc_now, enforced=enforced)
    socketmap = Socketmap(routes) if dns.socketmap and answering else None
    if socketmap is not None:
        host, _, port = dns.socketmap.rpartition(":")
        try:
            await socketmap.listen(host.strip("[]"), int(port))
        except OSError as error:
            words = f"dns.socketmap {dns.socketmap} can't be listened at: {error.strerror}."
            raise SealgateError(words) from error
    return Ways(routes, fetcher, socketmap)


def _anywhere(_address: str) -> bool:
    return True
