"""One held message: who, to whom, why, what is in it (masked), and every act about it."""

from typing import Any

from starlette.responses import Response

from addin_backend.admin import acts
from addin_backend.admin.names import names
from addin_backend.admin.roles import DECIDES, UNMASKS
from addin_backend.admin.seeing import seen
from addin_backend.admin.visit import Visit
from milter.errors import RequestError
from milter.policy.reasons import BY_CODE
from milter.sandbox import ChildFailed
from milter.store import accounts, judged, quarantine, talk, trail
from milter.store.quarantine import HeldInFull
from milter.store.transaction import Transaction

INLINE_BYTES = 5 * 1024 * 1024  # a larger message's text is shown when it is asked for
UNREAD = "The text could not be read within the limits of memory and time. Treat the message with care."


def show(visit: Visit) -> Response:
    """Show one held message."""
    return _page(visit, {})


def decide(visit: Visit) -> Response:
    """Release or refuse, for the recipients that were ticked."""
    form = visit.form
    errors = {}
    if not form.get("act"):
        errors["act"] = "Choose what is to be done"
    if not form.all("recipients"):
        errors["recipients"] = "Tick at least one recipient"
    if not form.get("reason"):
        errors["reason"] = "Enter a reason"
    if errors:
        return _page(visit, errors)
    held_id, policy = visit.path["id"], visit.desk.site.known.policy
    done = visit.store.submit(
        lambda tx: acts.decide(
            tx, visit.me, held_id, form.all("recipients"), form.get("act"), form.get("reason"), policy
        )
    ).result()
    return visit.go(f"/quarantine/{held_id}", done=done)


def assign(visit: Visit) -> Response:
    """Give it to somebody."""
    held_id, to = visit.path["id"], visit.form.get("to")
    visit.store.submit(lambda tx: acts.assign(tx, visit.me, held_id, to)).result()
    return visit.go(f"/quarantine/{held_id}", done="It is given on." if to else "It is nobody's now.")


def note(visit: Visit) -> Response:
    """Add a note."""
    held_id, text = visit.path["id"], visit.form.get("note")
    if not text:
        return _page(visit, {"note": "Enter the note"})
    visit.store.submit(lambda tx: acts.note(tx, visit.me, held_id, text)).result()
    return visit.go(f"/quarantine/{held_id}", done="The note is added.")


def ask(visit: Visit) -> Response:
    """Ask the sender."""
    held_id, text = visit.path["id"], visit.form.get("question")
    if not text:
        return _page(visit, {"question": "Enter what you want to know"})
    visit.store.submit(lambda tx: acts.ask_sender(tx, visit.me, held_id, text, visit.desk.url)).result()
    return visit.go(f"/quarantine/{held_id}", done="The sender is asked, by a link in an e-mail.")


def feedback(visit: Visit) -> Response:
    """Take down whether a reason or finding was right."""
    held_id, code, verdict = visit.path["id"], visit.form.get("code"), visit.form.get("verdict")
    visit.store.submit(lambda tx: acts.give_feedback(tx, visit.me, held_id, code, verdict)).result()
    return visit.go(f"/quarantine/{held_id}", done="Thank you. It counts in the reports and for tuning.")


def content_ask(visit: Visit) -> Response:
    """Ask why the content is to be seen unmasked."""
    with visit.store.read() as tx:
        full = seen(tx, visit.me, quarantine.get, visit.path["id"])
    return visit.page("content-ask.html", section="/quarantine", held=full.held)


def content_show(visit: Visit) -> Response:
    """Show the text unmasked, once, with its reason in the trail."""
    held_id, reason = visit.path["id"], visit.form.get("reason")
    with visit.store.read() as tx:
        full = seen(tx, visit.me, quarantine.get, held_id)
    if not reason:
        errors = {"reason": "Enter why you need to see it"}
        return visit.page("content-ask.html", 422, section="/quarantine", held=full.held, errors=errors)

    def work(tx: Transaction) -> bytes:
        seen(tx, visit.me, quarantine.get, held_id)
        return quarantine.see_content(tx, held_id, visit.actor, reason)

    raw = visit.store.submit(work).result()
    text = _text(visit, raw, full.held.organisation, clear=True)
    return visit.page("content.html", section="/quarantine", held=full.held, text=text, unread=UNREAD)


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    held_id = visit.path["id"]
    with visit.store.read() as tx:
        full = seen(tx, visit.me, quarantine.get, held_id)
        told = {
            "full": full,
            "held": full.held,
            "name": names(tx),
            "now": tx.now,
            "verdict": judged.get(tx, full.held.judged_id),
            "notes": talk.notes_about(tx, held_id),
            "requests": talk.listed(tx, state="", judged_id=full.held.judged_id),
            "trail": trail.rows_about(tx.connection, held_id),
            "reviewers": _reviewers(tx, full),
        }
        wanted = full.held.size_bytes <= INLINE_BYTES or visit.query.get("text")
        raw = _content(tx, full) if wanted else None
    text = None if raw is None else _text(visit, raw, full.held.organisation, clear=False)
    return visit.page(
        "message.html",
        422 if errors else 200,
        section="/quarantine",
        reasons=_reasons(full),
        text=text,
        large=not wanted,
        unread=UNREAD,
        acts=acts.ACTS,
        decides=visit.may(DECIDES),
        unmasks=visit.may(UNMASKS),
        four_eyes=visit.desk.site.known.policy.holding.four_eyes,
        errors=errors,
        values=visit.form,
        **told,
    )


def _content(tx: Transaction, full: HeldInFull) -> bytes | None:
    try:
        return quarantine.content(tx, full.held.id)
    except RequestError:  # destroyed, as the schedule demands
        return None


def _text(visit: Visit, raw: bytes, organisation: str, *, clear: bool) -> dict[str, Any] | None:
    header = {"op": "preview", "organisation": organisation, "clear": clear}
    try:
        answer, _ = visit.desk.ask_child(header, raw)
    except ChildFailed:
        return {"parts": [], "cut": False, "failed": True}
    return answer | {"failed": False}


def _reasons(full: HeldInFull) -> list[dict[str, Any]]:
    """Give each reason once, with its words and rules, whom it concerns, and its masked details."""
    found: dict[str, dict[str, Any]] = {}
    for told in full.summary.get("reasons", ()):
        entry = BY_CODE.get(told["code"])
        one = found.setdefault(
            told["code"],
            {
                "code": told["code"],
                "title": entry.title if entry else told["code"],
                "why": entry.why if entry else "",
                "rules": entry.rules if entry else (),
                "enforced": told["enforced"],
                "details": {},
                "recipients": {},
            },
        )
        one["recipients"][told["recipient"]] = None
        if told["detail"]:
            one["details"][told["detail"]] = None
    return list(found.values())


def _reviewers(tx: Transaction, full: HeldInFull) -> list[tuple[str, str]]:
    """Give who may decide about it."""
    return [(one.id, one.name) for one in accounts.listed(tx) if acts.may_decide(one, full)]
