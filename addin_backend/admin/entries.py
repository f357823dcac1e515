"""The record of sharing (R1): search, one entry, its gaps, what is due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from addin_backend.admin import channels, paging
from addin_backend.admin.acts import MOST_WORDS
from addin_backend.admin.names import names
from addin_backend.admin.roles import EXPORTS, KEEPS_REGISTER, RECORDS, SEES_REGISTER
from addin_backend.admin.seeing import narrowed, places
from addin_backend.admin.visit import NotAllowedError, NotThereError, Values, Visit
from addin_backend.admin.words import CHANNELS, FIELDS, LONDON
from milter.errors import RequestError
from milter.store import incidents, register, talk, trail
from milter.store.accounts import Account
from milter.store.ids import read_reference
from milter.store.register import Entry, Search
from milter.store.scope import NOTHING
from milter.store.trail import AuditRow
from milter.store.transaction import Transaction

PATH = "/register"
EACH = 50
DUE_DAYS = 14  # how far ahead the list of what is due looks
FILLED = (
    "purpose",
    "information",
    "recipient_name",
    "recipient_job_title",
    "recipient_department",
    "recipient_organisation",
    "recipient_telephone",
    "authorised_by",
    "consent_limits",
)
KINDS = ("mis-sent", "device-lost", "device-stolen", "other")


def listing(visit: Visit) -> Response:
    """Search the record."""
    wanted, errors = search_of(visit.query, visit.me)
    with visit.store.read() as tx:
        page, count = register.found(tx, wanted, after=paging.after_of(visit.query), limit=EACH)
    return visit.page(
        "register.html",
        section=PATH,
        entries=page.entries,
        count=count,
        more=count >= register.COUNT_LIMIT,
        filters=paging.begin("", visit.query).removeprefix("?"),
        channels=CHANNELS,
        statuses=register.STATUSES,
        places=places(visit.desk, visit.me.reach),
        records=visit.may(RECORDS),
        exports=visit.may(EXPORTS),
        errors=errors,
        values=visit.query,
        **paging.told(PATH, visit.query, page.next),
    )


def search_of(query: Values, me: Account) -> tuple[Search, dict[str, str]]:
    """Make a search of the filters, within the account's scope; whoever only records sees what they recorded."""
    errors: dict[str, str] = {}
    until = _date(query, "until", errors)
    reference = read_reference(query.get("q"))
    search = Search(
        words=(reference or query.get("q"))[:200],
        since=_date(query, "since", errors),
        until=until + timedelta(days=1) if until else None,
        channel=query.get("channel") if query.get("channel") in register.CHANNELS else "",
        status=query.get("status") if query.get("status") in register.STATUSES else "",
        scope=narrowed(query, me),
        gaps_only=bool(query.get("gaps")),
        recorded_by="" if SEES_REGISTER & set(me.roles) else f"account:{me.id}",
    )
    return search, errors


def entry_for(tx: Transaction, me: Account, entry_id: str) -> Entry:
    """Give an entry that the account may see: of its scope, or made by itself. NotThereError for any other."""
    entry = register.get(tx, entry_id)
    if entry is None:
        raise NotThereError
    in_scope = me.reach.sees(entry.sender_organisation, entry.directorate) and SEES_REGISTER & set(me.roles)
    if not in_scope and entry.recorded_by != f"account:{me.id}":
        raise NotThereError
    return entry


def show(visit: Visit) -> Response:
    """Show one entry."""
    return _page(visit, {})


def fill(visit: Visit) -> Response:
    """Fill in what is missing, or correct it."""
    entry_id = visit.path["id"]
    told: dict[str, Any] = {name: visit.form.get(name)[:1_000] for name in FILLED if visit.form.get(name)}
    if "information" in told:
        told["information"] = tuple(word.strip() for word in told["information"].split(",") if word.strip())
    visit.store.submit(lambda tx: fill_in(tx, visit.me, entry_id, told)).result()
    return visit.go(f"{PATH}/{entry_id}", done="The record is filled in.")


def fill_in(tx: Transaction, me: Account, entry_id: str, told: Mapping[str, Any]) -> Entry:
    """Fill in or correct fields of an entry. RequestError where that changes nothing."""
    entry = _to_change(tx, me, entry_id)
    fresh = {name: value for name, value in told.items() if value != getattr(entry, name)}
    if not fresh:
        raise RequestError("Nothing was changed.")
    return register.fill(tx, entry_id, f"account:{me.id}", **fresh)


def settle(visit: Visit) -> Response:
    """Take down that what was due is done."""
    entry_id = visit.path["id"]
    after = visit.store.submit(lambda tx: settle_it(tx, visit.me, entry_id)).result()
    words = "It is noted as done." if after == "done" else "It is noted as done. Something else is due then."
    return visit.go(f"{PATH}/{entry_id}", done=words)


def settle_it(tx: Transaction, me: Account, entry_id: str) -> str:
    """Take down that what was due is done; give the record's state after it."""
    _to_change(tx, me, entry_id)
    return register.settle(tx, entry_id, f"account:{me.id}")


def note(visit: Visit) -> Response:
    """Add a note to an entry."""
    entry_id, text = visit.path["id"], visit.form.get("note")[:MOST_WORDS]
    if not text:
        return _page(visit, {"note": "Enter the note"})
    visit.store.submit(lambda tx: note_down(tx, visit.me, entry_id, text)).result()
    return visit.go(f"{PATH}/{entry_id}", done="The note is added.")


def note_down(tx: Transaction, me: Account, entry_id: str, text: str) -> None:
    """Add a note to an entry that the account may see."""
    entry_for(tx, me, entry_id)
    talk.add_note(tx, entry_id, f"account:{me.id}", text)


def _to_change(tx: Transaction, me: Account, entry_id: str) -> Entry:
    entry = entry_for(tx, me, entry_id)
    if not may_change(me, entry):
        raise NotAllowedError
    return entry


def due(visit: Visit) -> Response:
    """List what is due back, unconfirmed or to be deleted."""
    with visit.store.read() as tx:
        found = due_by(tx, visit.me, timedelta(days=DUE_DAYS))
        now = tx.now
    return visit.page("due.html", section="/due", entries=found, now=now, days=DUE_DAYS)


def due_by(tx: Transaction, me: Account, within: timedelta) -> tuple[Entry, ...]:
    """Give what falls due within a time, of what the account may see."""
    scope = me.reach if SEES_REGISTER & set(me.roles) else NOTHING
    return register.due(tx, tx.now + within, scope=scope, recorded_by=f"account:{me.id}")


def may_change(me: Account, entry: Entry) -> bool:
    """Whether the account may fill in an entry: who keeps the register, and who made the entry."""
    return bool(KEEPS_REGISTER & set(me.roles)) or entry.recorded_by == f"account:{me.id}"


def _page(visit: Visit, errors: Mapping[str, str]) -> Response:
    with visit.store.read() as tx:
        entry = entry_for(tx, visit.me, visit.path["id"])
        told: dict[str, Any] = {
            "name": names(tx),
            "notes": talk.notes_about(tx, entry.id),
            "trail": _trail(tx, entry),
            "incidents": incidents.about(tx, register_id=entry.id),
            "now": tx.now,
        }
    channel = channels.BY_NAME.get(entry.channel)
    return visit.page(
        "entry.html",
        422 if errors else 200,
        section=PATH,
        entry=entry,
        channel=channel,
        filled=[(name, FIELDS.get(name, name.replace("_", " "))) for name in FILLED],
        kinds=KINDS,
        changes=may_change(visit.me, entry),
        errors=errors,
        values=_values(entry),
        exports=visit.may(EXPORTS),
        **told,
    )


def _trail(tx: Transaction, entry: Entry) -> list[AuditRow]:
    """Give the rows about an entry, and about the message by which it was shared: that is where it was recorded."""
    subjects = (entry.id, entry.judged_id) if entry.judged_id else (entry.id,)
    rows = [row for subject in subjects for row in trail.rows_about(tx.connection, subject)]
    return sorted(rows, key=lambda row: (row.at, row.chain, row.seq))


def _values(entry: Entry) -> dict[str, str]:
    return {
        name: ", ".join(value) if isinstance(value := getattr(entry, name), tuple) else value
        for name in FILLED
    }


def _date(query: Values, name: str, errors: dict[str, str]) -> datetime | None:
    """Read a day as London has it."""
    text = query.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=LONDON)
    except ValueError:
        errors[name] = "Enter a date such as 2026-11-24"
        return None
