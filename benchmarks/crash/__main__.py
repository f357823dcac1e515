"""Nothing lost, nothing leaked, while everything is killed: `python benchmarks/crash --messages 10000 --kills 200`.

Numbered messages go through Postfix, the gateway's nodes and a next hop. Gateway processes, reading processes,
whole nodes, PostgreSQL and the next hop are killed with SIGKILL at random, and gateway processes at every point
of `points.py`; each is started again. At the end every recipient of every message must be delivered, held or
refused, as the rules say. The figures go into docs/reliability.md. Exit code 1 where anything is wrong.

Needs Postfix (and root, which it needs) and, but for --store sqlite, PostgreSQL.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.crash.figures import table, write
from benchmarks.crash.parts import ROOT
from benchmarks.crash.run import Plan, Run


def main() -> int:
    """Carry out the command."""
    parser = argparse.ArgumentParser(
        prog="benchmarks/crash", description=(__doc__ or "").partition("\n\n")[0]
    )
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="gateway processes of each node")
    parser.add_argument("--pause", type=float, default=0.8, help="seconds between two kills, on the average")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and mail, which is kept")
    parser.add_argument("--no-write", action="store_true", help="leave docs/reliability.md alone")
    given = parser.parse_args()
    if given.store == "sqlite" and given.nodes > 1:
        parser.error("SQLite serves one node: --nodes 1")
    plan = Plan(
        given.messages, given.kills, given.seed, given.store, given.nodes, given.workers, pause=given.pause
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what was started is ended
    with tempfile.TemporaryDirectory(prefix="sealgate-crash-") as scratch:
        folder = given.keep or Path(scratch)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        verdict = Run(plan, folder).carry_out()
    print(table(plan, verdict))
    for fault in verdict.faults[:50]:
        print(f"FAULT: {fault}")
    if not given.no_write:
        write(ROOT / "docs" / "reliability.md", plan, verdict)
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
