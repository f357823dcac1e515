"""Whole judgements: a folder of cases, each with its sentence why. Anyone can add one.

A case is a TOML file: who sends what, and for each recipient the action, the reasons (gravest first) and the
obligations. What is left out of `part` is a clean, readable file.
"""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from milter.detect.finding import Examination, Finding, Grade
from milter.message.envelope import Envelope, Recipient
from milter.policy.decide import decide, deciding_rows
from milter.policy.facts import Facts, PartFacts
from milter.policy.model import Action, People, Verdict
from milter.policy.partners import people
from milter.policy.policy import Policy, Response

CASES = sorted((Path(__file__).parent / "judging").glob("*.toml"))
GRADES = tuple(Grade)
LISTS = ("header_from", "visible_recipients", "reply_to", "dkim_domains", "ambiguities", "limits")


def examination_of(table: dict[str, Any]) -> Examination:
    """Make what inspection found of a part's 'grade' and 'categories'."""
    grade = Grade(table.get("grade", "none"))
    categories = tuple(table.get("categories", ()))
    findings = tuple(Finding("upn", c, "body", "A*** 1", 0.9, None, "test") for c in categories)
    return Examination(grade in {Grade.MEDIUM, Grade.HIGH}, grade, categories, findings)


def part_of(number: int, table: dict[str, Any]) -> PartFacts:
    """Make one inspected part."""
    role = table.get("role", "attachment")
    return PartFacts(
        path=table.get("path", str(number)),
        role=role,
        name=table.get("name", ""),
        format=table.get("format", "text" if role != "attachment" else "docx"),
        status=table.get("status", "read"),
        protection=table.get("protection", "none"),
        lock=table.get("lock", ""),
        notes=tuple(table.get("notes", ())),
        examination=examination_of(table),
        parent=table.get("parent", ""),
        covered=table.get("covered", False),
    )


def facts_of(case: dict[str, Any]) -> Facts:
    """Make the facts of a case; together the parts amount to the gravest of them, or to what the case says."""
    parts = tuple(part_of(number, table) for number, table in enumerate(case.get("part", []), 1))
    grades = [part.examination.grade for part in parts if not part.covered]
    gravest = max(grades, key=GRADES.index, default=Grade.NONE)
    return Facts(
        subject=case.get("subject", ""),
        envelope_sender=case["from"],
        automatic=case.get("automatic", False),
        seals=frozenset(case.get("seals", ())),
        calendar=case.get("calendar", False),
        parts=parts,
        examination=Examination(grade=Grade(case.get("grade", gravest))),
        words=frozenset(case.get("words", ())),
        **{name: tuple(case.get(name, ())) for name in LISTS},
    )


def people_of(case: dict[str, Any], policy: Policy) -> People:
    """Find out who the people are, and add the evidence and the facts that look-ups would."""
    known = people(Envelope(case["from"], tuple(Recipient(to["address"]) for to in case["to"])), policy)
    recipients = tuple(
        replace(person, route=to.get("route", person.route), facts=person.facts | set(to.get("facts", ())))
        for person, to in zip(known.recipients, case["to"], strict=True)
    )
    return People(known.sender, recipients)


def policy_of(case: dict[str, Any], policy: Policy) -> Policy:
    """Change the shipped policy as the case asks."""
    table = dict(case.get("policy", {}))
    responses = dict(policy.responses)
    for code, mode in table.pop("modes", {}).items():
        responses[code] = replace(policy.response(code), enforced=mode == "enforce")
    for code, action in table.pop("actions", {}).items():
        responses[code] = Response(Action[action.upper()])
    return replace(policy, responses=responses, **table)


def judge(case: dict[str, Any], policy: Policy) -> tuple[Verdict, ...]:
    """Judge a case."""
    changed = policy_of(case, policy)
    return decide(facts_of(case), people_of(case, changed), changed)


def shown(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as a case writes it; a reason that is only watched in brackets."""
    reasons = [reason.code if reason.enforced else f"({reason.code})" for reason in verdict.reasons]
    action, obligations = verdict.action.name.lower(), list(verdict.obligations)
    return {"address": verdict.address, "action": action, "reasons": reasons, "obligations": obligations}


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_judging(file: Path, policy: Policy) -> None:
    """Each case of the folder is judged as it says, for each of its recipients."""
    case = tomllib.loads(file.read_text("utf-8"))
    expected = [
        {name: to.get(name, []) for name in ("address", "action", "reasons", "obligations")}
        for to in case["to"]
    ]
    assert [shown(verdict) for verdict in judge(case, policy)] == expected, case["why"]


def test_rows_that_decide_can_be_shown(policy: Policy) -> None:
    """Each load of a message names its row: the locked document, the text beside it, and the marking."""
    case = tomllib.loads(
        (Path(__file__).parent / "judging" / "locked-beside-personal.toml").read_text("utf-8")
    )
    case["subject"] = "OFFICIAL-SENSITIVE: plan"
    facts, known = facts_of(case), people_of(case, policy)
    (rows,) = deciding_rows(facts, known, policy)
    assert [row.reason for row in rows] == ["", "locked", "marking-above-route"]
    assert "route row" in str(rows[1])


def test_order_does_not_matter(policy: Policy) -> None:
    """A recipient's verdict is the same whoever else gets the message, and in whatever order."""
    case = tomllib.loads((Path(__file__).parent / "judging" / "mixed-recipients.toml").read_text("utf-8"))
    forwards = judge(case, policy)
    case["to"].reverse()
    assert judge(case, policy) == forwards[::-1]
    case["to"] = case["to"][:1]
    assert judge(case, policy) == forwards[-1:]


def test_folder_is_not_empty() -> None:
    """A wrong path would make every case pass unseen."""
    assert len(CASES) > 30
