"""Measures Sealgate beside what others run, in one run on one corpus, and writes docs/performance.md: `make bench`.

Every arrangement gets the same messages (see performance_corpus.py) at 1, 8 and 32 connections, at a steady 20 and
100 messages a second, and messages of text alone; each of these rounds has messages of its own, made by a seed of
its own, since whoever sees a message or a file again may know it. What is not installed is left out, and the page
says so. A rate is counted until every queue is empty; times are from MAIL to 250. `--quick` takes a few messages,
one round, and writes no page. Needs Postfix and root.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import inspecting, load, performance_page
from benchmarks.arrangements import ALL, CORES, Arrangement, Running, running
from benchmarks.watching import Peak, cpu_seconds, memory_bytes

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = (1, 8, 32)
STEADY = (20, 100)  # messages a second
COUNTED = "8 connections"  # the round in which what was noticed is counted
_PATIENCE = 120.0  # seconds for queues to empty
_SETTLE_SECONDS = 2.0  # from ready to at rest: every program still does something then


@dataclass(frozen=True)
class Figures:
    """What one run of some messages took."""

    rate: float  # messages a second, until all queues were empty
    megabytes: float  # a second
    p50: float  # ms
    p99: float
    cpu: float  # ms a message
    refused: int


@dataclass
class Row:
    """What was measured of one arrangement."""

    name: str
    looks_into: str
    missing: str = ""
    at: dict[str, Figures] = field(default_factory=dict)  # by '8 connections', '20 a second', 'text'
    rest: float = 0.0  # MB before any mail
    peak: float = 0.0  # MB
    found: int | None = None  # messages of the first round that it noticed something in
    start_seconds: float = 0.0
    stop_seconds: float = 0.0


def measure(running_: Running, items: Sequence[load.Item], connections: int, rate: float = 0.0) -> Figures:
    """Send each message once and wait until nothing is on its way any more."""
    before, started = cpu_seconds(running_.roots), time.perf_counter()
    outcome = load.run(running_.port, items, connections, rate)
    _wait_empty(running_)
    seconds = time.perf_counter() - started
    cpu = 1000 * (cpu_seconds(running_.roots) - before) / outcome.messages
    return Figures(
        outcome.messages / seconds,
        outcome.octets / seconds / 1e6,
        outcome.at(0.5),
        outcome.at(0.99),
        cpu,
        outcome.refused,
    )


def _wait_empty(running_: Running) -> None:
    end = time.monotonic() + _PATIENCE
    while any(queue.queue() for queue in running_.queues):
        if time.monotonic() > end:
            raise RuntimeError("a queue does not empty")
        time.sleep(0.02)


@dataclass(frozen=True)
class Round:
    """Some messages that were never sent before, and how they are sent."""

    name: str  # '8 connections', '20 a second', 'text', 'again'
    connections: int
    rate: float
    items: Sequence[load.Item]


def row_of(arrangement: Arrangement, rounds: Sequence[Round]) -> Row:
    """Measure one arrangement in all ways."""
    row = Row(arrangement.name, arrangement.looks_into, arrangement.needs())
    if row.missing:
        return row
    with running(arrangement) as up:
        row.start_seconds = up.start_seconds
        time.sleep(_SETTLE_SECONDS)
        row.rest = memory_bytes(up.roots) / 1e6
        with Peak(up.roots) as peak:
            for one in rounds:
                row.at[one.name] = measure(up, one.items, one.connections, one.rate)
                if one.name == COUNTED:
                    row.found = up.found() if up.found else None
        row.peak = peak.highest / 1e6
        if up.stop:
            began = time.perf_counter()
            up.stop()
            row.stop_seconds = time.perf_counter() - began
    return row


def rounds_of(folder: Path, count: int, quick: bool) -> list[Round]:
    """Make the messages of all rounds; the counted one comes first and warms up."""
    plan: list[tuple[str, int, float, int]] = [(COUNTED, 8, 0.0, count)]
    if not quick:
        plan += [(f"{number} connections", number, 0.0, count) for number in CONNECTIONS if number != 8]
        plan += [(f"{rate} a second", 32, float(rate), min(count, 3 * rate)) for rate in STEADY]
    plan.append(("text", 8, 0.0, count))
    with ThreadPoolExecutor(CORES) as threads:
        jobs = [
            threads.submit(_made, folder / str(seed), messages, seed, "text" if name == "text" else "")
            for seed, (name, _, _, messages) in enumerate(plan, 1)
        ]
    made = [
        Round(name, conns, rate, job.result()) for (name, conns, rate, _), job in zip(plan, jobs, strict=True)
    ]
    again = [load.retitled(item, number) for number, item in enumerate(made[0].items)]
    return [*made, Round("again", 8, 0.0, again)]


def _made(folder: Path, count: int, seed: int, sort: str) -> list[load.Item]:
    script = str(ROOT / "benchmarks/performance_corpus.py")
    words = ("--out", str(folder), "--count", str(count), "--seed", str(seed))
    sorts = ("--sorts", sort) if sort else ()
    subprocess.run([sys.executable, script, *words, *sorts], check=True, stdout=subprocess.DEVNULL)
    return load.read(folder)


def main() -> int:
    """Command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true", help="60 messages, 8 connections, no page written")
    words.add_argument("--only", nargs="+", metavar="WORD", default=[], help="arrangements that hold a word")
    words.add_argument("--count", type=int, default=200, help="messages")
    words.add_argument("--json", type=Path, help="also write the figures here")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="sealgate-bench-") as name:
        rounds = rounds_of(Path(name), 60 if given.quick else given.count, given.quick)
        work = inspecting.cost(Path(name) / "1")
        print(work.line(), flush=True)
        facts = performance_page.Facts(
            len(rounds[0].items), sum(item.octets for item in rounds[0].items) / 1e6, work.personal, CORES
        )
        rows: list[Row] = []
        page = ""
        for arrangement in ALL:
            if given.only and not any(word in arrangement.name for word in given.only):
                continue
            rows.append(_reported(arrangement, lambda a=arrangement: row_of(a, rounds)))
            left = [other.name for other in ALL[len(rows) :]]
            page = performance_page.written(rows, work, facts, left)
            if not (given.quick or given.only):  # each time: a run that is cut short leaves what it measured
                (ROOT / "docs" / "performance.md").write_text(page, encoding="utf-8")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    if given.quick or given.only:
        print(page)
    return 0


def _reported(arrangement: Arrangement, measured: Callable[[], Row]) -> Row:
    """Measure, say so, and take a failure for 'could not be measured'."""
    try:
        row = measured()
    except (
        RuntimeError,
        OSError,
        AssertionError,
        EOFError,
        subprocess.SubprocessError,
        sqlite3.Error,
    ) as error:
        row = Row(arrangement.name, arrangement.looks_into, f"could not be measured ({type(error).__name__})")
        print(f"{arrangement.name}: {error}", file=sys.stderr)
    at = row.at.get("8 connections")
    said = f"{at.rate:6.0f}/s {at.cpu:7.2f} ms CPU, p99 {at.p99:.0f} ms" if at else row.missing
    print(f"{row.name:26} {said}", flush=True)
    return row


if __name__ == "__main__":
    raise SystemExit(main())
