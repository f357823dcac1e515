"""Every event that is audited: one function each, so that this file is the catalogue.

Each adds its row to the trail in the transaction of the change that it tells of (law 5). Subjects are ids;
details are codes, counts and digests, never personal data (law 8): the trail refuses anything else.
"""

from milter.store.trail import Detail
from milter.store.transaction import Transaction


def message_judged(tx: Transaction, judged_id: str, action: str, grade: str, recipients: int) -> None:
    """Record that a message was judged (E9); the policy it was judged by stands in its row."""
    details: dict[str, Detail] = {"action": action, "grade": grade, "recipients": recipients}
    tx.record("message-judged", judged_id, "gateway", details)


def message_accounted(tx: Transaction, judged_id: str, delivered: int, held: int, refused: int) -> None:
    """Record what became of recipients of a message (law 1)."""
    tx.record(
        "message-accounted", judged_id, "gateway", {"delivered": delivered, "held": held, "refused": refused}
    )


def sharing_recorded(tx: Transaction, subject: str, actor: str, channel: str, entries: int) -> None:
    """Record that register entries were made (R1)."""
    tx.record("sharing-recorded", subject, actor, {"channel": channel, "entries": entries})


def entry_filled(tx: Transaction, register_id: str, actor: str, fields: str) -> None:
    """Record that fields of a register entry were filled or changed; `fields` names them."""
    tx.record("entry-filled", register_id, actor, {"fields": fields})


def entry_status(tx: Transaction, register_id: str, actor: str, status: str) -> None:
    """Record that a register entry has a new status."""
    tx.record("entry-status", register_id, actor, {"status": status})


def register_exported(tx: Transaction, actor: str, entries: int, form: str) -> None:
    """Record that entries of the register were exported."""
    tx.record("register-exported", "register", actor, {"entries": entries, "form": form})


def message_held(tx: Transaction, held_id: str, judged_id: str, recipients: int, content: str) -> None:
    """Record that a message went into quarantine; `content` is the keyed digest of its bytes."""
    tx.record(
        "message-held",
        held_id,
        "gateway",
        {"judged": judged_id, "recipients": recipients, "content": content},
    )


def release_approved(tx: Transaction, held_id: str, actor: str, recipients: int, reason: str) -> None:
    """Record the first of two pairs of eyes; `reason` is the keyed digest of the words."""
    tx.record("release-approved", held_id, actor, {"recipients": recipients, "reason": reason})


def release_asked(tx: Transaction, held_id: str, actor: str, recipients: int, how: str, reason: str) -> None:
    """Record that a held message is to be released."""
    tx.record("release-asked", held_id, actor, {"recipients": recipients, "how": how, "reason": reason})


def message_released(tx: Transaction, held_id: str, recipients: int) -> None:
    """Record that the next hop took a released message."""
    tx.record("message-released", held_id, "gateway", {"recipients": recipients})


def release_failed(tx: Transaction, held_id: str, recipients: int, code: str) -> None:
    """Record that a released message could not be delivered and is held again."""
    tx.record("release-failed", held_id, "gateway", {"recipients": recipients, "code": code})


def held_refused(tx: Transaction, held_id: str, actor: str, recipients: int, reason: str) -> None:
    """Record that a held message was refused."""
    tx.record("held-refused", held_id, actor, {"recipients": recipients, "reason": reason})


def held_expired(tx: Transaction, held_id: str, recipients: int) -> None:
    """Record that nobody decided in time: it is refused, never released (pitfall 34)."""
    tx.record("held-expired", held_id, "gateway", {"recipients": recipients})


def held_assigned(tx: Transaction, held_id: str, actor: str, to: str) -> None:
    """Record that a held message was given to a reviewer."""
    tx.record("held-assigned", held_id, actor, {"to": to})


def content_seen(tx: Transaction, held_id: str, actor: str, reason: str) -> None:
    """Record that somebody saw unmasked content, with the keyed digest of the reason given."""
    tx.record("content-seen", held_id, actor, {"reason": reason})


def content_destroyed(tx: Transaction, content_id: str, actor: str) -> None:
    """Record that kept content was destroyed."""
    tx.record("content-destroyed", content_id, actor, {})


def outbox_put(tx: Transaction, subject: str, actor: str, kind: str, item: int) -> None:
    """Record that the daemon was asked to send something."""
    tx.record("outbox-put", subject, actor, {"kind": kind, "item": item})


def outbox_sent(tx: Transaction, subject: str, kind: str, item: int, attempts: int) -> None:
    """Record that it was sent."""
    tx.record("outbox-sent", subject, "gateway", {"kind": kind, "item": item, "attempts": attempts})


def outbox_failed(tx: Transaction, subject: str, kind: str, item: int, code: str) -> None:
    """Record that it can't be sent and won't be tried again."""
    tx.record("outbox-failed", subject, "gateway", {"kind": kind, "item": item, "code": code})


def outbox_withdrawn(tx: Transaction, subject: str, actor: str, items: int) -> None:
    """Record that what had not been sent yet won't be."""
    tx.record("outbox-withdrawn", subject, actor, {"items": items})


def outbox_again(tx: Transaction, subject: str, actor: str, item: int) -> None:
    """Record that an operator had a failed item tried again."""
    tx.record("outbox-again", subject, actor, {"item": item})


def share_opened(tx: Transaction, share_id: str, judged_id: str, way: str, needed: str) -> None:
    """Record that a protected disclosure to one recipient began."""
    tx.record("share-opened", share_id, "gateway", {"judged": judged_id, "way": way, "needed": needed})


def share_moved(tx: Transaction, share_id: str, actor: str, before: str, after: str, evidence: str) -> None:
    """Record a step in the life of a share and the evidence for it."""
    tx.record("share-moved", share_id, actor, {"from": before, "to": after, "evidence": evidence})


def share_noted(tx: Transaction, share_id: str, actor: str, event: str) -> None:
    """Record what happened to a share without moving it, such as an automatic reply."""
    tx.record("share-noted", share_id, actor, {"event": event})


def share_reminded(tx: Transaction, share_id: str, reminders: int) -> None:
    """Record that the recipient was reminded."""
    tx.record("share-reminded", share_id, "gateway", {"reminders": reminders})


def password_read(tx: Transaction, share_id: str, actor: str, why: str) -> None:
    """Record that a password was opened: for its release, or for a telephone card."""
    tx.record("password-read", share_id, actor, {"why": why})


def password_reissued(tx: Transaction, share_id: str, actor: str, reissues: int) -> None:
    """Record that a password is sent once more."""
    tx.record("password-reissued", share_id, actor, {"reissues": reissues})


def password_destroyed(tx: Transaction, share_id: str, actor: str) -> None:
    """Record that a password is gone for good."""
    tx.record("password-destroyed", share_id, actor, {})


def agreed_password_set(tx: Transaction, name: str, actor: str) -> None:
    """Record that a password agreed with a partner was set; the subject is its name."""
    tx.record("agreed-password-set", name, actor, {})


def agreed_password_used(tx: Transaction, name: str, judged_id: str) -> None:
    """Record that a message's documents are locked with an agreed password."""
    tx.record("agreed-password-used", name, "gateway", {"judged": judged_id})


def agreed_password_removed(tx: Transaction, name: str, actor: str) -> None:
    """Record that an agreed password is gone for good."""
    tx.record("agreed-password-removed", name, actor, {})


def incident_opened(tx: Transaction, incident_id: str, actor: str, kind: str, subject: str) -> None:
    """Record that the 72-hour clock began (UK GDPR article 33)."""
    tx.record("incident-opened", incident_id, actor, {"kind": kind, "about": subject})


def incident_moved(tx: Transaction, incident_id: str, actor: str, state: str) -> None:
    """Record that an incident was reported or closed."""
    tx.record("incident-moved", incident_id, actor, {"state": state})


def note_added(tx: Transaction, subject: str, actor: str, text: str) -> None:
    """Record that somebody added a note; `text` is its keyed digest."""
    tx.record("note-added", subject, actor, {"text": text})


def request_opened(tx: Transaction, request_id: str, actor: str, kind: str, subject: str) -> None:
    """Record that staff asked for another look, or were asked something."""
    tx.record("request-opened", request_id, actor, {"kind": kind, "about": subject})


def request_answered(tx: Transaction, request_id: str, actor: str) -> None:
    """Record that a request was answered."""
    tx.record("request-answered", request_id, actor, {})


def feedback_given(tx: Transaction, judged_id: str, actor: str, verdict: str, code: str) -> None:
    """Record that somebody called a finding right, false or missed."""
    tx.record("feedback-given", judged_id, actor, {"verdict": verdict, "code": code})


def policy_loaded(tx: Transaction, digest: str) -> None:
    """Record that a policy came into force on this node."""
    tx.record("policy-loaded", digest, "gateway", {})


def exact_list_loaded(tx: Transaction, actor: str, name: str, entries: int) -> None:
    """Record that a list for exact matching was replaced."""
    tx.record("exact-list-loaded", name, actor, {"entries": entries})


def exact_list_forgotten(tx: Transaction, actor: str, name: str) -> None:
    """Record that a list for exact matching was destroyed."""
    tx.record("exact-list-forgotten", name, actor, {})


def account_made(tx: Transaction, account_id: str, actor: str, roles: str) -> None:
    """Record that an account exists."""
    tx.record("account-made", account_id, actor, {"roles": roles})


def account_changed(tx: Transaction, account_id: str, actor: str, what: str) -> None:
    """Record that an account's roles, state, factor or pass-phrase changed; `what` names the fields."""
    tx.record("account-changed", account_id, actor, {"what": what})


def account_invited(tx: Transaction, invitation: str, actor: str, roles: str) -> None:
    """Record that somebody was invited; the subject is the digest of the invitation's token."""
    tx.record("account-invited", invitation, actor, {"roles": roles})


def signed_in(tx: Transaction, account_id: str, way: str) -> None:
    """Record that a person signed in."""
    tx.record("signed-in", account_id, f"account:{account_id}", {"way": way})


def sign_in_failed(tx: Transaction, account_id: str, failures: int, *, locked: bool) -> None:
    """Record that a sign-in failed, and whether the account is locked for it."""
    tx.record("sign-in-failed", account_id, "unknown", {"failures": failures, "locked": locked})


def signed_out(tx: Transaction, account_id: str, actor: str) -> None:
    """Record that a session ended before its time."""
    tx.record("signed-out", account_id, actor, {})


def api_token_made(tx: Transaction, token_id: str, actor: str, account_id: str, roles: str) -> None:
    """Record that a token of the API was given out."""
    tx.record("api-token-made", token_id, actor, {"account": account_id, "roles": roles})


def api_token_revoked(tx: Transaction, token_id: str, actor: str) -> None:
    """Record that a token of the API is void."""
    tx.record("api-token-revoked", token_id, actor, {})


def week_counted(tx: Transaction, week: str, messages: int) -> None:
    """Record that a finished week was counted for the reports."""
    tx.record("week-counted", "reports", "gateway", {"week": week, "messages": messages})


def purged(tx: Transaction, what: str, rows: int) -> None:
    """Record that the schedule destroyed rows of one kind."""
    tx.record("purged", what, "gateway", {"rows": rows})
