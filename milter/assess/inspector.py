"""Inspects messages for a gateway process: short text here, all else in its warm children.

`assess()` stays pure; this is the one place where inspection meets processes. Guarantees: it always answers,
within the limits; a part whose child died is 'unreadable', one whose child ran out of its limits 'limit'.
"""

from typing import Any, Protocol

from milter.assess.child import matter_header
from milter.assess.inspect import Knowledge, Matter, inspect
from milter.assess.wire import from_json
from milter.message.model import Part
from milter.policy.facts import PartFacts
from milter.sandbox import ChildFailed

INLINE_BYTES = 64 * 1024  # text up to this size is scanned in the gateway itself: a few milliseconds at most

MOST_FAILURES = 3  # parts of one message that may each cost a child; the rest is 'limit' unread


class Children(Protocol):
    """The warm children, as `milter.sandbox.Sandbox` gives them."""

    async def call(self, header: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        """Have one piece of work done; raise ChildFailed where the child could not."""


async def inspect_message(matter: Matter, knowledge: Knowledge, children: Children) -> tuple[PartFacts, ...]:
    """Inspect all parts of a message."""
    if _is_short_text(matter):
        return inspect(matter, knowledge)
    try:
        return await _in_child(matter, children)
    except (ChildFailed, ValueError):
        return await _one_by_one(matter, children)


def _is_short_text(matter: Matter) -> bool:
    return sum(len(part.content) for part in matter.parts) <= INLINE_BYTES and all(
        part.role != "attachment" and part.declared in {"text/plain", ""} for part in matter.parts
    )


async def _in_child(matter: Matter, children: Children) -> tuple[PartFacts, ...]:
    answer, _ = await children.call(*matter_header(matter))
    return from_json(answer["parts"])


async def _one_by_one(matter: Matter, children: Children) -> tuple[PartFacts, ...]:
    """Find which part kills a child, so that the others still get their verdict."""
    facts: list[PartFacts] = []
    failures = 0
    for part in matter.parts:
        if failures >= MOST_FAILURES:
            facts.append(_failed(part, "limit"))
            continue
        alone = Matter(
            matter.subject if part.role == "body" else "", (part,), matter.organisation, matter.reveal
        )
        try:
            facts.extend(await _in_child(alone, children))
        except ChildFailed as failed:
            facts.append(_failed(part, failed.kind))
            failures += 1
        except ValueError:
            facts.append(_failed(part, "died"))
            failures += 1
    return tuple(facts)


def unread_file(name: str, kind: str) -> PartFacts:
    """Give the facts of a bare file whose child failed."""
    return _failed(Part("1", "attachment", "", "", name, b""), kind)


def _failed(part: Part, kind: str) -> PartFacts:
    ran_out = kind in {"timeout", "memory", "limit"}
    return PartFacts(
        path=part.path,
        role=part.role,
        name=part.name,
        format="unknown",
        status="limit" if ran_out else "unreadable",
        why="Reading it took longer or more memory than the limit" if ran_out else "Reading it failed",
    )
