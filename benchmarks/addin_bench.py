"""How long a check takes: `python -m benchmarks.addin_bench [--times N]`.

A 1 MB docx to a school, in the test suite's own service with real children: the first check of each file (its content
sent and read), and the second (its digest alone). Printed are the median and p95 of wall time, and of CPU time of the
service's own process; on a shared machine the latter says more. No network is in it.
"""

import argparse
import io
import random
import tempfile
import zipfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from milter.cli.samples import document
from tests.addin.asking import asking, attachment, draft_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
NOTE = "Jamie Osborne, born 12/03/2015, NHS No 943 476 5919, was seen for autism and self-harm."
SIZE = 1_000_000


def of_a_megabyte(number: int) -> bytes:
    """Make a docx of some 1 MB: 34 pages of words, and a picture of noise that makes up the size."""
    noise = random.Random(number)
    words = [
        " ".join(noise.choice(("care", "plan", "review", "school", "visit")) for _ in range(80))
        for _ in range(200)
    ]
    made = document(f"Case {number}", NOTE, *words)
    out = io.BytesIO(made)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/media/scan.bin", noise.randbytes(SIZE - len(made)))
    return out.getvalue()


def p95(times: list[float]) -> float:
    """Give the time that 95 in a hundred keep."""
    return sorted(times)[max(0, round(0.95 * len(times)) - 1)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=40)
    times = parser.parse_args().times
    walls: dict[str, list[float]] = {"first": [], "second": []}
    cpus: dict[str, list[float]] = {"first": [], "second": []}
    with tempfile.TemporaryDirectory() as folder, asking(Path(folder) / "etc") as service:
        for number in range(times + 2):
            content = of_a_megabyte(number)
            for which, sent in (("first", True), ("second", False)):
                draft: dict[str, Any] = draft_of(
                    attachments=[attachment("case.docx", content, DOCX, sent=sent)]
                )
                wall, cpu = perf_counter(), process_time()
                answer = service.post("check", draft)
                spent = perf_counter() - wall, process_time() - cpu
                assert answer.json()["action"] == "PROTECT"
                if number >= 2:  # the first two warm up
                    walls[which].append(1000 * spent[0])
                    cpus[which].append(1000 * spent[1])
    for which, wall_times in walls.items():
        print(
            f"{which} check of a 1 MB docx, {times} files: wall median {median(wall_times):.0f} ms, "
            f"p95 {p95(wall_times):.0f} ms; CPU of the service median {median(cpus[which]):.0f} ms, "
            f"p95 {p95(cpus[which]):.0f} ms"
        )


if __name__ == "__main__":
    main()
