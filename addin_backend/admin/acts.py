"""What may be done about a held message, for the pages and the API alike: one function an act, scope checked."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from addin_backend.admin.roles import DECIDES
from addin_backend.admin.seeing import seen
from milter.errors import RequestError
from milter.policy.policy import Policy
from milter.store import accounts, decisions, feedback, ids, outbox, quarantine, talk
from milter.store.accounts import Account
from milter.store.quarantine import HeldInFull
from milter.store.transaction import Transaction

ANSWER_DAYS = timedelta(days=14)
MOST_WORDS = 4_000  # characters of a reason, question or note
ACTS = {
    "release": "Release as it is",
    "release-protected": "Release, with documents locked by a password",
    "refuse": "Refuse, and explain to the sender",
}


def decide(
    tx: Transaction,
    me: Account,
    held_id: str,
    recipients: Sequence[str],
    act: str,
    reason: str,
    policy: Policy,
) -> str:
    """Release or refuse for some recipients; give what happened in words. RequestError where it can't be."""
    full = seen(tx, me, quarantine.get, held_id)
    waiting = [one.recipient for one in full.recipients if one.state == "held"]
    chosen = [address for address in waiting if address in set(recipients)]
    if act not in ACTS:
        raise RequestError("Say what is to be done: release, release protected or refuse.")
    if not reason.strip() or len(reason) > MOST_WORDS:
        raise RequestError(f"Give a reason, in no more than {MOST_WORDS:,} characters.")
    if not chosen or len(chosen) != len(set(recipients)):
        raise RequestError("Choose recipients who still wait for a decision. Somebody may have been quicker.")
    actor = f"account:{me.id}"
    if act == "refuse":
        decisions.refuse(tx, held_id, chosen, actor, reason)
        return "Refused. The sender is told why."
    how: decisions.How = "protected" if act == "release-protected" else "as-it-is"
    four_eyes = policy.holding.four_eyes
    if decisions.release(tx, held_id, chosen, actor, reason, how=how, four_eyes=four_eyes):
        return "Released. It is sent within a minute."
    return "Approved. A second person has to release it."


def may_decide(account: Account, full: HeldInFull) -> bool:
    """Whether an account is one of those who may decide about a held message."""
    in_scope = account.reach.sees(full.organisation, full.directorate)
    return account.state == "active" and bool(DECIDES & set(account.roles)) and in_scope


def assign(tx: Transaction, me: Account, held_id: str, to: str) -> None:
    """Give a held message to somebody who may decide about it, or to nobody."""
    full = seen(tx, me, quarantine.get, held_id)
    if to:
        account = accounts.get(tx, to)
        if not may_decide(account, full):
            raise RequestError("This person can't decide about it.")
    decisions.assign(tx, held_id, f"account:{me.id}", to)


def note(tx: Transaction, me: Account, held_id: str, text: str) -> None:
    """Add a note to a held message."""
    seen(tx, me, quarantine.get, held_id)
    talk.add_note(tx, held_id, f"account:{me.id}", text[:MOST_WORDS])


def ask_sender(tx: Transaction, me: Account, held_id: str, text: str, url: str) -> str:
    """Ask the sender by a link that only they get; give the request's reference."""
    full = seen(tx, me, quarantine.get, held_id)
    if not full.held.sender:
        raise RequestError("This message has no sender who could be asked.")
    if not full.held.waiting:
        raise RequestError("It is decided for every recipient, so there is nothing to ask.")
    if not text.strip() or len(text) > MOST_WORDS:
        raise RequestError("Write what you want to know.")
    token, until = ids.token(), tx.now + ANSWER_DAYS
    request_id = talk.ask(
        tx,
        "question",
        f"account:{me.id}",
        text,
        judged_id=full.held.judged_id,
        held_id=held_id,
        organisation=full.organisation,
        link=(token, until),
    )
    told = {
        "judged": full.held.judged_id,
        "text": text,
        "page": f"{url}/answer/{token}",
        "days": ANSWER_DAYS.days,
    }
    outbox.put(tx, "question", held_id, f"question:{request_id}", told, actor=f"account:{me.id}")
    return request_id


def answer_request(
    tx: Transaction, me: Account, request_id: str, text: str, false_positive: str = ""
) -> None:
    """Answer what staff asked; the sender is told by mail. `false_positive` is the code of a reason that was none."""
    request = seen(tx, me, talk.get, request_id)
    if request.kind == "question":
        raise RequestError("This is a question to the sender, who answers it.")
    if not text.strip() or len(text) > MOST_WORDS:
        raise RequestError("Write an answer.")
    actor = f"account:{me.id}"
    talk.answer(tx, request.id, actor, text)
    told = {"judged": request.judged_id, "text": text}
    outbox.put(tx, "answered", request.judged_id, f"answered:{request.id}", told, actor=actor)
    if false_positive:
        feedback.give(tx, request.judged_id, actor, "false-positive", false_positive)


def give_feedback(tx: Transaction, me: Account, held_id: str, code: str, verdict: str) -> None:
    """Take down whether a reason or finding of a held message was right."""
    full = seen(tx, me, quarantine.get, held_id)
    known = {*full.held.reasons, *(str(one["kind"]) for one in full.summary.get("findings", ()))}
    if code not in known or verdict not in feedback.VERDICTS:
        raise RequestError("Choose a reason or a finding of this message, and whether it was right.")
    feedback.give(tx, full.held.judged_id, f"account:{me.id}", verdict, code, _features(full, code))


def _features(full: HeldInFull, code: str) -> dict[str, Any]:
    """Give what made the finding: how often, and why. No value; nor its place, since a sheet may bear a name."""
    findings = [one for one in full.summary.get("findings", ()) if one["kind"] == code]
    return {"count": len(findings), "why": sorted({str(one["why"]) for one in findings})[:5]}
