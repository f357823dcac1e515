"""Who holds a lease. A process of this machine can be looked for, so what a killed one held is free at once.

Guarantees: only a process that is certainly gone is called gone. An owner on another machine, in another
container or before a restart of the machine can't be looked for: its leases run out.
"""

import os
from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select, update

from milter.store.ids import reference
from milter.store.schema import outbox
from milter.store.transaction import Transaction


def new_owner() -> str:
    """Name a piece of work of this process, such as '3fa9c1d2.4711.99120/SG-7K2M-9QXD-40TB'."""
    return f"{_machine()}.{os.getpid()}.{_started(os.getpid())}/{reference()}"


def is_gone(owner: str) -> bool:
    """Whether the process that an owner names ran on this machine and has ended."""
    machine, _, rest = owner.partition("/")[0].partition(".")
    pid, _, started = rest.partition(".")
    if machine != _machine() or not pid.isdecimal():
        return False
    return _started(int(pid)) != started


def free_outbox(tx: Transaction) -> int:
    """Let go of the outbox items that killed processes of this machine were sending; give how many."""
    leased = (outbox.c.state == "pending") & (outbox.c.lease_until > tx.now)
    owners = tx.execute(select(outbox.c.lease_owner).where(leased).distinct()).scalars().all()
    gone = [owner for owner in owners if is_gone(owner)]
    if not gone:
        return 0
    free = update(outbox).where(leased & outbox.c.lease_owner.in_(gone))
    return tx.execute(free.values(lease_until=None, lease_owner="")).rowcount


def something_leased(tx: Transaction) -> bool:
    """Whether any item is being sent by anybody, so that an idle gateway need not write."""
    leased = (outbox.c.state == "pending") & (outbox.c.lease_until > tx.now)
    return bool(tx.execute(select(func.count()).select_from(outbox).where(leased)).scalar_one())


@cache
def _machine() -> str:
    """Name this boot of this machine and, within it, this container: where process numbers mean the same."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  no path but 'pid:[4026531836]'
    except OSError:
        return reference()  # no /proc: nobody can be looked for
    return sha256(f"{boot} {space}".encode()).hexdigest()[:12]


def _started(pid: int) -> str:
    """Give the start time of a process in clock ticks since boot, '' where there is none or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    words = stat.rpartition(")")[2].split()  # proc(5): fields 3 (state) and 22 (starttime)
    return "" if words[0] in "ZX" else words[19]
