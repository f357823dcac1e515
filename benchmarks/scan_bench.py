"""How fast text is scanned, on one core: `python benchmarks/scan_bench.py [--presidio PYTHON] [--rounds N]`.

In one run on the same seeded text, dense with personal data and clean: Sealgate's whole examination (all
detectors, context and decision), plain `re` with patterns for the same kinds and no context at all, and
Presidio where an interpreter that has it is named. Figures are MB of text for each second of CPU time.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.performance_corpus import CLEAN, PERSONAL

MEGABYTE = 1_000_000
# What someone would write first: a pattern for each kind, run one after the other.
PLAIN = (
    r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b",
    r"\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
    r"\b[A-HJ-NP-RTW-Z]\d{12}\b",
    r"\b[1-9]\d{9}\b",
    r"\b\d{5} ?\d{5}\b",
    r"\b\d{9}\b",
    r"\b[A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2}\b",
    r"\b\d{2}-\d{2}-\d{2}\b",
    r"\b\d{8}\b",
    r"\bGB\d{2} ?[A-Z]{4}(?: ?\d{4}){3} ?\d{2}\b",
    r"\b(?:\d[ -]?){13,19}\b",
    r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b",
    r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b",
    r"\b\d{1,3}[A-Za-z]? [A-Z][a-z]+(?: [A-Z][a-z]+)? (?:Road|Street|Lane|Close|Avenue|Way|Drive|Court)\b",
    r"\b[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}\b",
    r"(?:\+44 ?|0)\d{2,4}[ -]?\d{3}[ -]?\d{3,4}\b",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"\b(?:Mr|Mrs|Ms|Miss|Dr) [A-Z][a-z]+(?: [A-Z][a-z]+)?\b",
)
PRESIDIO = """
import json, sys, time
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine
import spacy
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}
    def load(self): pass
engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
text = sys.stdin.read()
lines = text.split("\\n")
engine.analyze(lines[0], language="en")
start = time.process_time()
hits = sum(len(engine.analyze(line, language="en")) for line in lines)
print(json.dumps({"seconds": time.process_time() - start, "hits": hits}))
"""


def dense(size: int, seed: int) -> str:
    """Give text in which every line is about someone, some five values a line."""
    from benchmarks.corpus.slots import Cast
    from benchmarks.corpus.template import SLOT

    rng, lines, left = Random(seed), [], size
    while left > 0:
        cast = Cast(rng)
        line = SLOT.sub(lambda m, c=cast: c.fill(m[1], m[2] or "", m[3] or ""), rng.choice(PERSONAL))
        lines.append(line)
        left -= len(line) + 1
    return "\n".join(lines)


def clean(size: int, seed: int) -> str:
    """Give text that has nothing of anyone."""
    rng, lines, left = Random(seed), [], size
    while left > 0:
        lines.append(rng.choice(CLEAN))
        left -= len(lines[-1]) + 1
    return "\n".join(lines)


def measure(work: Callable[[str], int], text: str, rounds: int) -> tuple[float, int]:
    """Give the best MB/s of CPU time over the rounds, and how many values were found."""
    best, hits = 0.0, 0
    for _ in range(rounds):
        start = time.process_time()
        hits = work(text)
        best = max(best, len(text.encode()) / MEGABYTE / (time.process_time() - start))
    return best, hits


def sealgate() -> Callable[[str], int]:
    """Give the whole examination of a text, as the gateway does it."""
    from milter.detect.examine import Detectors, examine
    from milter.message.passage import Passage

    detectors = Detectors()
    return lambda text: len(examine((Passage("body", text, exact=True),), detectors).findings)


def plain_re() -> Callable[[str], int]:
    """Give one pass of `re` for each pattern."""
    patterns = [re.compile(pattern) for pattern in PLAIN]
    return lambda text: sum(1 for pattern in patterns for _ in pattern.finditer(text))


def presidio(python: str, text: str) -> tuple[float, int] | None:
    """Give Presidio's figures, line by line as it is fastest; None where it does not run."""
    done = subprocess.run([python, "-c", PRESIDIO], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"Presidio did not run: {done.stderr.strip().splitlines()[-1]}")
        return None
    answer = json.loads(done.stdout.splitlines()[-1])
    return len(text.encode()) / MEGABYTE / answer["seconds"], answer["hits"]


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--presidio", metavar="PYTHON", help="an interpreter with presidio-analyzer installed"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=float, default=1.0, help="of each text")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    size = int(options.megabytes * MEGABYTE)
    texts = {"dense": dense(size, options.seed), "clean": clean(size, options.seed)}
    print("| engine | text | MB/s of CPU | values found |\n| --- | --- | --- | --- |")
    for name, make in (("Sealgate, whole examination", sealgate), ("plain re, no context", plain_re)):
        work = make()
        work(texts["dense"][:20_000])
        for kind, text in texts.items():
            speed, hits = measure(work, text, options.rounds)
            print(f"| {name} | {kind} | {speed:.1f} | {hits} |")
    for kind, text in texts.items() if options.presidio else ():
        figures = presidio(options.presidio, text[: size // 20])
        if figures:
            print(
                f"| Presidio, blank model, line by line | {kind} | {figures[0]:.3f} | {figures[1]} in 1/20 |"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
