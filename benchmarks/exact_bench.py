"""What exact matching costs: loading 200,000 people, the memory of it, and the time it adds to a message.

Run: `python benchmarks/exact_bench.py`. Times are CPU seconds of this process, the best of five.
"""

import random
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from milter.detect.examine import examine
from milter.detect.load import load_detectors
from milter.detect.match import pack, read_export, unpack
from milter.message.passage import Passage

PEOPLE = 200_000
SYLLABLES = (
    "an",
    "bel",
    "cor",
    "da",
    "el",
    "fin",
    "gra",
    "hol",
    "is",
    "jo",
    "ka",
    "lin",
    "mor",
    "ne",
    "ol",
    "per",
    "ros",
    "sa",
)
PROSE = (
    "The committee met on Tuesday and agreed the programme of works for the coming year. Members asked about the"
    " cost of the new surface at the leisure centre, and officers will report back in the spring. "
)


def name(source: random.Random, parts: int) -> str:
    """Give a made-up name."""
    return "".join(source.choice(SYLLABLES) for _ in range(parts)).title()


def day(source: random.Random) -> str:
    """Give a made-up date of birth."""
    return f"{source.randint(1, 28):02d}/{source.randint(1, 12):02d}/{source.randint(1940, 2022)}"


def people(source: random.Random, count: int) -> Iterator[dict[str, str]]:
    """Give rows of an export."""
    for number in range(count):
        yield {
            "Forename": name(source, 3),
            "Surname": name(source, 4),
            "DOB": day(source),
            "NHS No": str(source.randint(4_000_000_000, 4_999_999_999)),
            "UPN": f"A{source.randint(10**11, 10**12 - 1)}",
            "Mosaic ID": str(1_000_000 + 3 * number),
        }


def texts(source: random.Random) -> Iterator[tuple[str, str, bool]]:
    """Give name, text and whether it is a sheet, none of it with a listed person."""
    yield "a message of 2 kB without a figure", (PROSE * 9)[:2_000], False
    mail = (PROSE * 6) + "Ring 0118 496 0123 before 12/11/2026 about invoice 4417, or see plan 16/02/2026. "
    yield "a message of 2 kB with a few figures", mail[:2_000], False
    yield "clean prose of 1 MB", (PROSE * 5_000)[:1_000_000], False
    rows = (
        f"{name(source, 3)}\t{name(source, 4)}\t{day(source)}\t{source.randint(10**9, 10**10)}"
        for _ in range(2_000)
    )
    yield (
        "a sheet of 2,000 people who are not listed",
        "Forename\tSurname\tDOB\tNHS No\n" + "\n".join(rows),
        True,
    )
    figures = "\n".join("\t".join(str(source.randint(1, 10**8)) for _ in range(8)) for _ in range(5_000))
    yield "a sheet of 40,000 figures", "Budget\tActual\n" + figures, True


def best(work: Callable[[], object]) -> float:
    """Give the least CPU time of five runs, in milliseconds."""
    spans = []
    for _ in range(5):
        start = time.process_time()
        work()
        spans.append(time.process_time() - start)
    return min(spans) * 1_000


def main() -> None:
    """Measure and print."""
    source = random.Random(4)
    rows = list(people(source, PEOPLE))
    start = time.process_time()
    export = read_export(rows, bytes(32))
    print(
        f"loading {PEOPLE} people: {time.process_time() - start:.1f} s of CPU, {len(export.digests) // 8} digests"
    )
    block = pack([("people", export.shapes, export.digests)])
    print(f"block that processes share: {len(block) / 1e6:.1f} MB; common shapes: {export.common}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the command that loads: {peak:.0f} MB, with the export's rows")
    plain = load_detectors(None)
    listed = replace(plain, matcher=unpack(memoryview(block), bytes(32)))
    print(f"{'text':44}{'without':>10}{'with':>10}   milliseconds")
    for title, text, table in texts(source):
        passages = [Passage("body", text, table=table)]
        without = best(lambda p=passages: examine(p, plain))  # type: ignore[misc]
        with_it = best(lambda p=passages: examine(p, listed))  # type: ignore[misc]
        found = [f for f in examine(passages, listed).findings if f.why.startswith("exact")]
        print(f"{title:44}{without:>10.2f}{with_it:>10.2f}   false matches: {len(found)}")


if __name__ == "__main__":
    main()
