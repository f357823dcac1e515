"""Facts as JSON, to cross from a child to the gateway: never pickles, since a child may have been taken over.

What comes back is checked: a value of the wrong shape raises ValueError, which the caller takes for a dead child.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from milter.detect.finding import Examination, Finding, Grade
from milter.policy.facts import PartFacts

STATUSES = ("read", "unreadable", "limit", "locked")
PROTECTIONS = ("none", "password", "read-only", "weak", "signed", "encrypted")
ROLES = ("subject", "body", "attachment", "headers")
CATEGORIES = ("identifier", "contact", "financial", "health", "child", "criminal", "employment")
_PART = tuple(field.name for field in fields(PartFacts))
_EXAMINATION = tuple(field.name for field in fields(Examination))
_FINDING = tuple(field.name for field in fields(Finding))
_values_of = attrgetter(*_FINDING)  # of a finding, in one step: a list of clients brings thousands


def to_json(parts: Sequence[PartFacts]) -> list[dict[str, Any]]:
    """Give the facts of parts as plain values; a finding is a list of its fields in order."""
    return [_part_values(part) for part in parts]


def _part_values(part: PartFacts) -> dict[str, Any]:
    found = {name: getattr(part.examination, name) for name in _EXAMINATION}
    found["findings"] = [*map(_values_of, part.examination.findings)]
    return {name: getattr(part, name) for name in _PART} | {"examination": found}


def from_json(values: Any) -> tuple[PartFacts, ...]:
    """Take the facts of parts from plain values; raise ValueError where they are not what `to_json` gives.

    A finding may be an object, too: what is kept of a judgement to judge it again has them so.
    """
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
        findings=tuple([_finding(f) for f in value["findings"]]),
        why=tuple(str(line) for line in value["why"]),
    )


def _finding(value: Any) -> Finding:
    given = [value[name] for name in _FINDING] if isinstance(value, Mapping) else value
    if len(given) != len(_FINDING):
        raise ValueError("the child's answer is not well formed")
    kind, category, where, masked, confidence, span, why, text = given
    return Finding(
        str(kind),
        _one_of(category, CATEGORIES),
        str(where),
        str(masked),
        float(confidence),
        (int(span[0]), int(span[1])) if span else None,
        str(why),
        str(text),
    )


def _one_of(value: Any, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise ValueError("the child's answer holds an unknown word")
    return value
