"""Inspects messages for a gateway process: short text here, all else in its warm children.

`assess()` stays pure; this is the one place where inspection meets processes. Guarantees: it always answers,
within the limits; a part whose child died is 'unreadable', one whose child ran out of its limits 'limit'.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from milter.assess.child import matter_header
from milter.assess.inspect import Knowledge, Matter, inspect
from milter.assess.seen import Seen
from milter.assess.wire import from_json
from milter.message.model import Part
from milter.policy.facts import PartFacts
from milter.sandbox import ChildFailed

INLINE_BYTES = 64 * 1024  # text up to this size is scanned in the gateway itself: a few milliseconds at most

MOST_FAILURES = 3  # parts of one message that may each cost a child; the rest is 'limit' unread


class Children(Protocol):
    """The warm children, as `milter.sandbox.Sandbox` gives them."""

    async def call(self, header: dict[str, Any], *pieces: bytes) -> tuple[dict[str, Any], bytes]:
        """Have one piece of work done; raise ChildFailed where the child could not."""


async def inspect_message(
    matter: Matter, knowledge: Knowledge, children: Children, seen: Seen | None = None
) -> tuple[PartFacts, ...]:
    """Inspect all parts of a message; files that `seen` knows, from memory."""
    if seen is None:
        return await _inspected(matter, knowledge, children)
    tokens = {
        part.path: token
        for part in matter.parts
        if (token := seen.token(part, matter.organisation)) is not None
    }
    known = {path: facts for path, token in tokens.items() if (facts := seen.find(token, path)) is not None}
    new = tuple(part for part in matter.parts if part.path not in known)
    facts = await _inspected(replace(matter, parts=new), knowledge, children)
    if known and not all(map(_without_words, facts)):
        return await _inspected(
            matter, knowledge, children
        )  # a lock's password may stand in a file that is known
    by_file = known | _by_file(facts)
    for path in tokens.keys() - known.keys():
        seen.keep(tokens[path], path, by_file.get(path, ()))
    order = dict.fromkeys(("0", *(part.path for part in matter.parts), *by_file))
    return tuple(fact for path in order for fact in by_file.get(path, ()))


def _without_words(fact: PartFacts) -> bool:
    """Whether no word of the message could have made a difference to what was read."""
    return fact.protection == "none" and fact.status != "locked"


def _by_file(facts: Iterable[PartFacts]) -> dict[str, tuple[PartFacts, ...]]:
    """Sort facts by the part of the message that they are of, those of files inside it too."""
    found: dict[str, tuple[PartFacts, ...]] = {}
    for fact in facts:
        path = fact.path.partition("/")[0]
        found[path] = (*found.get(path, ()), fact)
    return found


async def _inspected(matter: Matter, knowledge: Knowledge, children: Children) -> tuple[PartFacts, ...]:
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
