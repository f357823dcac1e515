"""Counts what one message of each fate leaves in the store: `python benchmarks/store_rows.py [--messages 60]`.

A whole gateway on SQLite in this process; rows and octets are counted, not times, so a busy machine does no harm.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, select

from benchmarks.crash.messages import Numbered, message
from milter import log
from milter.store.schema import metadata
from tests.gateway.harness import Running, running

KINDS = ("clean", "case note to a hospital", "unreadable attachment", "case note to Hotmail")
PAGES = '[receipts]\ndomain = "receipts.borchester.gov.uk"\npage-url = "https://receipts.example"\n'


def main() -> None:
    """Carry out the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--messages", type=int, default=60, help="of each kind")
    given = parser.parse_args()
    log.configure("error")
    print("| fate | rows | of them in the audit trail | octets | of them the kept message |")
    print("|---|---|---|---|---|")
    for kind in KINDS:
        print(asyncio.run(_measure(kind, given.messages)))


def _of_kind(kind: str, count: int) -> list[Numbered]:
    found, number = list[Numbered](), 0
    while len(found) < count:
        number += 1
        one = message(number)
        if one.kind == kind:
            found.append(one)
    return found


async def _measure(kind: str, count: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder) / "etc", settings=PAGES) as gateway:
            before, small = _look(gateway)
            mail = _of_kind(kind, count)
            for one in mail:
                await gateway.send(one.sender, list(one.fates), one.raw)
            await gateway.settle()
            after, large = _look(gateway)
    grown = Counter(after)
    grown.subtract(before)
    rows, trail = sum(grown.values()) / count, grown["audit"] / count
    kept = sum(len(one.raw) for one in mail) / count if grown["content_chunks"] else 0
    return f"| {kind} | {rows:.1f} | {trail:.1f} | {(large - small) / count:,.0f} | {kept:,.0f} |"


def _look(gateway: Running) -> tuple[Counter[str], int]:
    with gateway.store.transaction() as tx:
        rows = {
            name: tx.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }
    with gateway.store.read() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        free = tx.connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        size = tx.connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return Counter(rows), (pages - free) * size


if __name__ == "__main__":
    main()
