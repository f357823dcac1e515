"""What it costs to know the people of a message: with a warm cache, with habit, and with the directory dead.

Run: `python benchmarks/directory_bench.py`. Wall time of one message to one outside recipient, and CPU time where it
is said; a dead directory takes every connection and never answers.
"""

import asyncio
import contextlib
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from milter.clock import utc_now
from milter.directory.csvfile import CsvFile
from milter.directory.ews import Ews
from milter.directory.exchange import Exchange
from milter.directory.look_up import Directory
from milter.directory.people import told_by
from milter.habits import Habits
from milter.message.envelope import Envelope, Recipient
from milter.message.parse import parse
from milter.policy.load import load_policy
from milter.policy.partners import people
from milter.policy.policy import Policy
from milter.settings import Caps, shipped_folder
from milter.store.engine import Store, open_store

DEADLINE = 0.5  # seconds, for the dead directory
OWN = "borchester.gov.uk"
PARTNERS = f"""
[[organisation]]
name = "Borchester Borough Council"
kind = "council"
domains = ["{OWN}"]
[[partner]]
name = "Borsetshire NHS"
kind = "nhs"
domains = ["borsetshire.nhs.uk"]
"""
MESSAGE = parse(
    f'From: a@{OWN}\r\nTo: "Jane Brown" <jane.brown@borsetshire.nhs.uk>\r\nSubject: x\r\n\r\nHello\r\n'.encode(),
    Caps(),
)


def policy_of(folder: Path) -> Policy:
    """Give the shipped policy with two partners."""
    for file in ("policy.toml", "personal-domains.txt"):
        (folder / file).write_text((shipped_folder() / file).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "partners.toml").write_text(PARTNERS, encoding="utf-8")
    return load_policy(folder)


async def timed(work: Callable[[int], Awaitable[object]], times: int) -> str:
    """Run it so many times; give median and 99th percentile of wall time, and mean CPU time, in milliseconds."""
    spans = []
    cpu = time.process_time()
    for number in range(times):
        start = time.perf_counter()
        await work(number)
        spans.append(1000 * (time.perf_counter() - start))
    cpu = 1000 * (time.process_time() - cpu) / times
    spans.sort()
    return (
        f"p50 {statistics.median(spans):8.3f}   p99 {spans[int(0.99 * (times - 1))]:8.3f}   CPU {cpu:6.3f} ms"
    )


@contextlib.asynccontextmanager
async def dead_directory() -> AsyncIterator[Directory]:
    """Give a directory on an Exchange that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as mute:
        url = f"http://localhost:{mute.getsockname()[1]}/EWS/Exchange.asmx"
        source = Exchange(Ews(url, "a", "b", DEADLINE))
        directory = Directory(source, deadline_seconds=DEADLINE, cache_seconds=3600)
        yield directory
        await directory.close()


def learn(store: Store, policy: Policy, count: int) -> None:
    """Have the organisation write to so many people on six days each."""
    from datetime import timedelta

    now = utc_now()
    with store.transaction() as tx:
        for day in range(6, 0, -1):
            moment = now - timedelta(days=day)
            habits = Habits(store, lambda at=moment: at)  # type: ignore[misc]
            for number in range(count):
                tx.now = moment
                address = f"person.number{number:05d}@borsetshire.nhs.uk"
                work = habits.learn(
                    people(Envelope(f"a@{OWN}", (Recipient(address),)), policy), (address,), None
                )
                assert work is not None
                work(tx)


def size_of(folder: Path) -> float:
    """Give the store's size in MB."""
    return sum(one.stat().st_size for one in folder.glob("store.db*")) / 1e6


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        policy = policy_of(folder)
        given = people(Envelope(f"a@{OWN}", (Recipient("jane.brown@borsetshire.nhs.uk"),)), policy)
        file = folder / "people.csv"
        rows = (
            f"p{n}@{OWN},Person Number{n},Officer,Housing,Borchester,0118 496 0123" for n in range(20_000)
        )
        file.write_text("email,name,job title,department,organisation,telephone\n" + "\n".join(rows))
        warm = Directory(CsvFile(file), deadline_seconds=5, cache_seconds=3600)
        start = time.process_time()
        await told_by(warm, given, MESSAGE, policy)
        print(f"a CSV of 20,000 people, read: {time.process_time() - start:.2f} s of CPU")
        print(
            "directory, warm cache          ",
            await timed(lambda _: told_by(warm, given, MESSAGE, policy), 2_000),
        )

        async with dead_directory() as dead:
            first = [await timed(lambda _: told_by(dead, given, MESSAGE, policy), 1) for _ in range(4)]
            print(f"directory dead (deadline {DEADLINE} s), first messages:")
            print("\n".join(f"  {one}" for one in first))
            print(
                "directory dead, left alone     ",
                await timed(lambda _: told_by(dead, given, MESSAGE, policy), 2_000),
            )

        store = open_store(f"sqlite:///{folder}/store.db", folder / "key")
        start = time.process_time()
        learn(store, policy, 1_000)
        print(f"1,000 people learnt on six days: {time.process_time() - start:.1f} s of CPU")
        print(f"store with them and their neighbourhoods: {size_of(folder):.0f} MB")
        habits = Habits(store, utc_now)
        known = [
            people(Envelope(f"a@{OWN}", (Recipient(f"person.number{n:05d}@borsetshire.nhs.uk"),)), policy)
            for n in range(500)
        ]
        new = [
            people(Envelope(f"a@{OWN}", (Recipient(f"someone.new{n}@borsetshire.nhs.uk"),)), policy)
            for n in range(500)
        ]
        print("habit, an address never seen   ", await timed(lambda n: habits.find(new[n], MESSAGE), 500))
        print("habit, first since the start   ", await timed(lambda n: habits.find(known[n], MESSAGE), 500))
        print("habit, remembered              ", await timed(lambda n: habits.find(known[n], MESSAGE), 500))
        store.close()


if __name__ == "__main__":
    asyncio.run(main())
