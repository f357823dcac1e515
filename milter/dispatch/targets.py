"""Which contents of a message have to be locked for one recipient: the outermost files, and the body or not. Pure."""

from dataclasses import dataclass
from html import escape

from milter.dispatch.case import Case
from milter.message.build import EditError
from milter.message.model import Message
from milter.message.text import decode_text
from milter.policy.facts import PartFacts
from milter.policy.model import Action, Verdict

LOCKS = ("attachment-not-encrypted", "attachment-weakly-encrypted", "attachment-not-read-only")
STRONG = ("password", "encrypted")
MESSAGE = "eml"


@dataclass(frozen=True, slots=True)
class Target:
    """One file to be locked, and the part of the message that it is."""

    path: str
    name: str
    format: str
    content: bytes


def targets_of(case: Case, verdict: Verdict) -> tuple[tuple[Target, ...], bool]:
    """Give the files to lock, and whether the body moves into a document.

    EditError where a part that has to be locked can't be told from the rest of the message.
    """
    facts = {part.path: part for part in case.assessment.facts.parts}
    enclosed = {part.path for part in case.message.parts if part.enclosing}
    reasons = [reason for reason in verdict.reasons if reason.enforced and reason.action > Action.PASS]
    named = {r.part for r in reasons if r.code in LOCKS and r.part}
    texts = {r.part for r in reasons if r.code == "body-personal-data"}
    named |= texts & enclosed  # what a forwarded message says goes with that message
    requested = any(reason.code == "protection-requested" for reason in reasons)
    if requested:
        named |= {p.path for p in facts.values() if p.role == "attachment" and not p.parent} | enclosed
    paths = dict.fromkeys(_outermost(path, facts, case.message) for path in sorted(named))
    targets = tuple(target for path in paths if (target := _target(path, facts, case.message)) is not None)
    body = bool(texts - enclosed) or (requested and bool(whole_text(case.message)[0].strip()))
    return targets, body


def own_text(message: Message) -> tuple[str, str]:
    """Give the message's own words as its reader sees them: plain text and HTML, '' where there is none."""
    texts = {"text/plain": "", "text/html": ""}
    for part in message.parts:
        if part.role == "body" and not part.enclosing and not part.view:
            kind = "text/html" if part.declared == "text/html" else "text/plain"
            texts[kind] = texts[kind] or decode_text(part.content, part.charset)
    return texts["text/plain"], texts["text/html"]


def whole_text(message: Message) -> tuple[str, bool]:
    """Give all of the message's own words as one document, and whether it is HTML; an alternative is said once."""
    shown = [p for p in message.parts if p.role == "body" and not p.enclosing and not p.view]
    html = {part.path for part in shown if part.declared == "text/html"}
    pieces = []
    for part in shown:
        if part.path in html or not _said_in_html(part.path, html, message):
            text = decode_text(part.content, part.charset)
            pieces.append(text if part.path in html or not html else f"<pre>{escape(text)}</pre>")
    return ("<hr>" if html else "\n\n").join(pieces), bool(html)


def _said_in_html(path: str, html: set[str], message: Message) -> bool:
    """Whether an HTML part is the alternative of this text (RFC 2046 5.1.4)."""
    alternatives = [node.path for node in message.nodes if node.declared == "multipart/alternative"]
    return any(_within(path, one) and any(_within(other, one) for other in html) for one in alternatives)


def _within(path: str, multipart: str) -> bool:
    return not multipart or path.startswith(f"{multipart}.")


def _outermost(path: str, facts: dict[str, PartFacts], message: Message) -> str:
    """Climb from a file inside a file, or inside a nested message, to what is attached to this message."""
    while path in facts and facts[path].parent:
        path = facts[path].parent
    part = next((part for part in message.parts if part.path == path), None)
    return part.enclosing if part is not None and part.enclosing else path


def _target(path: str, facts: dict[str, PartFacts], message: Message) -> Target | None:
    part = next((part for part in message.parts if part.path == path), None)
    if part is not None:
        known = facts.get(path)
        if known is not None and known.protection in STRONG:
            return (
                None  # locked by the sender already: a second lock would need a second password (pitfall 8)
            )
        return Target(path, part.name or "document", known.format if known else "unknown", part.content)
    node = next((node for node in message.nodes if node.path == path), None)
    if node is None or node.encoding != "identity":
        raise EditError("A message inside this one can't be told from the rest.")
    return Target(path, "message.eml", MESSAGE, message.raw[node.body[0] : node.body[1]])
