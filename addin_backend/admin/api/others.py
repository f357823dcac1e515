"""Protected documents, requests of staff, messages and figures by the API."""

from datetime import timedelta
from typing import Any

from addin_backend.admin import acts, paging
from addin_backend.admin.api.call import Call, WrongValueError
from addin_backend.admin.api.held import place
from addin_backend.admin.seeing import narrowed, seen
from addin_backend.admin.share_pages import act_on
from milter.store import judged, quarantine, register, reports, shares, talk


def shares_list(call: Call) -> Any:
    """Give a page of protected documents, latest first."""
    limit = call.number("limit", 50, 200)
    state = call.query.get("state")
    if state and state not in shares.TRANSITIONS:
        raise WrongValueError("state", f"one of {', '.join(shares.TRANSITIONS)} is needed")
    with call.store.read() as tx:
        found, after = shares.search(
            tx,
            states=(state,) if state else (),
            scope=narrowed(call.query, call.me),
            after=paging.after_of(call.query),
            limit=limit,
        )
    return {"items": found, "next": place(after)}


def share(call: Call) -> Any:
    """Give one share with its history. No password."""
    with call.store.read() as tx:
        found = seen(tx, call.me, shares.get, call.reference())
        history = shares.history(tx, found.id)
    return {"share": found, "history": history}


def withdraw(call: Call) -> Any:
    """Take a share back: its password is destroyed, and the recipient is told."""
    return _share_act(call, "withdraw", call.text("reason", 2_000))


def reissue(call: Call) -> Any:
    """Have a lost password sent once more, to the same address."""
    return _share_act(call, "reissue", call.text("reason", 2_000))


def told(call: Call) -> Any:
    """Note whom the password was told by telephone."""
    return _share_act(call, "told", "", (call.text("person", 200), call.text("job_title", 200)))


def _share_act(call: Call, what: str, reason: str, person: tuple[str, str] = ("", "")) -> Any:
    share_id, limit = call.reference(), call.desk.site.known.policy.sharing.reissues
    done = call.store.submit(lambda tx: act_on(tx, call.me, share_id, what, reason, person, limit)).result()
    return {"done": done}


def requests_list(call: Call) -> Any:
    """Give what staff asked, the oldest first: what is open, or what is answered."""
    state = call.query.get("state") or "open"
    if state not in {"open", "answered"}:
        raise WrongValueError("state", "'open' or 'answered' is needed")
    with call.store.read() as tx:
        return {"items": talk.listed(tx, state=state, scope=narrowed(call.query, call.me))}


def request(call: Call) -> Any:
    """Give one request, and the reasons of its message."""
    with call.store.read() as tx:
        found = seen(tx, call.me, talk.get, call.reference())
        return {"request": found, "reasons": judged.reasons_of(tx, found.judged_id)}


def answer(call: Call) -> Any:
    """Answer a request; the sender is told by mail. `false_positive` names a reason that was a false alarm."""
    text, wrong, request_id = (
        call.text("text"),
        call.text("false_positive", 60, needed=False),
        call.reference(),
    )
    call.store.submit(lambda tx: acts.answer_request(tx, call.me, request_id, text, wrong)).result()
    return {"done": "answered"}


def message(call: Call) -> Any:
    """Give what became of one message, recipient by recipient."""
    with call.store.read() as tx:
        found = seen(tx, call.me, judged.get, call.reference())
        return {
            "message": found,
            "reasons": judged.reasons_of(tx, found.id),
            "entries": register.of_message(tx, found.id),
            "shares": [one.id for one in shares.of_message(tx, found.id)],
            "held": [one.id for one in quarantine.of_message(tx, found.id)],
        }


def figures(call: Call) -> Any:
    """Give what was judged, by week, organisation and action."""
    weeks = call.number("weeks", 12, 104)
    with call.store.read() as tx:
        until = tx.now + timedelta(seconds=1)
        since = until - timedelta(weeks=weeks)
        scope = narrowed(call.query, call.me)
        return {
            "judgements": reports.judgements(tx, since, until, scope),
            "rules": reports.rules(tx, since, until, scope),
        }
