"""The judgement as the JSON that scripts rely on: `sealgate explain` and `sealgate detect`.

Findings are masked; the unmasked text is there only where an evaluation asked to have it revealed.
"""

from collections.abc import Sequence
from typing import Any

from milter.assess.inspect import union
from milter.assess.judge import Assessment
from milter.detect.finding import Finding
from milter.policy.facts import PartFacts
from milter.policy.model import Reason, Verdict


def explained(assessment: Assessment, *, reveal: bool = False) -> dict[str, Any]:
    """Say what would be done with a message, and why."""
    examination = assessment.facts.examination
    return {
        "action": assessment.action.name,
        "protect": examination.protect,
        "grade": examination.grade.value,
        "categories": list(examination.categories),
        "recipients": [_recipient(verdict) for verdict in assessment.verdicts],
        **_inside(assessment.facts.parts, reveal=reveal),
        "policy": assessment.policy,
    }


def detected(parts: Sequence[PartFacts], *, reveal: bool = False) -> dict[str, Any]:
    """Say what a bare file holds."""
    examination = union(parts)
    return {
        "protect": examination.protect,
        "grade": examination.grade.value,
        "categories": list(examination.categories),
        "why": list(examination.why),
        **_inside(parts, reveal=reveal),
    }


def _recipient(verdict: Verdict) -> dict[str, Any]:
    return {
        "address": verdict.address,
        "action": verdict.action.name,
        "reasons": [reason.code for reason in _once(verdict.reasons)],
        "obligations": list(verdict.obligations),
        "details": [_reason(reason) for reason in verdict.reasons],
    }


def _once(reasons: Sequence[Reason]) -> list[Reason]:
    return list({reason.code: reason for reason in reversed(reasons)}.values())[::-1]


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "action": reason.action.name,
        "enforced": reason.enforced,
        "part": reason.part,
        "detail": reason.detail,
        "rules": list(reason.rules),
    }


def _inside(parts: Sequence[PartFacts], *, reveal: bool) -> dict[str, Any]:
    return {
        "parts": [
            {
                "path": part.path,
                "name": part.name,
                "type": part.format,
                "status": part.status,
                "protection": part.protection,
                "notes": list(part.notes),
                "why": part.why,
            }
            for part in parts
            if part.role != "subject"
        ],
        "findings": [
            _finding(finding, part.path, reveal=reveal)
            for part in parts
            for finding in part.examination.findings
        ],
    }


def _finding(finding: Finding, path: str, *, reveal: bool) -> dict[str, Any]:
    value = {
        "kind": finding.kind,
        "category": finding.category,
        "part": path,
        "where": finding.where,
        "masked": finding.masked,
        "confidence": round(finding.confidence, 2),
        "span": list(finding.span) if finding.span else None,
        "why": finding.why,
    }
    return value | {"text": finding.text} if reveal else value
