"""How long a message waits for evidence of its recipients' ways: known, looked up, DNS slow, DNS dead.

    python benchmarks/routes_bench.py [--messages 2000]

A name server of the tests' own answers on loopback, so the figures are the program's and not a network's. The
deadline is the shipped one. Times are of the wall; CPU is of this process, with the name server's in it where one
is asked.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from ssl import create_default_context
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from milter.message.envelope import Envelope, Recipient
from milter.message.parse import parse
from milter.policy.model import People
from milter.policy.partners import people
from milter.policy.policy import Policy
from milter.routes.fetch import PolicyFetcher
from milter.routes.health import Health
from milter.routes.look import Looker
from milter.routes.memory import Forgetful
from milter.routes.pins import Pins
from milter.routes.resolver import Resolver
from milter.routes.routes import Routes
from milter.settings import Dns
from tests.policy.conftest import policy_in
from tests.routes.nameserver import Nameserver

SENDER = "ann@borchester.gov.uk"
DEADLINE = Dns().deadline_seconds
MESSAGE = parse(b"From: ann@borchester.gov.uk\r\nSubject: Fair\r\n\r\nSaturday.\r\n")
SCHOOLS = 500


class Bench:
    """Evidence over one name server."""

    def __init__(self, server: Nameserver, policy: Policy) -> None:
        self.policy = policy
        self._server = server
        resolver = Resolver(("127.0.0.1",), trusted=True, port=server.port)
        self._fetcher = PolicyFetcher(resolver, create_default_context())
        pins = Pins(resolver, self._fetcher, Forgetful(), lambda: datetime.now(UTC), 10_000)
        looker, health = Looker(resolver, pins), Health(resolver)
        self.routes = Routes(
            Dns(), looker, health, Forgetful(), lambda: policy, lambda: datetime.now(UTC), enforced=True
        )

    def to(self, *schools: int) -> People:
        """Give an officer who writes to these schools."""
        recipients = tuple(Recipient(f"office@school{n}.sch.uk") for n in schools)
        return people(Envelope(SENDER, recipients), self.policy)

    async def find(self, persons: People) -> None:
        """Do what the gateway does for each message."""
        await self.routes.find(persons, MESSAGE)

    async def close(self) -> None:
        """Let go of it."""
        await self.routes.close()
        await self._fetcher.close()


async def timed(name: str, times: int, work: Callable[[int], Awaitable[None]]) -> None:
    """Print the times of some runs, one after the other."""
    spent, cpu = [], process_time()
    for n in range(times):
        start = perf_counter()
        await work(n)
        spent.append(1000 * (perf_counter() - start))
    cpu = 1000 * (process_time() - cpu) / times
    spent.sort()
    median, slow, worst = statistics.median(spent), spent[int(0.99 * (times - 1))], spent[-1]
    print(f"{name:<58} {times:>6} {median:>10.3f} {slow:>10.3f} {worst:>10.3f} {cpu:>9.3f}", flush=True)
    assert worst < 1000 * DEADLINE + 500, "beyond the deadline"


def serve_schools(server: Nameserver) -> None:
    """Serve many domains, every second of them with DANE."""
    server.signed.add("sch.uk")
    for n in range(SCHOOLS):
        server.add(f"school{n}.sch.uk", "MX", f"10 mx.school{n}.sch.uk.")
        server.add(f"mx.school{n}.sch.uk", "A", "127.0.0.1")
        if n % 2:
            server.add(f"_25._tcp.mx.school{n}.sch.uk", "TLSA", f"3 1 1 {'ab' * 32}")


async def run(messages: int, policy: Policy) -> None:
    """Measure everything."""
    print(f"deadline {DEADLINE} s; milliseconds for each message; one after the other")
    print(f"{'':<58} {'runs':>6} {'median':>10} {'99 %':>10} {'worst':>10} {'CPU':>9}")
    async with Nameserver() as server:
        serve_schools(server)
        bench = Bench(server, policy)
        one, ten, many = bench.to(1), bench.to(*range(10)), bench.to(*range(SCHOOLS))
        colleague = people(Envelope(SENDER, (Recipient("jill@borchester.gov.uk"),)), policy)
        await timed("never seen before, one recipient", SCHOOLS, lambda n: bench.find(bench.to(n)))
        await timed("known, one recipient", messages, lambda _: bench.find(one))
        await timed("known, ten recipients of ten domains", messages, lambda _: bench.find(ten))
        await timed(f"known, {SCHOOLS} recipients of {SCHOOLS} domains", 50, lambda _: bench.find(many))
        await timed("a colleague, whose way matters to nothing", messages, lambda _: bench.find(colleague))
        await bench.close()
        fresh = Bench(server, policy)
        await timed(f"never seen before, {SCHOOLS} domains at once", 1, lambda _: fresh.find(many))
        await fresh.close()
    async with Nameserver(silent={f"slow{n}.sch.uk" for n in range(3)}) as server:
        serve_schools(server)
        slow = Bench(server, policy)
        recipients = tuple(Recipient(f"office@slow{n}.sch.uk") for n in range(3))
        persons = people(Envelope(SENDER, recipients), policy)
        await timed("three domains that never answer, first message", 1, lambda _: slow.find(persons))
        await timed("the same domains, the messages behind it", messages, lambda _: slow.find(persons))
        await slow.close()
    async with Nameserver(all_silent=True) as server:
        dead = Bench(server, policy)
        await timed("DNS dead, first message", 1, lambda _: dead.find(dead.to(1)))
        await timed(
            "DNS dead, the messages behind it, each to a new domain",
            messages,
            lambda n: dead.find(dead.to(n)),
        )
        await dead.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=2_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(arguments.messages, policy_in(Path(folder))))


if __name__ == "__main__":
    main()
