"""Pages for senders, who have no account: asking for another look, and answering a reviewer's question.

Guarantees: only who got the notice or the question can open them, since the link carries a keyed proof or a
token that is used once; opening changes nothing, only the form's button does; nothing is shown that the notice
did not tell: addresses and outcomes, no findings.
"""

import hmac
from typing import Any

from starlette.responses import Response

from addin_backend.admin.acts import MOST_WORDS
from addin_backend.admin.visit import NotThereError, Visit
from milter.store import judged, quarantine, register, talk
from milter.store.ids import read_reference
from milter.store.judged import Judged
from milter.store.transaction import Transaction

KINDS = (
    ("look-again", "Please look again: it should go out"),
    ("wrong", "This is wrong: what was found is not personal information"),
)
MOST_OPEN = 3  # requests about one message at a time
FIELDS = (
    ("purpose", "Why is it shared?"),
    ("authorised", "Who authorised it?"),
    ("address", "Is there a better address?"),
    ("more", "Is there anything else the reviewer should know?"),
)


def ask_show(visit: Visit) -> Response:
    """Show what became of the message, and the form."""
    return _ask_page(visit, {})


def ask(visit: Visit) -> Response:
    """Take the request."""
    if not visit.desk.public.allows(visit.client):
        return visit.problem(429)
    message = _message(visit)
    kind, text, errors = visit.form.get("kind"), _text(visit), {}
    if kind not in dict(KINDS):
        errors["kind"] = "Choose what you want"
    if not text:
        errors["more"] = "Say why, in one of these fields"
    if errors:
        return _ask_page(visit, errors)

    def work(tx: Transaction) -> bool:
        if len(talk.listed(tx, judged_id=message.id)) >= MOST_OPEN:
            return False
        held = next(iter(quarantine.of_message(tx, message.id)), None)
        held_id = held.id if held else ""
        talk.ask(
            tx,
            "wrong" if kind == "wrong" else "look-again",
            "sender",
            text,
            judged_id=message.id,
            held_id=held_id,
            organisation=message.organisation,
        )
        _fill(tx, message.id, visit)
        return True

    if not visit.store.submit(work).result():
        return visit.page("problem.html", 409, title="You have asked already", paragraphs=(ASKED,))
    return visit.page(
        "asked.html", done_text="A reviewer will look at it, and you get an e-mail with the answer."
    )


ASKED = "Your requests about this e-mail are open. Wait for the answer; it comes by e-mail."


def answer_show(visit: Visit) -> Response:
    """Show a reviewer's question, and the form for the answer."""
    return visit.page("answer.html", request=_request(visit), fields=FIELDS, token=visit.path["token"])


def answer(visit: Visit) -> Response:
    """Take the answer, once."""
    if not visit.desk.public.allows(visit.client):
        return visit.problem(429)
    request, text = _request(visit), _text(visit)
    if not text:
        errors = {"more": "Answer in one of these fields"}
        told: dict[str, Any] = {"fields": FIELDS, "token": visit.path["token"], "values": visit.form}
        return visit.page("answer.html", 422, request=request, errors=errors, **told)

    def work(tx: Transaction) -> None:
        talk.answer(tx, request.id, "sender", text)
        _fill(tx, request.judged_id, visit)

    visit.store.submit(work).result()
    return visit.page("asked.html", done_text="The reviewer has your answer, and decides.")


def _message(visit: Visit) -> Judged:
    """Give the message that a link proves the right to; nobody learns what else there is."""
    judged_id = read_reference(visit.path["ref"]) or ""
    right = hmac.compare_digest(talk.proof_of(visit.store.vault, judged_id), visit.path["proof"])
    with visit.store.read() as tx:
        message = judged.get(tx, judged_id) if right else None
    if message is None:
        raise NotThereError
    return message


def _request(visit: Visit) -> talk.Request:
    with visit.store.read() as tx:
        request = talk.by_token(tx, visit.path["token"])
    if request is None:
        raise NotThereError
    return request


def _ask_page(visit: Visit, errors: dict[str, str]) -> Response:
    message = _message(visit)
    with visit.store.read() as tx:
        entries = register.of_message(tx, message.id)
        requests = [r for r in talk.listed(tx, state="", judged_id=message.id) if r.kind != "question"]
    return visit.page(
        "ask.html",
        422 if errors else 200,
        message=message,
        entries=entries,
        requests=requests,
        kinds=KINDS,
        fields=FIELDS,
        proof=visit.path["proof"],
        errors=errors,
        values=visit.form,
    )


def _text(visit: Visit) -> str:
    """Put the fields together as one text for the reviewer."""
    told = [(label, visit.form.get(name)[:MOST_WORDS]) for name, label in FIELDS]
    return "\n".join(f"{label} {words}" for label, words in told if words)


def _fill(tx: Transaction, judged_id: str, visit: Visit) -> None:
    """Fill gaps of the register with what the sender says (R1); what is known stays."""
    said = {"purpose": visit.form.get("purpose")[:500], "authorised_by": visit.form.get("authorised")[:200]}
    for entry in register.of_message(tx, judged_id):
        fresh = {name: words for name, words in said.items() if words and not getattr(entry, name)}
        if fresh:
            register.fill(tx, entry.id, "sender", **fresh)
