"""Held messages by the API: the same acts as on the pages, never content."""

from typing import Any

from addin_backend.admin import acts, paging
from addin_backend.admin.api.call import Call, WrongValueError
from addin_backend.admin.quarantine import search_of
from addin_backend.admin.seeing import seen
from milter.store import quarantine, talk
from milter.store.columns import microseconds
from milter.store.transaction import Transaction

HOW = {"as-it-is": "release", "protected": "release-protected"}


def listing(call: Call) -> Any:
    """Give a page of held messages, latest first."""
    limit = call.number("limit", 50, 200)
    with call.store.read() as tx:
        wanted = search_of(call.query, call.me, tx)
        found, after = quarantine.search(tx, wanted, after=paging.after_of(call.query), limit=limit)
        count = quarantine.count(tx, wanted)
    return {"items": found, "count": count, "next": place(after)}


def show(call: Call) -> Any:
    """Give one held message: recipients, reasons, masked findings, notes. No content."""
    held_id = call.reference()
    with call.store.read() as tx:
        full = seen(tx, call.me, quarantine.get, held_id)
        notes = talk.notes_about(tx, held_id)
    return {"held": full.held, "summary": full.summary, "recipients": full.recipients, "notes": notes}


def release(call: Call) -> Any:
    """Release for some recipients, or all who wait."""
    how = call.text("how", 20, needed=False) or "as-it-is"
    if how not in HOW:
        raise WrongValueError("how", "'as-it-is' or 'protected' is needed")
    return _decide(call, HOW[how])


def refuse(call: Call) -> Any:
    """Refuse for some recipients, or all who wait; the sender is told why."""
    return _decide(call, "refuse")


def assign(call: Call) -> Any:
    """Give it to an account, or to nobody."""
    to, held_id = call.text("to", 40, needed=False), call.reference()
    call.store.submit(lambda tx: acts.assign(tx, call.me, held_id, to)).result()
    return {"done": "assigned"}


def note(call: Call) -> Any:
    """Add a note."""
    text, held_id = call.text("text"), call.reference()
    call.store.submit(lambda tx: acts.note(tx, call.me, held_id, text)).result()
    return {"done": "noted"}


def question(call: Call) -> Any:
    """Ask the sender by a link of their own."""
    text, held_id, url = call.text("text"), call.reference(), call.desk.url
    request = call.store.submit(lambda tx: acts.ask_sender(tx, call.me, held_id, text, url)).result()
    return {"done": "asked", "request": request}


def feedback(call: Call) -> Any:
    """Say whether a reason or a finding was right."""
    code, verdict, held_id = call.text("code", 60), call.text("verdict", 20), call.reference()
    call.store.submit(lambda tx: acts.give_feedback(tx, call.me, held_id, code, verdict)).result()
    return {"done": "noted"}


def place(after: Any) -> str | None:
    """Give where the next page begins, for `after`; None at the end."""
    return None if after is None else f"{microseconds(after[0])}.{after[1]}"


def _decide(call: Call, act: str) -> Any:
    held_id, reason, chosen = call.reference(), call.text("reason"), call.texts("recipients")
    policy = call.desk.site.known.policy

    def work(tx: Transaction) -> str:
        full = seen(tx, call.me, quarantine.get, held_id)
        waiting = tuple(one.recipient for one in full.recipients if one.state == "held")
        return acts.decide(tx, call.me, held_id, chosen or waiting, act, reason, policy)

    return {"done": call.store.submit(work).result()}
