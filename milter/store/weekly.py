"""How often what was judged, by week. Finished weeks are counted once and kept; reports read some rows for each.

Guarantees: a week is counted when mail of a day after it was judged; counted twice, by two nodes, it gives the same
rows. What is not kept yet is counted from the messages, so that figures are whole at any moment. Weeks begin on
Monday, 00:00 UTC, and are given as that moment.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, and_, false, func, or_, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite

from milter.store import audit
from milter.store.columns import microseconds
from milter.store.schema import judged, judged_reasons, meta, weekly
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction

MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
WEEK = timedelta(days=7)
GRACE = timedelta(days=1)  # a try may be recorded late, by a node whose clock is behind
Of = Literal["messages", "reasons"]
Row = tuple[Any, ...]  # week, then what was named, then messages and recipients
_UNTIL = "weeks-counted-until"
_MICROSECONDS = WEEK // timedelta(microseconds=1)
_PLACE: dict[str, Any] = {"organisation": judged.c.organisation, "directorate": judged.c.directorate}
_reason = judged_reasons.c
_OF_MESSAGES: dict[str, Any] = {name: judged.c[name] for name in ("action", "at", "recipients")}
_OF_REASONS: dict[str, Any] = {
    name: _reason[name] for name in ("code", "enforced", "action", "at", "recipients")
}


def monday(moment: datetime) -> datetime:
    """Give the beginning of a moment's week."""
    return MONDAY + (moment - MONDAY) // WEEK * WEEK


def counted(
    tx: Transaction, of: Of, names: Sequence[str], since: datetime, until: datetime, scope: Scope = EVERYTHING
) -> list[Row]:
    """Count by week and by what is named: organisation, directorate, action; code and enforced of reasons."""
    first = monday(since) if since == monday(since) else monday(since) + WEEK
    last = min(_counted_until(tx) or first, monday(until))
    if last <= first:
        return _from_messages(tx, of, names, ((since, until),), scope)
    rows = _from_messages(tx, of, names, ((since, first), (last, until)), scope)
    return rows + _from_weeks(tx, of, names, first, last, scope)


def _from_weeks(
    tx: Transaction, of: Of, names: Sequence[str], since: datetime, until: datetime, scope: Scope
) -> list[Row]:
    here = weekly.c
    columns = (here.week, *(here[name] for name in names))
    query = (
        select(*columns, func.sum(here.messages), func.sum(here.recipients))
        .where(
            here.week >= since, here.week < until, here.code == "" if of == "messages" else here.code != ""
        )
        .where(*scope.where(here.organisation, here.directorate))
        .group_by(*columns)
    )
    return [(*row[:-2], *map(int, row[-2:])) for row in tx.execute(query)]


def _from_messages(
    tx: Transaction, of: Of, names: Sequence[str], spans: Sequence[tuple[datetime, datetime]], scope: Scope
) -> list[Row]:
    known = _PLACE | (_OF_MESSAGES if of == "messages" else _OF_REASONS)
    at, columns, seen = known["at"], [known[name] for name in names], scope.where(*_PLACE.values())
    week = ((type_coerce(at, BigInteger) - microseconds(MONDAY)) // _MICROSECONDS).label("week")
    query = (
        select(week, *columns, func.count(), func.sum(known["recipients"]))
        .where(
            or_(false(), *(and_(at >= since, at < until) for since, until in spans if since < until)), *seen
        )
        .group_by("week", *columns)
    )
    if of == "reasons" and (seen or not _PLACE.keys().isdisjoint(names)):
        query = query.join(judged, judged.c.id == _reason.judged_id)
    return [(MONDAY + row[0] * WEEK, *row[1:-1], int(row[-1])) for row in tx.execute(query)]


def finished(tx: Transaction) -> datetime | None:
    """Give the week to count next; None where none is due.

    Mail that was judged behind the week proves that it is over, whatever a clock says now.
    """
    last = tx.execute(select(func.max(judged.c.at))).scalar()
    week = _counted_until(tx)
    if week is None:
        first = tx.execute(select(func.min(judged.c.at))).scalar()
        week = None if first is None else monday(first)
    return week if week is not None and last is not None and last >= week + WEEK + GRACE else None


def count(tx: Transaction, week: datetime) -> list[dict[str, Any]]:
    """Count a week's messages and their reasons, as `keep` wants them."""
    span = ((week, week + WEEK),)
    of_messages = ("organisation", "directorate", "action")
    of_reasons = (*of_messages, "code", "enforced")
    messages = _from_messages(tx, "messages", of_messages, span, EVERYTHING)
    reasons = _from_messages(tx, "reasons", of_reasons, span, EVERYTHING)
    sums = ("messages", "recipients")
    return [
        {"code": "", "enforced": True, **dict(zip(("week", *of_messages, *sums), row, strict=True))}
        for row in messages
    ] + [dict(zip(("week", *of_reasons, *sums), row, strict=True)) for row in reasons]


def keep(tx: Transaction, week: datetime, counts: Sequence[dict[str, Any]]) -> None:
    """Keep what was counted of a week; where another node was first, nothing changes."""
    if (_counted_until(tx) or week) > week:
        return
    dialect: Any = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    until = {"name": _UNTIL, "value": str(microseconds(week + WEEK))}
    moved = dialect.insert(meta).values(until)
    tx.execute(moved.on_conflict_do_update(index_elements=["name"], set_=until))
    if counts:
        tx.execute(dialect.insert(weekly).on_conflict_do_nothing(), list(counts))
    audit.week_counted(tx, week.date().isoformat(), sum(one["messages"] for one in counts if not one["code"]))


def _counted_until(tx: Transaction) -> datetime | None:
    found = tx.execute(select(meta.c.value).where(meta.c.name == _UNTIL)).scalar()
    return None if found is None else datetime.fromtimestamp(int(found) // 1_000_000, tz=UTC)
