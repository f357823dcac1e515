"""Fuzzes SMTP, MIME and the readers for as long as it is told: `python benchmarks/fuzz --minutes 30`.

It runs the fuzzing tests again and again, each round with twenty times their examples and a new seed. What fails is
printed smallest first, and kept in a folder, so that the next run begins with it. Exit code 1 where anything failed.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = (
    "tests/fuzz",
    "tests/smtp/test_any_dialogue.py",
    "tests/smtp/test_data.py",
    "tests/smtp/test_emitted.py::test_one_message_leaves_or_none",
)


def main() -> int:
    """Carry out the command."""
    parser = argparse.ArgumentParser(prog="benchmarks/fuzz", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--keep", type=Path, default=ROOT / ".fuzz", help="where what failed is kept")
    parser.add_argument("targets", nargs="*", default=TARGETS, help="tests to run; all of fuzzing where none")
    given = parser.parse_args()
    ends, rounds, failed = time.monotonic() + 60 * given.minutes, 0, 0
    while time.monotonic() < ends and not failed:
        rounds += 1
        seed = random.SystemRandom().randrange(2**32)
        print(f"round {rounds}, seed {seed}", flush=True)
        failed = _round(given.targets, seed, given.keep, ends - time.monotonic())
    print(f"{rounds} rounds, {'something failed' if failed else 'nothing failed'}")
    return 1 if failed else 0


def _round(targets: list[str], seed: int, keep: Path, seconds: float) -> int:
    """Run all targets once, cut off at the end of the time; give 0 where nothing failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-o", "timeout=0"]
    command += [f"--hypothesis-seed={seed}", *targets]
    try:
        environment = {**os.environ, "SEALGATE_FUZZ": str(keep)}
        done = subprocess.run(command, cwd=ROOT, env=environment, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return 0
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
