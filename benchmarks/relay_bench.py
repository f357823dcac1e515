"""How fast mail goes through, beside Postfix alone, on one corpus in one run: `python benchmarks/relay_bench.py`.

    sink          the load generator's own limit: nothing between it and smtp-sink
    postfix       Postfix as a relay: queue on disk, looks into nothing
    pass-through  the gateway's receiving and sending sides, nothing between them
    sealgate      the whole of Sealgate in monitor mode: opens everything, records everything

Rates on a shared machine are noisy: trust CPU for each message and ratios. Postfix has answered before it has
delivered; its time runs until its queue is empty. Needs Postfix and root.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import load
from milter.settings import shipped_folder
from tests.postfix.instance import Postfix, free_port, missing
from tests.running import PASSTHROUGH, Daemon

ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """Give the processor time of a process and all below it, those that have ended too."""
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            children = [
                int(word)
                for task in Path(f"/proc/{pid}/task").iterdir()
                for word in (task / "children").read_text().split()
            ]
        except FileNotFoundError:
            continue
        total += sum(map(int, fields[11:15])) / _TICKS
        waiting += children
    return total


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Run Postfix's own sink, in C; give its port."""
    port = free_port()
    process = subprocess.Popen(
        ["smtp-sink", "-u", "postfix", f"127.0.0.1:{port}", "256"], stdout=subprocess.DEVNULL
    )
    try:
        time.sleep(0.3)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def nothing(sink: int) -> Iterator[tuple[int, int, Postfix | None]]:
    """Put nothing between load and sink."""
    yield sink, os.getpid(), None


@contextmanager
def postfix(sink: int) -> Iterator[tuple[int, int, Postfix | None]]:
    """Put Postfix between."""
    with Postfix("bench", sink) as between:
        master = int((between.folder / "queue" / "pid" / "master.pid").read_text())
        yield between.port, master, between


@contextmanager
def pass_through(sink: int) -> Iterator[tuple[int, int, Postfix | None]]:
    """Put the gateway without inspection between."""
    port = free_port()
    with Daemon(str(PASSTHROUGH), f"127.0.0.1:{port}", str(sink), str(os.cpu_count())) as daemon:
        yield port, daemon.process.pid, None


@contextmanager
def sealgate(sink: int) -> Iterator[tuple[int, int, Postfix | None]]:
    """Put Sealgate in monitor mode between."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sealgate-bench-") as name:
        folder = Path(name)
        shutil.copytree(shipped_folder(), folder, dirs_exist_ok=True)
        policy = (folder / "policy.toml").read_text().replace('mode = "enforce"', 'mode = "monitor"', 1)
        (folder / "policy.toml").write_text(policy)
        (folder / "sealgate.toml").write_text(
            f'log-level = "warning"\n[smtp]\nlisten = ["127.0.0.1:{port}"]\n[next-hop]\nport = {sink}\n'
            f'[store]\nurl = "sqlite:///{folder}/sealgate.db"\nkey-file = "{folder}/sealgate.key"\n'
            "[dns]\nenabled = false\n"
        )
        command = (str(Path(sys.executable).with_name("sealgate")), "serve", "--config", str(folder))
        with Daemon(*command) as daemon:
            yield port, daemon.process.pid, None


BETWEEN = {"sink": nothing, "postfix": postfix, "pass-through": pass_through, "sealgate": sealgate}


def measure(name: str, items: list[load.Item], connections: int) -> str:
    """Send everything through one arrangement; give its line of the table."""
    with smtp_sink() as sink, BETWEEN[name](sink) as (port, pid, queue):
        load.run(port, items[:20], connections)  # warm
        _empty(queue)
        before, started = cpu_seconds(pid), time.perf_counter()
        outcome = load.run(port, items, connections)
        _empty(queue)
        seconds = time.perf_counter() - started
        cpu = 1000 * (cpu_seconds(pid) - before) / outcome.messages
    return (
        f"{name:14}{connections:6}{outcome.messages / seconds:10.0f}{outcome.octets / seconds / 1e6:9.1f}"
        f"{outcome.at(0.5):9.1f}{outcome.at(0.99):9.1f}{cpu:9.2f}{outcome.refused:9}"
    )


def _empty(queue: Postfix | None) -> None:
    while queue is not None and queue.queue():
        time.sleep(0.02)


def main() -> None:
    """Measure what was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument(
        "--mail", type=Path, help="folder that performance_corpus.py has written; else it is made"
    )
    words.add_argument("--connections", type=int, nargs="+", default=[8])
    words.add_argument("--only", nargs="+", choices=BETWEEN, default=list(BETWEEN))
    given = words.parse_args()
    if missing():
        sys.exit(missing())
    with tempfile.TemporaryDirectory() as name:
        folder = given.mail or Path(name)
        if given.mail is None:
            subprocess.run(
                [sys.executable, str(ROOT / "benchmarks/performance_corpus.py"), "--out", name], check=True
            )
        items = load.read(folder)
    print(f"{len(items)} messages, {sum(one.octets for one in items) / 1e6:.0f} MB, {os.cpu_count()} cores")
    print("              conns      msg/s     MB/s   p50 ms   p99 ms  CPU ms  refused")
    for connections in given.connections:
        for between in given.only:
            print(measure(between, items, connections), flush=True)


if __name__ == "__main__":
    main()
