"""Small programs that tests run as processes of their own, to kill or to race: python programs.py NAME URL KEY ...

drain OWNER       leases what the outbox holds, 'sends' by printing each item's name, until nothing is left
write NODE COUNT  records COUNT events, each in a commit of its own choice, and prints each that was committed
die               changes a row, says so, and waits to be killed in mid-transaction
hold KEY          claims a message and leases what the outbox holds, says so, and waits to be killed
"""

import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from milter.store import outbox, owners, progress
from milter.store.engine import Store, open_store


def say(line: str) -> None:
    """Tell the test a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def drain(store: Store, owner: str) -> None:
    """Send until nothing is left."""
    while items := store.submit(lambda tx: outbox.lease(tx, owner, limit=3)).result():
        for item in items:
            say(item.dedupe)
            assert store.submit(lambda tx, one=item: outbox.done(tx, one, owner)).result()


def write(store: Store, node: str, count: str) -> None:
    """Record events; what is printed is on the disk."""
    futures = [
        (n, store.submit(lambda tx, n=n: tx.record("tried", f"SG-{node}-{n}", "test", {})))
        for n in range(int(count))
    ]
    for number, future in futures:
        future.result()
        say(f"SG-{node}-{number}")


def die(store: Store, _node: str) -> None:
    """Be caught with a half-done transaction."""
    with store.transaction() as tx:
        tx.execute(text("INSERT INTO meta VALUES ('half', 'done')"))
        tx.record("tried", "SG-half", "test", {})
        tx.flush()
        say("half")
        sys.stdin.read()  # until the test kills this process


def hold(store: Store, _node: str, key: str) -> None:
    """Be caught with a message claimed and an item leased."""
    owner = owners.new_owner()
    assert store.submit(lambda tx: progress.claim(tx, key, owner)).result()
    assert store.submit(lambda tx: outbox.lease(tx, owner)).result()
    say("holding")
    sys.stdin.read()  # until the test kills this process


PROGRAMS: dict[str, Callable[..., None]] = {"drain": drain, "write": write, "die": die, "hold": hold}

if __name__ == "__main__":
    name, url, key_file, node, *rest = sys.argv[1:]
    opened = open_store(url, Path(key_file), node=node)
    PROGRAMS[name](opened, node, *rest)
    opened.close()
