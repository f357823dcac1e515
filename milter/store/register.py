"""The record of sharing (R1): one entry for each disclosure and recipient, of every channel.

Guarantees: an entry is added once and never deleted; what is filled in later is audited by field names. What
is missing of R1 can be asked for (`gaps`). Searching and paging hold with 100,000 entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, insert, or_, select, type_coerce, update

from milter.errors import RequestError
from milter.store import audit
from milter.store.columns import Words
from milter.store.schema import register
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction, changed, need, value_of, values_of

CHANNELS = (
    "email",
    "telephone",
    "by-hand",
    "post",
    "fax",
    "device",
    "laptop",
    "secure-page",
    "meeting",
)
STATUSES = (
    "sent",  # handed to the next hop as it was
    "protected",  # handed on encrypted; the recipient has not confirmed
    "held",
    "refused",
    "confirmed",  # the recipient has confirmed receipt
    "released",  # and has the password
    "bounced",
    "expired",
    "withdrawn",
    "recorded",  # another channel, nothing more to do
    "due",  # something is due back, unconfirmed or to be deleted
    "done",  # and was done
    "lost",  # an incident
)
_R1 = (  # what must be recorded; the time, the channel and the way the gateway knows by itself
    "purpose",
    "information",
    "way",
    "recipient_name",
    "recipient_job_title",
    "recipient_organisation",
    "recipient_telephone",
)
_SEARCHED = (
    "id",
    "judged_id",
    "share_id",
    "held_id",
    "sender",
    "sender_name",
    "recipient",
    "recipient_name",
    "recipient_organisation",
    "recipient_telephone",
    "purpose",
    "authorised_by",
)
_FIXED = frozenset({"id", "at", "channel", "judged_id", "complete", "search", "recorded_by"})
_ADD = insert(register)  # made once, see `judged`
_THEN = "due-then"
_AHEAD = timedelta(hours=12)  # things fall due in the afternoon: one hears of them in the morning
_AGAIN = timedelta(days=7)
_LAST = 5  # reminder: the third of those that come a week apart, behind the first in the morning
COUNT_LIMIT = 1_000  # a search counts no further


@dataclass(frozen=True, slots=True)
class Entry:
    """One disclosure to one recipient. Empty text means not known yet."""

    id: str
    at: datetime
    channel: str
    judged_id: str = ""
    held_id: str = ""
    share_id: str = ""
    sender: str = ""
    sender_name: str = ""
    sender_organisation: str = ""
    directorate: str = ""  # of the sender's organisation
    recipient: str = ""  # address; a number or place for other channels
    recipient_name: str = ""
    recipient_job_title: str = ""
    recipient_department: str = ""
    recipient_organisation: str = ""
    recipient_telephone: str = ""
    recipient_kind: str = ""
    purpose: str = ""
    consent_limits: str = ""
    information: tuple[str, ...] = ()  # categories, or words for other channels
    authorised_by: str = ""  # where that applies, so never a gap
    way: str = ""
    tls: str = ""
    action: str = ""
    reasons: tuple[str, ...] = ()
    grade: str = ""
    status: str = "recorded"
    recorded_by: str = "gateway"
    due_at: datetime | None = None
    due_for: str = ""  # return, confirmation, deletion
    extra: dict[str, Any] = field(default_factory=dict)  # JSON: what only this channel asks for
    remind_at: datetime | None = None

    @property
    def due_then(self) -> tuple[tuple[str, datetime], ...]:
        """What falls due behind `due_at`, in order."""
        return tuple((what, datetime.fromisoformat(at)) for what, at in self.extra.get(_THEN, ()))

    @property
    def gaps(self) -> tuple[str, ...]:
        """The names of R1's fields that are still missing."""
        return tuple(name for name in _R1 if not getattr(self, name))


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; what is empty does not narrow."""

    words: str = ""  # each must occur in a name, address, organisation, number, purpose or reference
    since: datetime | None = None
    until: datetime | None = None
    channel: str = ""
    status: str = ""
    scope: Scope = EVERYTHING  # where the sender belongs
    sender: str = ""
    recipient: str = ""
    gaps_only: bool = False
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a search's result, latest first."""

    entries: tuple[Entry, ...]
    next: tuple[datetime, str] | None  # give it as `after` to get the next page; None at the end


def add(tx: Transaction, entries: Sequence[Entry], *, subject: str = "", actor: str = "gateway") -> None:
    """Add entries of one message or occasion. `subject` is its reference; the first entry's by default."""
    if not entries:
        return
    tx.execute(_ADD, [_row(entry) for entry in entries])
    audit.sharing_recorded(tx, subject or entries[0].id, actor, entries[0].channel, len(entries))


def get(tx: Transaction, entry_id: str) -> Entry | None:
    """Give one entry."""
    row = tx.one(select(register).where(register.c.id == entry_id))
    return None if row is None else value_of(Entry, row)


def fill(tx: Transaction, entry_id: str, actor: str, **fields: Any) -> Entry:
    """Fill in or correct fields of an entry. RequestError where there is none, or a field is fixed."""
    if wrong := _FIXED & fields.keys():
        words = f"These fields of an entry can't be changed: {', '.join(sorted(wrong))}."
        raise RequestError(words)
    query = select(register).where(register.c.id == entry_id).with_for_update()
    entry = replace(value_of(Entry, need(tx.one(query), "entry")), **fields)
    tx.execute(update(register).where(register.c.id == entry_id).values(**_row(entry)))
    audit.entry_filled(tx, entry_id, actor, "+".join(sorted(fields))[:100])
    return entry


def with_due(entry: Entry, found: Sequence[tuple[str, datetime]]) -> Entry:
    """Give an entry with what falls due: (what, by when) of each, the register reminds of one after the other."""
    rest = {name: value for name, value in entry.extra.items() if name != _THEN}
    if not found:
        return replace(entry, due_at=None, due_for="", remind_at=None, extra=rest)
    (what, at), *later = sorted(found, key=lambda one: one[1])
    then = {_THEN: [[name, moment.isoformat()] for name, moment in later]} if later else {}
    return replace(
        entry, status="due", due_at=at, due_for=what, remind_at=at - _AHEAD, extra={**rest, **then}
    )


def settle(tx: Transaction, entry_id: str, actor: str) -> str:
    """Record that what was due is done: it is back, confirmed or deleted; what is due then takes its place.

    Gives the entry's state after it, 'due' or 'done'. RequestError where nothing is due.
    """
    query = select(register).where(register.c.id == entry_id, register.c.status == "due").with_for_update()
    row = tx.one(query)
    if row is None:
        raise RequestError("Nothing is due for this record.")
    entry = value_of(Entry, row)
    after = with_due(replace(entry, status="done"), entry.due_then)
    fields = ("status", "due_at", "due_for", "remind_at", "extra")
    values = {name: getattr(after, name) for name in fields}
    tx.execute(update(register).where(register.c.id == entry_id).values(values))
    audit.entry_status(tx, entry_id, actor, after.status)
    return after.status


def to_remind(tx: Transaction, limit: int = 100) -> tuple[Entry, ...]:
    """Give the entries whose recorders are to be reminded by now; the caller calls `reminded` for each."""
    here = and_(
        register.c.due_at <= tx.now + _AHEAD, register.c.remind_at <= tx.now, register.c.status == "due"
    )
    query = select(register).where(here).order_by(register.c.due_at, register.c.id).limit(limit)
    return tuple(value_of(Entry, row) for row in tx.execute(query))


def reminded(tx: Transaction, entry: Entry) -> int:
    """Set when they are to be reminded next, if at all; give which reminder this is.

    1 is before the hour, 2 within a week of it, and so on.
    """
    assert entry.due_at is not None
    number = (tx.now - entry.due_at) // _AGAIN + 2
    following = entry.due_at + max(1, number - 1) * _AGAIN if number < _LAST else None
    tx.execute(update(register).where(register.c.id == entry.id).values(remind_at=following))
    return number


def set_status(tx: Transaction, entry_id: str, status: str, actor: str = "gateway", *, tls: str = "") -> None:
    """Give an entry a new status, and how the line to the next hop was protected where that is known."""
    values = {"status": status, "tls": tls} if tls else {"status": status}
    if changed(tx.execute(update(register).where(register.c.id == entry_id).values(values))):
        audit.entry_status(tx, entry_id, actor, status)


def of_message(tx: Transaction, judged_id: str) -> tuple[Entry, ...]:
    """Give the entries of one judged message, by recipient."""
    query = select(register).where(register.c.judged_id == judged_id).order_by(register.c.recipient)
    return tuple(value_of(Entry, row) for row in tx.execute(query))


def due(
    tx: Transaction,
    until: datetime,
    *,
    scope: Scope = EVERYTHING,
    recorded_by: str = "",
    limit: int = 1_000,
) -> tuple[Entry, ...]:
    """Give what is due back, unconfirmed or to be deleted by then, the oldest first.

    Of a scope, and of what somebody recorded, wherever that belongs.
    """
    query = select(register).where(register.c.due_at <= until, register.c.status == "due")
    if seen := scope.where(register.c.sender_organisation, register.c.directorate):
        query = query.where(or_(*seen, register.c.recorded_by == recorded_by))
    return tuple(value_of(Entry, row) for row in tx.execute(query.order_by(register.c.due_at).limit(limit)))


def search(
    tx: Transaction, wanted: Search, *, after: tuple[datetime, str] | None = None, limit: int = 50
) -> Page:
    """Give a page of the entries that a search finds, latest first."""
    few = _few(tx, wanted)
    return _walked(tx, wanted, after, limit) if few is None else _picked(tx, few, after, limit)


def found(
    tx: Transaction, wanted: Search, *, after: tuple[datetime, str] | None = None, limit: int = 50
) -> tuple[Page, int]:
    """Give a page, and how many the whole search finds, up to COUNT_LIMIT."""
    few = _few(tx, wanted)
    if few is not None:
        return _picked(tx, few, after, limit), len(few)
    return _walked(tx, wanted, after, limit), COUNT_LIMIT if wanted.words else count(tx, wanted)


def _few(tx: Transaction, wanted: Search) -> list[tuple[datetime, str]] | None:
    """Give time and id of all that a search by words finds, latest first; None where it finds many.

    Words that are rare need the whole table to be read: once, here, for the page and the count.
    """
    if not wanted.words:
        return None
    rows = tx.execute(_narrowed(tx, select(register.c.at, register.c.id), wanted).limit(COUNT_LIMIT)).all()
    if len(rows) >= COUNT_LIMIT:
        return None
    return sorted(((row.at, row.id) for row in rows), reverse=True)


def _picked(
    tx: Transaction, few: list[tuple[datetime, str]], after: tuple[datetime, str] | None, limit: int
) -> Page:
    rest = [place for place in few if after is None or place < after]
    here = [entry_id for _, entry_id in rest[:limit]]
    rows = {row.id: row for row in tx.execute(select(register).where(register.c.id.in_(here)))}
    entries = tuple(value_of(Entry, rows[entry_id]) for entry_id in here)
    return Page(entries, rest[limit - 1] if len(rest) > limit else None)


def _walked(tx: Transaction, wanted: Search, after: tuple[datetime, str] | None, limit: int) -> Page:
    query = _narrowed(tx, select(register), wanted).order_by(register.c.at.desc(), register.c.id.desc())
    if after is not None:
        at, entry_id = after
        query = query.where(
            register.c.at <= at, or_(register.c.at < at, and_(register.c.at == at, register.c.id < entry_id))
        )
    rows = tx.execute(query.limit(limit + 1)).all()
    entries = tuple(value_of(Entry, row) for row in rows[:limit])
    return Page(entries, (entries[-1].at, entries[-1].id) if len(rows) > limit else None)


def count(tx: Transaction, wanted: Search) -> int:
    """Count what a search finds, up to COUNT_LIMIT."""
    some = _narrowed(tx, select(register.c.id), wanted).limit(COUNT_LIMIT).subquery()
    return int(tx.execute(select(func.count()).select_from(some)).scalar_one())


def _narrowed(tx: Transaction, query: Select[Any], wanted: Search) -> Select[Any]:
    table = register.c
    if wanted.since is not None:
        query = query.where(table.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.at < wanted.until)
    for column, value in (
        (table.channel, wanted.channel),
        (table.status, wanted.status),
        (table.sender, wanted.sender),
        (table.recipient, wanted.recipient),
        (table.recorded_by, wanted.recorded_by),
    ):
        if value:
            query = query.where(column == value)
    query = query.where(*wanted.scope.where(table.sender_organisation, table.directorate))
    if wanted.gaps_only:
        query = query.where(table.complete.is_(False))
    for word in wanted.words.lower().split()[:8]:
        query = query.where(_has(tx, word))
    return query


def _has(tx: Transaction, word: str) -> Any:
    """Say that a word occurs: on PostgreSQL strpos takes half of LIKE's time, on SQLite LIKE is the quicker one."""
    if tx.connection.dialect.name == "postgresql":
        return func.strpos(register.c.search, type_coerce(word, Words)) > 0
    return register.c.search.contains(word, autoescape=True)


def _row(entry: Entry) -> dict[str, Any]:
    row = values_of(entry)
    row["complete"] = not entry.gaps
    row["search"] = " ".join(getattr(entry, name) for name in _SEARCHED).lower()[:2_000]
    return row
