"""Which contents of a message have to be locked for one recipient: the outermost files, and the body or not. Pure."""

from dataclasses import dataclass

from milter.dispatch.case import Case
from milter.message.build import EditError
from milter.message.model import Message
from milter.message.text import decode_text
from milter.policy.facts import PartFacts
from milter.policy.model import Verdict

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
    body = "protect-body" in verdict.obligations
    if "protect-attachments" not in verdict.obligations:
        return (), body
    named = {reason.part for reason in verdict.reasons if reason.code in LOCKS and reason.part}
    facts = {part.path: part for part in case.assessment.facts.parts}
    if any(reason.code == "protection-requested" for reason in verdict.reasons):
        named |= {p.path for p in facts.values() if p.role == "attachment" and not p.parent}
    paths = dict.fromkeys(_outermost(path, facts, case.message) for path in sorted(named))
    targets = (_target(path, facts, case.message) for path in paths)
    return tuple(target for target in targets if target is not None), body


def own_text(message: Message) -> tuple[str, str]:
    """Give the message's own words as its reader sees them: plain text and HTML, '' where there is none."""
    texts = {"text/plain": "", "text/html": ""}
    for part in message.parts:
        if part.role == "body" and not part.enclosing and not part.view:
            kind = "text/html" if part.declared == "text/html" else "text/plain"
            texts[kind] = texts[kind] or decode_text(part.content, part.charset)
    return texts["text/plain"], texts["text/html"]


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
