"""The page that `make bench` writes: what was measured, on what, and which targets are met."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from benchmarks.inspecting import Cost

OTHERS = {"text": "8, text only", "again": "8, the same files again"}
MUST, GOAL, MISSED = "goal met", "must met, goal missed", "missed"


@dataclass(frozen=True)
class Facts:
    """What it was measured on."""

    messages: int
    megabytes: float
    personal: int
    cores: int


class _Figures(Protocol):
    rate: float
    megabytes: float
    p50: float
    p99: float
    cpu: float
    refused: int


class _Row(Protocol):
    name: str
    looks_into: str
    missing: str
    at: "dict[str, _Figures]"
    rest: float
    peak: float
    found: int | None
    start_seconds: float
    stop_seconds: float


def written(rows: "Sequence[_Row]", work: Cost, facts: Facts, left: Sequence[str] = ()) -> str:
    """Write the whole page; `left` was not measured, since the run was cut short."""
    by_name = {row.name: row for row in rows}
    parts = (
        _head(facts),
        f"This run was cut short. Not measured: {'; '.join(left)}.\n" if left else "",
        _table_of_load(rows),
        _table_of_times(rows),
        _table_of_reading(rows, facts),
        _table_of_work(work),
        _words_of_pictures(work),
        _table_of_targets(by_name, work, facts),
        _words(),
    )
    return "\n".join(parts)


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return (
        f"{model}, {memory:.0f} GB of memory, Linux {platform.release()}, {platform.python_implementation()} "
        f"{platform.python_version()}"
    )


def _busy() -> str:
    """How busy the machine was with other work, since that is in every rate."""
    one, five, _ = Path("/proc/loadavg").read_text().split()[:3]
    return f"load average at the end {one} (five minutes: {five})"


def _head(facts: Facts) -> str:
    day = datetime.now(UTC).strftime("%d %B %Y").lstrip("0")
    return f"""# Performance

Made by `make bench` on {day}, met or not; not edited by hand.

{facts.messages} messages, {facts.megabytes:.0f} MB, {facts.personal} of them with personal data
(benchmarks/performance_corpus.py, seed 1: text 5 kB, docx 50 kB, xlsx 100 kB, PDF 300 kB, zip 1 MB, picture 5 MB,
messages in messages), over loopback, every arrangement in this one run.
Machine: {facts.cores} cores, {_machine()}; {_busy()}.
Rates on a shared machine are noisy: trust CPU for each message and ratios. A rate counts until every queue is
empty; times are from MAIL to 250, so Postfix's are those of queueing, not of delivery.
"""


def _table_of_load(rows: "Sequence[_Row]") -> str:
    lines = [
        "## As fast as it is taken\n",
        "| arrangement | conns | messages/s | MB/s | p50 ms | p99 ms | CPU ms/message | not taken |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.missing:
            lines.append(f"| {row.name} | - | {row.missing} | | | | | |")
        for name, at in row.at.items():
            if name.endswith("connections") or name in OTHERS:
                conns = OTHERS.get(name) or name.split()[0]
                lines.append(
                    f"| {row.name} | {conns} | {at.rate:.0f} | {at.megabytes:.1f} | {at.p50:.1f} | {at.p99:.1f} "
                    f"| {at.cpu:.2f} | {at.refused} |"
                )
    return "\n".join(lines) + "\n"


def _table_of_times(rows: "Sequence[_Row]") -> str:
    lines = [
        "## At a steady rate\n",
        "| arrangement | messages/s asked | taken | p50 ms | p99 ms | CPU ms/message |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        for name, at in row.at.items():
            if name.endswith("a second"):
                asked = name.split()[0]
                lines.append(
                    f"| {row.name} | {asked} | {at.rate:.0f} | {at.p50:.1f} | {at.p99:.1f} | {at.cpu:.2f} |"
                )
    return "\n".join(lines) + "\n"


def _table_of_reading(rows: "Sequence[_Row]", facts: Facts) -> str:
    lines = [
        "## What each looks into, and its memory\n",
        f"'Noticed' counts the messages in which it saw something personal; {facts.personal} hold it. Shapes without",
        "check digits or context fire on others too. Memory is proportional set size of all its processes.\n",
        "| arrangement | looks into | noticed | MB at rest | MB at most |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.looks_into} | {_or_dash(row.found)} | {row.rest:.0f} | {row.peak:.0f} |"
        for row in rows
        if not row.missing and row.name != "nothing"
    ]
    return "\n".join(lines) + "\n"


def _or_dash(count: int | None) -> str:
    return "-" if count is None else str(count)


def _table_of_work(work: Cost) -> str:
    lines = [
        "## Inspecting and encrypting alone\n",
        f"In one process, {work.line().partition(': ')[2]}.\n",
        "| sort | messages | parse, inspect, decide ms | encrypt ms |",
        "|---|---|---|---|",
    ]
    lines += [f"| {sort} | {n} | {look:.2f} | {lock:.2f} |" for sort, (n, look, lock) in work.by_sort.items()]
    lines.append("\n'long-pdf', of 36 pages, is measured beside the mix and is in no mean.")
    return "\n".join(lines) + "\n"


def _words_of_pictures(work: Cost) -> str:
    """Say what the extra `ocr` costs, which is off everywhere else on the page."""
    each = "; ".join(f"a {name} {ms:.0f} ms" for name, ms in work.pictures.items())
    return (
        "Text of pictures is recognised by the extra `ocr`. All else here was measured without it (`ocr-pages = 0`): a"
        " plain installation does not have it, and none of the others does it. What it costs:"
        f" {each or 'not installed'}.\n"
    )


def _table_of_targets(rows: "dict[str, _Row]", work: Cost, facts: Facts) -> str:
    lines = ["## Targets\n", "| target | must | goal | measured | |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.what} | {one.must:g} | {one.goal:g} | {one.value:.2f} | {one.verdict()} |"
        for one in _targets(rows, work, facts)
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Target:
    """One line of the targets; `most` says that less is better."""

    what: str
    must: float
    goal: float
    value: float
    most: bool = False

    def verdict(self) -> str:
        """Say in a word how it stands."""
        met = [self.value <= bound if self.most else self.value >= bound for bound in (self.must, self.goal)]
        return MUST if met[1] else GOAL if met[0] else MISSED


def _targets(rows: "dict[str, _Row]", work: Cost, facts: Facts) -> Iterator[_Target]:
    us, postfix = rows.get("Sealgate, enforcing"), rows.get("Postfix")
    if us is None or not us.at:
        return
    if postfix and postfix.at:
        yield from _beside_postfix(us, postfix)
    for name, must, goal in (
        ("amavis", 2.0, 3.0),
        ("amavis with ClamAV", 4.0, 6.0),
        ("Postfix with rspamd", 1.1, 1.4),
    ):
        if name in rows and rows[name].at:
            ratio = _ratio(us, rows[name], "8 connections")
            yield _Target(f"messages/s at 8 connections, of {name}'s", must, goal, ratio)
    whole, theirs = rows.get("Postfix, Sealgate, Postfix"), rows.get("Postfix, amavis, Postfix")
    if whole and theirs and whole.at and theirs.at:
        ratio = _ratio(whole, theirs, "8 connections")
        yield _Target("the whole arrangement, messages/s, of amavis's", 3.0, 3.0, ratio)
    yield _Target("inspect and encrypt, mean ms", 6.0, 3.0, work.total, most=True)
    yield _Target("memory at rest, MB a core", 120.0, 120.0, us.rest / facts.cores, most=True)
    yield _Target("memory at most, MB a core", 400.0, 400.0, us.peak / facts.cores, most=True)
    yield _Target("ready, seconds", 2.0, 2.0, us.start_seconds, most=True)
    yield _Target("drained, seconds", 5.0, 5.0, us.stop_seconds, most=True)


def _beside_postfix(us: _Row, postfix: _Row) -> Iterator[_Target]:
    for name in ("8 connections", "32 connections"):
        if name in us.at:
            yield _Target(f"messages/s at {name}, of Postfix's", 0.8, 1.1, _ratio(us, postfix, name))
    cpu = us.at["8 connections"].cpu / postfix.at["8 connections"].cpu
    yield _Target("CPU for each message, of Postfix's", 1.2, 0.8, cpu, most=True)
    yield _Target("text-only mail, messages/s, of Postfix's", 1.2, 2.0, _ratio(us, postfix, "text"))
    for name in ("8 connections", "20 a second", "100 a second"):
        if name in us.at and name in postfix.at:
            share = us.at[name].p99 / postfix.at[name].p99
            yield _Target(f"p99 at {name}, of Postfix's", 1.0, 1.0, share, most=True)


def _ratio(us: _Row, them: _Row, name: str) -> float:
    return us.at[name].rate / them.at[name].rate if name in us.at and name in them.at else float("nan")


def _words() -> str:
    return """## How to read it

- Sealgate opens every document, encrypts, and commits its record before it answers 250; Postfix alone looks into
  nothing but writes every message to its queue. The others stand with what they truly look into.
- The corpus is made new by its seed; its documents are long (workbooks of 2,200 rows, archives of several
  files), so that the work of reading shows.
- `make bench QUICK=1` takes a minute and writes nothing. Reading, scanning and protecting by format have benchmarks of
  their own: `benchmarks/scan_bench.py`, `benchmarks/protect_bench.py`.
"""
