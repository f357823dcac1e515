"""What falls due with time: held messages nobody decided about, shares and records to remind of, old content."""

from collections.abc import Callable

from milter import sharing
from milter.assess.known import Known
from milter.dispatch.surroundings import Surroundings
from milter.store import decisions, outbox, purge, register, shares, weekly
from milter.store.transaction import Transaction


def work_for(with_: Surroundings) -> Callable[[Transaction], int]:
    """Make the unit of work of one round; it gives how much was done. It ends and destroys: see `steady`."""
    plan = _plan(with_.known)

    def work(tx: Transaction) -> int:
        done = decisions.expire(tx, tx.now)
        for share in shares.overdue(tx, tx.now):
            sharing.expire(tx, share)
            done += 1
        for share in shares.to_remind(tx, tx.now):
            sharing.remind(tx, share)
            done += 1
        for entry in register.to_remind(tx):
            number = register.reminded(tx, entry)
            outbox.put(tx, "due", entry.id, f"due:{entry.id}:{entry.due_for}:{number}", {})
            done += 1
        return done + purge.purge(tx, plan)

    return work


def week_to_keep(with_: Surroundings) -> Callable[[Transaction], None] | None:
    """Count the next finished week for the reports, and give what keeps it; None where none is due.

    It is counted before the transaction begins, so that no mail waits behind it.
    """
    with with_.store.read() as tx:
        week = weekly.finished(tx)
        if week is None:
            return None
        counts = weekly.count(tx, week)
    return lambda tx: weekly.keep(tx, week, counts)


def _plan(known: Known) -> purge.Schedule:
    kept = known.settings.retention
    return purge.Schedule(
        held_content=kept.held_days,
        password=known.policy.sharing.expires_days,  # a lost one is sent again as long as a share may wait
        facts=kept.facts_days,
        progress=kept.progress_days,
        judged=kept.judged_days,
    )
