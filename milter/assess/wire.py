"""Facts as JSON, to cross from a child to the gateway: never pickles, since a child may have been taken over.

What comes back is checked: a value of the wrong shape raises ValueError, which the caller takes for a dead child.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from milter.detect.finding import Examination, Finding, Grade
from milter.policy.facts import PartFacts

STATUSES = ("read", "unreadable", "limit", "locked")
PROTECTIONS = ("none", "password", "read-only", "weak", "signed", "encrypted")
ROLES = ("subject", "body", "attachment", "headers")
CATEGORIES = ("identifier", "contact", "financial", "health", "child", "criminal", "employment")


def to_json(parts: Sequence[PartFacts]) -> list[dict[str, Any]]:
    """Give the facts of parts as plain values."""
    return [asdict(part) for part in parts]


def from_json(values: Any) -> tuple[PartFacts, ...]:
    """Take the facts of parts from plain values; raise ValueError where they are not what `to_json` gives."""
    try:
        return tuple(_part(value) for value in values)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("the child's answer is not well formed") from error


def _part(value: Mapping[str, Any]) -> PartFacts:
    return PartFacts(
        path=str(value["path"]),
        role=_one_of(value["role"], ROLES),
        name=str(value["name"]),
        format=str(value["format"]),
        status=_one_of(value["status"], STATUSES),
        protection=_one_of(value["protection"], PROTECTIONS),
        lock=str(value["lock"]),
        notes=tuple(str(note) for note in value["notes"]),
        why=str(value["why"]),
        examination=_examination(value["examination"]),
        parent=str(value["parent"]),
        covered=bool(value["covered"]),
    )


def _examination(value: Mapping[str, Any]) -> Examination:
    return Examination(
        protect=bool(value["protect"]),
        grade=Grade(value["grade"]),
        categories=tuple(_one_of(c, CATEGORIES) for c in value["categories"]),
        findings=tuple(_finding(f) for f in value["findings"]),
        why=tuple(str(line) for line in value["why"]),
    )


def _finding(value: Mapping[str, Any]) -> Finding:
    span = value["span"]
    return Finding(
        kind=str(value["kind"]),
        category=_one_of(value["category"], CATEGORIES),
        where=str(value["where"]),
        masked=str(value["masked"]),
        confidence=float(value["confidence"]),
        span=(int(span[0]), int(span[1])) if span else None,
        why=str(value["why"]),
        text=str(value["text"]),
    )


def _one_of(value: Any, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise ValueError("the child's answer holds an unknown word")
    return value
