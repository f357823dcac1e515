"""What is known of the way to a domain, put together from DANE, MTA-STS and, where asked for, a greeting.

DANE comes first (RFC 8461 section 2), then a policy that is enforced, then what the server itself showed. What only
a guess says is 'unknown'. Failures are evidence too, and never the better one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from milter.routes.exchangers import Exchangers, addresses, dane_of, exchangers
from milter.routes.fetch import MayReach, is_public
from milter.routes.mta_sts import StsPolicy, matches, names
from milter.routes.pins import Pins
from milter.routes.resolver import LookUpError, Resolver
from milter.routes.way import Way

LEAST, MOST = 60.0, 3600.0  # seconds that evidence is believed
FAILED = 30.0  # and that a failure is

Shown = Literal["none", "tls", "verified"]  # no STARTTLS; TLS; TLS with a certificate that names the host
Greet = Callable[[str, str], Awaitable[Shown | None]]  # address and name that the certificate must bear


class Looker:
    """Looks up the way to a domain, for one event loop."""

    def __init__(
        self, resolver: Resolver, pins: Pins, greet: Greet | None = None, may_reach: MayReach = is_public
    ) -> None:
        self._resolver = resolver
        self._pins = pins
        self._greet = greet
        self._may_reach = may_reach

    async def look(self, domain: str) -> Way:
        """Give what is known of the way to a domain; never raises for what DNS or a server does."""
        policy_task = asyncio.ensure_future(self._pins.policy(domain))
        try:
            found = await exchangers(domain, self._resolver)
        except LookUpError:
            return _unreachable(await policy_task)
        if not found.hosts:
            await policy_task
            return Way("none", why=found.why_none, seconds=_bounded(found.seconds))
        dane = await dane_of(found, self._resolver)
        policy = await policy_task
        seconds = _bounded(found.seconds)
        if "usable" in dane:
            return Way("verified-tls", "dane", why="DANE names its servers' certificates", seconds=seconds)
        if policy is not None and policy.mode == "enforce":
            return _by_policy(policy, found, seconds)
        if set(dane) == {"failed"}:
            return Way(why="its DANE records can't be had", seconds=FAILED)
        hinted = policy is not None or "unusable" in dane
        return await self._shown(domain, found, seconds, hinted=hinted)

    async def _shown(self, domain: str, found: Exchangers, seconds: float, *, hinted: bool) -> Way:
        """Go by what the most preferred server shows, where it may be greeted, else by hints."""
        host = found.hosts[0]
        name = host if found.secure else domain  # who forges MX records has a certificate for his own host
        shown = await self._greeting(host, name) if self._greet else None
        if shown == "verified":
            match = (host,) if found.secure else ()
            return Way("verified-tls", "certificate", match, "its server's certificate holds", seconds)
        if shown == "tls" or (shown is None and hinted):
            return Way("opportunistic", why="its server offers TLS that nothing verifies", seconds=seconds)
        if shown == "none":
            return Way("none", why="its server offers no TLS", seconds=seconds)
        return Way(why="nothing says how safe its servers are", seconds=seconds)

    async def _greeting(self, host: str, name: str) -> Shown | None:
        assert self._greet is not None
        try:
            reachable = [a for a in await addresses(host, self._resolver) if self._may_reach(a)]
        except LookUpError:
            return None
        return await self._greet(reachable[0], name) if reachable else None


def _unreachable(policy: StsPolicy | None) -> Way:
    """Nothing could be looked up; a policy that holds is enforced all the same."""
    if policy is not None and policy.mode == "enforce":
        return Way("unknown", "mta-sts", matches(policy), "its servers can't be looked up", FAILED)
    return Way(why="its servers can't be looked up", seconds=FAILED)


def _by_policy(policy: StsPolicy, found: Exchangers, seconds: float) -> Way:
    if any(names(policy, host) for host in found.hosts):
        why = "its MTA-STS policy names its servers"
        return Way("verified-tls", "mta-sts", matches(policy), why, seconds)
    why = "none of its servers is named by its MTA-STS policy"
    return Way("none", "mta-sts", matches(policy), why, LEAST)


def _bounded(seconds: float) -> float:
    return max(LEAST, min(seconds, MOST))
