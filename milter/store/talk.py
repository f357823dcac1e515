"""What people say about messages: notes, requests for another look, answers, and verdicts on findings.

Texts are sealed, since people write names into them; the trail has their keyed digest. Feedback is features
of a finding, never content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, bindparam, func, insert, select, update

from milter.errors import RequestError
from milter.store import audit
from milter.store.ids import reference
from milter.store.schema import feedback, judged, notes, requests
from milter.store.scope import EVERYTHING, Scope
from milter.store.transaction import Transaction, changed, need, value_of
from milter.store.vault import Vault

Kind = Literal["look-again", "wrong", "question"]
_DIRECTORATE = select(judged.c.directorate).where(judged.c.id == bindparam("asked"))


@dataclass(frozen=True, slots=True)
class Note:
    """One note about a held message, a share, an entry or an incident."""

    id: int
    subject: str
    at: datetime
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """Something asked: by staff of the reviewers ('look-again', 'wrong'), or of a sender ('question')."""

    id: str
    at: datetime
    kind: str
    judged_id: str
    held_id: str
    organisation: str
    directorate: str
    state: str  # open answered
    expires_at: datetime | None
    text: str
    answered_by: str
    answered_at: datetime | None
    answer: str


def proof_of(vault: Vault, judged_id: str) -> str:
    """Give what proves, in a link, that its bearer got the notice about a message: its sender."""
    return vault.digest("ask", judged_id)[:40]


def add_note(tx: Transaction, subject: str, actor: str, text: str) -> None:
    """Add a note. RequestError where it is empty."""
    if not text.strip():
        raise RequestError("The note is empty.")
    sealed = tx.vault.seal("note", f"notes/{subject}", text.encode())
    tx.execute(insert(notes), {"subject": subject, "at": tx.now, "actor": actor, "sealed_text": sealed})
    audit.note_added(tx, subject, actor, tx.vault.digest("note", text))


def notes_about(tx: Transaction, subject: str) -> tuple[Note, ...]:
    """Give the notes about one subject, in order."""
    rows = tx.execute(select(notes).where(notes.c.subject == subject).order_by(notes.c.id))
    return tuple(
        value_of(Note, row, text=tx.vault.open("note", f"notes/{subject}", row.sealed_text).decode())
        for row in rows
    )


def ask(
    tx: Transaction,
    kind: Kind,
    actor: str,
    text: str,
    *,
    judged_id: str = "",
    held_id: str = "",
    organisation: str = "",
    link: tuple[str, datetime] | None = None,
) -> str:
    """Open a request and give its reference. `link`: whoever bears this token may answer until that time.

    It belongs to the directorate of the message that it is about.
    """
    token, expires_at = link or ("", None)
    request_id = reference()
    row = {
        "id": request_id,
        "at": tx.now,
        "kind": kind,
        "judged_id": judged_id,
        "held_id": held_id,
        "organisation": organisation,
        "directorate": tx.execute(_DIRECTORATE, {"asked": judged_id}).scalar() or "",
        "state": "open",
        "token_digest": tx.vault.digest("token", token) if token else None,
        "expires_at": expires_at,
        "sealed_text": tx.vault.seal("note", f"requests/{request_id}/text", text.encode()),
        "answered_by": "",
    }
    tx.execute(insert(requests), row)
    audit.request_opened(tx, request_id, actor, kind, held_id or judged_id)
    return request_id


def answer(tx: Transaction, request_id: str, actor: str, text: str) -> None:
    """Answer a request, once."""
    sealed = tx.vault.seal("note", f"requests/{request_id}/answer", text.encode())
    here = and_(requests.c.id == request_id, requests.c.state == "open")
    values = {
        "state": "answered",
        "answered_by": actor,
        "answered_at": tx.now,
        "sealed_answer": sealed,
        "token_digest": None,
    }
    if not changed(tx.execute(update(requests).where(here).values(values))):
        get(tx, request_id)
        raise RequestError("This was answered already.")
    audit.request_answered(tx, request_id, actor)


def get(tx: Transaction, request_id: str) -> Request:
    """Give a request. RequestError where there is none."""
    return _request(tx, need(tx.one(select(requests).where(requests.c.id == request_id)), "request"))


def by_token(tx: Transaction, token: str) -> Request | None:
    """Give the open request that a token was made for; None for any other token, or once it expired."""
    row = tx.one(select(requests).where(requests.c.token_digest == tx.vault.digest("token", token)))
    if row is None or (row.expires_at is not None and row.expires_at <= tx.now):
        return None
    return _request(tx, row)


def listed(
    tx: Transaction,
    *,
    state: str = "open",
    judged_id: str = "",
    held_id: str = "",
    scope: Scope = EVERYTHING,
    limit: int = 200,
) -> tuple[Request, ...]:
    """Give the requests of a scope, oldest first."""
    query = select(requests).order_by(requests.c.at, requests.c.id).limit(limit)
    for column, value in (
        (requests.c.state, state),
        (requests.c.judged_id, judged_id),
        (requests.c.held_id, held_id),
    ):
        if value:
            query = query.where(column == value)
    query = query.where(*scope.where(requests.c.organisation, requests.c.directorate))
    return tuple(_request(tx, row) for row in tx.execute(query))


def give_feedback(
    tx: Transaction,
    judged_id: str,
    actor: str,
    verdict: Literal["false-positive", "missed", "right"],
    code: str,
    features: Mapping[str, Any],
) -> None:
    """Keep a person's verdict on a finding or reason, with its features: shape, label, confidence."""
    row = {"at": tx.now, "judged_id": judged_id, "verdict": verdict, "code": code, "actor": actor}
    tx.execute(insert(feedback), row | {"features": dict(features)})
    audit.feedback_given(tx, judged_id, actor, verdict, code)


def feedback_counts(
    tx: Transaction, since: datetime, scope: Scope = EVERYTHING
) -> tuple[tuple[str, str, int], ...]:
    """Give (code, verdict, how often) of a scope since a time, by code."""
    query = (
        select(feedback.c.code, feedback.c.verdict, func.count().label("times"))
        .where(feedback.c.at >= since)
        .group_by(feedback.c.code, feedback.c.verdict)
        .order_by(feedback.c.code, feedback.c.verdict)
    )
    if seen := scope.where(judged.c.organisation, judged.c.directorate):
        query = query.join(judged, judged.c.id == feedback.c.judged_id).where(*seen)
    return tuple((row.code, row.verdict, row.times) for row in tx.execute(query))


def feedback_given(tx: Transaction, since: datetime) -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
    """Give (code, verdict, features) of each verdict since a time, for tuning."""
    query = select(feedback).where(feedback.c.at >= since).order_by(feedback.c.id)
    return tuple((row.code, row.verdict, row.features) for row in tx.execute(query))


def _request(tx: Transaction, row: Any) -> Request:
    place = f"requests/{row.id}"
    text = tx.vault.open("note", place + "/text", row.sealed_text).decode()
    answered = row.sealed_answer
    answer_text = "" if answered is None else tx.vault.open("note", place + "/answer", answered).decode()
    return value_of(Request, row, text=text, answer=answer_text)
