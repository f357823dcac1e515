"""MTA-STS policies that hold: kept from their first sight until they expire, whatever DNS says since (RFC 8461).

A policy once seen is enforced until its max_age is over, so that who tampers with DNS can't take it away. It is kept
in the store too, so that a restart or another node forgets nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from milter.clock import Clock
from milter.routes.cache import Cache
from milter.routes.fetch import PolicyFetcher
from milter.routes.memory import Memory
from milter.routes.mta_sts import Mode, StsPolicy, record_id
from milter.routes.resolver import LookUpError, Resolver

AGAIN = 300.0  # seconds before a failed fetch is tried again (section 3.3)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A policy, by which id it was announced, and until when it holds."""

    policy: StsPolicy
    id: str
    until: float  # seconds since 1970


class Pins:
    """The policies of all domains that are written to."""

    def __init__(
        self, resolver: Resolver, fetcher: PolicyFetcher, memory: Memory, clock: Clock, entries: int
    ) -> None:
        self._resolver = resolver
        self._fetcher = fetcher
        self._memory = memory
        self._clock = clock
        self._kept: Cache[Pinned] = Cache(entries, self._now)
        self._failed: Cache[bool] = Cache(entries, self._now)

    async def policy(self, domain: str) -> StsPolicy | None:
        """Give the policy that holds for a domain now; None for none."""
        pinned = self._kept.get(domain) or await self._stored(domain)
        announced = await self._announced(domain)
        fresh = pinned is not None and pinned.id == announced and not self._half_over(pinned)
        if announced and not fresh and not self._failed.get(domain):
            pinned = await self._fetch(domain, announced) or pinned
        return pinned.policy if pinned is not None and pinned.policy.mode != "none" else None

    async def _announced(self, domain: str) -> str:
        try:
            found = await self._resolver.ask(f"_mta-sts.{domain}", "TXT")
        except LookUpError:
            return ""
        return record_id(tuple(b"".join(one.strings).decode("ascii", "replace") for one in found.values))

    async def _fetch(self, domain: str, announced: str) -> Pinned | None:
        policy = await self._fetcher.fetch(domain)
        if policy is None:
            self._failed.put(domain, value=True, seconds=AGAIN)
            return None
        pinned = Pinned(policy, announced, self._now() + policy.max_age)
        self._kept.put(domain, pinned, policy.max_age)
        known = {"mode": policy.mode, "age": policy.max_age, "hosts": list(policy.hosts)}
        self._memory.remember("mta-sts", domain, {**known, "id": pinned.id, "until": pinned.until})
        return pinned

    async def _stored(self, domain: str) -> Pinned | None:
        pinned = read(await self._memory.recall("mta-sts", domain))
        if pinned is None or pinned.until <= self._now():
            return None
        self._kept.put(domain, pinned, pinned.until - self._now())
        return pinned

    def _half_over(self, pinned: Pinned) -> bool:
        return self._now() > pinned.until - pinned.policy.max_age / 2

    def _now(self) -> float:
        return self._clock().timestamp()


def read(known: Mapping[str, Any] | None) -> Pinned | None:
    """Read what `remember` was given; None where it is of another form."""
    try:
        if known is None or known["mode"] not in get_args(Mode):
            return None
        policy = StsPolicy(known["mode"], int(known["age"]), tuple(map(str, known["hosts"])))
        return Pinned(policy, str(known["id"]), float(known["until"]))
    except (KeyError, TypeError, ValueError):
        return None
