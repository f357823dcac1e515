"""The policy in force as tables, its history with differences, and a message tried against it."""

import difflib
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from starlette.responses import Response

from addin_backend.admin.visit import NotThereError, Visit
from milter.errors import RequestError
from milter.policy.domains import domain_of
from milter.policy.reasons import BY_CODE, CATALOGUE
from milter.sandbox import ChildFailed
from milter.store import policies

PATH = "/policy"
MOST_LINES = 4_000  # of a difference
MOST_TEXT = 200_000


def show(visit: Visit) -> Response:
    """Show the policy in force."""
    policy = visit.desk.site.known.policy
    with visit.store.read() as tx:
        history = policies.listed(tx)
    return visit.page(
        "policy.html",
        section=PATH,
        policy=policy,
        rows=policy.rows,
        reasons=[(entry, policy.response(entry.code)) for entry in CATALOGUE],
        partners=[partner for partner in policy.partners if partner.domains],
        history=history,
    )


def history(visit: Visit) -> Response:
    """Show one policy of the past, and what changed from the one before it."""
    digest = visit.path["digest"]
    with visit.store.read() as tx:
        listed = policies.listed(tx)
    place = next((n for n, one in enumerate(listed) if one.digest == digest), None)
    if place is None:
        raise NotThereError
    before = listed[place + 1] if place + 1 < len(listed) else None
    lines = list(differences(before.text if before else "", listed[place].text)) if before else []
    return visit.page(
        "policy-history.html", section=PATH, one=listed[place], before=before, lines=lines[:MOST_LINES]
    )


def differences(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Give ('added' | 'removed' | 'same' | 'place', line) with three lines around each change."""
    kinds = {"+": "added", "-": "removed", " ": "same", "@": "place"}
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=3, lineterm="")
    for number, line in enumerate(found):
        if number >= 2:  # the two lines of file names
            yield kinds.get(line[:1], "same"), line[1:] if line[:1] in "+- " else ""


def trial(visit: Visit) -> Response:
    """Show the form by which a message is tried."""
    return visit.page("try.html", section=PATH, values={})


def tried(visit: Visit) -> Response:
    """Judge a message as the gateway would, without sending or keeping it."""
    raw, errors = message_of(visit)
    if errors:
        return visit.page("try.html", 422, section=PATH, errors=errors, values=visit.form)
    recipients = _recipients(visit)
    sender = visit.form.get("from") or None
    header: dict[str, Any] = {"op": "explain", "from": sender, "to": recipients, "reveal": False}
    try:
        answer, _ = visit.desk.ask_child(header, raw)
    except ChildFailed as failed:
        raise RequestError("The message could not be read within the limits of time and memory.") from failed
    return visit.page(
        "tried.html",
        section=PATH,
        answer=answer,
        entries=BY_CODE,
        policy=visit.desk.site.known.policy,
        values=visit.form,
    )


def message_of(visit: Visit) -> tuple[bytes, dict[str, str]]:
    """Give the message to try: an uploaded one as it is, or one made of the form's fields."""
    form = visit.form
    errors: dict[str, str] = {}
    upload = form.files.get("file")
    content = upload.content if upload else b""
    if upload and content and upload.name.lower().endswith(".eml"):
        return content, errors
    if not _recipients(visit):
        errors["to"] = "Enter whom it goes to"
    if not domain_of(form.get("from")):
        errors["from"] = "Enter who sends it, with an address of your organisation"
    if not content and not form.get("text") and not form.get("subject"):
        errors["text"] = "Enter the text, or choose a file"
    if errors:
        return b"", errors
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["Subject"] = " ".join(form.get("subject")[:500].split())
    message.set_content(form.get("text")[:MOST_TEXT])
    if upload and content:
        name = "".join(c for c in upload.name if c.isprintable())[:200] or "file"
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return b"From: " + _ascii(form.get("from")) + b"\r\n" + message.as_bytes(), {}


def _recipients(visit: Visit) -> list[str]:
    words = visit.form.get("to").replace(",", " ").replace(";", " ").split()
    return [word for word in words[:100] if domain_of(word)]


def _ascii(address: str) -> bytes:
    return "".join(c for c in address if c.isprintable() and not c.isspace()).encode("utf-8", "replace")
