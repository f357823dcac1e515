"""Evidence of the way to each recipient, put into people before they are judged (E4).

Guarantees: a message waits for look-ups no longer than the deadline, all of them together, and not at all where the
evidence could change nothing or DNS is known to be dead; what is late or failed is 'unknown', which the policy
answers with the safer demand. One look-up for each domain at a time; what was found is kept as long as it holds.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from milter import log
from milter.clock import Clock
from milter.message.model import Message
from milter.message.text import unfold
from milter.policy.model import People, Person
from milter.policy.policy import Policy
from milter.routes.cache import Cache
from milter.routes.exchangers import HOST
from milter.routes.health import Health
from milter.routes.look import FAILED, Looker
from milter.routes.matters import matters
from milter.routes.memory import Memory
from milter.routes.way import Way
from milter.settings import Dns

SLOW = 0.5  # seconds after which a look-up makes one doubt that DNS is there
HOPELESS = 30.0  # seconds after which a look-up is given up, long after everybody stopped waiting
MOST_WAITING = 2_000  # domains that are looked up or wait for it
MOST_AT_ONCE = 50  # look-ups under way, each with a handful of questions
DECIDED_FOR = 86_400.0  # seconds that it is remembered for whom evidence matters under a policy
REFUSED_FOR = 3600.0  # seconds that a verified connection which could not be had is remembered

_log = log.logger("routes")


class Routes:
    """The evidence of one gateway process."""

    def __init__(
        self,
        settings: Dns,
        looker: Looker,
        health: Health,
        memory: Memory,
        policy: Callable[[], Policy],
        clock: Clock,
        *,
        enforced: bool,
    ) -> None:
        """`enforced`: there is a next hop that delivers over verified TLS or not at all."""
        now = asyncio.get_running_loop().time
        self._settings = settings
        self._looker = looker
        self._health = health
        self._memory = memory
        self._policy = policy
        self._clock = clock
        self._enforced = enforced
        self._known: Cache[Way] = Cache(settings.cache_entries, now)
        self._refused: Cache[bool] = Cache(settings.cache_entries, now)
        self._matters: Cache[bool] = Cache(1_000, now)
        self._under_way: dict[str, asyncio.Task[Way]] = {}
        self._free = asyncio.Semaphore(MOST_AT_ONCE)

    async def find(self, people: People, message: Message) -> People:
        """Give the people with the evidence of the way to each."""
        policy = self._policy()
        wanted = {p.domain for p in people.recipients if self._is_wanted(people.sender, p, policy)}
        if not wanted:
            return people
        ways = await self.ways(wanted)
        optional = tls_not_required(message)
        recipients = tuple(self._with_route(person, ways, optional=optional) for person in people.recipients)
        return replace(people, recipients=recipients)

    async def way(self, domain: str) -> Way:
        """Give what is known of the way to one domain, within the deadline."""
        return (await self.ways({domain}))[domain]

    async def ways(self, domains: Iterable[str]) -> Mapping[str, Way]:
        """Give what is known of the ways to some domains, all within one deadline."""
        known: dict[str, Way] = {}
        waiting: dict[str, asyncio.Task[Way]] = {}
        for domain in domains:
            way = self._at_hand(domain)
            if way is None:
                waiting[domain] = self._looking(domain)
            else:
                known[domain] = way
        if waiting:
            await self._wait(set(waiting.values()))
        for domain, task in waiting.items():
            known[domain] = task.result() if task.done() else self._late(domain)
        return known

    def tried(self, domain: str, refused: bool) -> None:
        """Take note of whether the next hop that enforces could deliver to a domain, as far as it says at once."""
        if refused or self._refused.get(domain):
            self._refused.put(domain, refused, REFUSED_FOR)
            self._memory.remember("refused", domain, {"at": self._clock().timestamp() if refused else 0})

    async def close(self) -> None:
        """Give up what is under way."""
        await self._health.close()
        for task in tuple(self._under_way.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _is_wanted(self, sender: Person, person: Person, policy: Policy) -> bool:
        if person.route == "internal" or not person.domain:
            return False
        name = f"{policy.hash} {sender.kind} {person.kind} {person.partner.route if person.partner else ''}"
        known = self._matters.get(name)
        if known is None:
            known = matters(sender, person, policy)
            self._matters.put(name, known, DECIDED_FOR)
        return known

    def _with_route(self, person: Person, ways: Mapping[str, Way], *, optional: bool) -> Person:
        if person.domain not in ways or person.route == "internal":
            return person
        evidence = ways[person.domain].evidence
        refused = bool(self._refused.get(person.domain))
        if evidence == "verified-tls" and (optional or refused or not self._enforced):
            evidence = "opportunistic"  # such a connection may be had, but nothing would see to it
        elif evidence == "unknown" and (optional or refused):
            evidence = "opportunistic"
        return replace(person, route=evidence)

    def _at_hand(self, domain: str) -> Way | None:
        if not HOST.fullmatch(domain):
            return Way("none", why="it is no domain name")
        way = self._known.get(domain)
        if way is None and self._health.dead:
            return Way(why="DNS does not answer")
        if way is None and domain not in self._under_way and len(self._under_way) >= MOST_WAITING:
            return Way(why="too many look-ups are under way")
        return way

    def _looking(self, domain: str) -> asyncio.Task[Way]:
        """Give the one look-up of a domain that is under way, begun where there is none."""
        if domain not in self._under_way:
            task = asyncio.get_running_loop().create_task(self._look(domain))
            self._under_way[domain] = task
            task.add_done_callback(lambda _: self._under_way.pop(domain, None))
        return self._under_way[domain]

    async def _look(self, domain: str) -> Way:
        try:
            async with asyncio.timeout(HOPELESS), self._free:
                await self._recall_refusal(domain)
                way = await self._looker.look(domain)
        except TimeoutError:
            way = Way(why="the look-up took too long", seconds=FAILED)
        except Exception:  # the edge of a look-up: a fault in it must not keep mail from being answered
            _log.exception("look-up-fault")
            way = Way(why="the look-up failed", seconds=FAILED)
        self._known.put(domain, way, way.seconds)
        return way

    async def _recall_refusal(self, domain: str) -> None:
        known = await self._memory.recall("refused", domain)
        at = known.get("at", 0) if known else 0
        left = REFUSED_FOR - (self._clock().timestamp() - at) if isinstance(at, int | float) else 0
        if left > 0:
            self._refused.put(domain, value=True, seconds=min(left, REFUSED_FOR))

    async def _wait(self, tasks: set[asyncio.Task[Way]]) -> None:
        """Wait until all are done, the deadline is over, or DNS turns out to be dead."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.deadline_seconds
        _, pending = await asyncio.wait(tasks, timeout=min(SLOW, self._settings.deadline_seconds))
        if pending:
            await self._health.check(max(0.0, end - loop.time()))
        if pending and not self._health.dead:
            await asyncio.wait(pending, timeout=max(0.0, end - loop.time()))

    def _late(self, domain: str) -> Way:
        """Go on without an answer, and let nobody wait for this domain again until there is one."""
        way = Way(why="the look-up took too long", seconds=FAILED)
        self._known.put(domain, way, way.seconds)
        return way


def tls_not_required(message: Message) -> bool:
    """Whether the message itself lets servers on its way go without TLS (TLS-Required: no, RFC 8689 section 5).

    The field stays where it is; a connection that must be verified can't rest on servers that heed it.
    """
    values = (unfold(f.value).strip().lower() for f in message.fields if f.name == "tls-required")
    return any(value == b"no" for value in values)
