"""What falls due with time: held messages nobody decided about, shares to remind of or to end, old content."""

from collections.abc import Callable

from milter import sharing
from milter.dispatch.surroundings import Surroundings
from milter.store import decisions, shares
from milter.store.transaction import Transaction


def work_for(with_: Surroundings) -> Callable[[Transaction], int]:
    """Make the unit of work of one round; it gives how much was done."""
    del with_

    def work(tx: Transaction) -> int:
        done = decisions.expire(tx, tx.now)
        for share in shares.overdue(tx, tx.now):
            sharing.expire(tx, share)
            done += 1
        for share in shares.to_remind(tx, tx.now):
            sharing.remind(tx, share)
            done += 1
        return done

    return work
