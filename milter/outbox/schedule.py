"""What falls due with time: held messages that nobody decided about, and what is kept no longer."""

from collections.abc import Callable

from milter.dispatch.surroundings import Surroundings
from milter.store import decisions
from milter.store.transaction import Transaction


def work_for(with_: Surroundings) -> Callable[[Transaction], int]:
    """Make the unit of work of one round; it gives how much was done."""
    del with_

    def work(tx: Transaction) -> int:
        return decisions.expire(tx, tx.now)

    return work
