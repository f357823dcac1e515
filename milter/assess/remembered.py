"""The facts of a judgement without content, to be judged again under another policy (replay).

Kept are kinds, grades and places of findings, never a value, masked or not; a subject in which something
personal was found is reduced to its protective markings and the policy's own mark.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from milter.assess.judge import Assessment
from milter.assess.wire import from_json
from milter.detect.finding import Examination
from milter.message.envelope import Envelope, Recipient
from milter.policy.facts import Facts, PartFacts
from milter.policy.model import People, Person
from milter.policy.partners import people
from milter.policy.policy import Policy
from milter.policy.rules.marking import is_marked

FORM = 1
MOST_PARTS = 200  # of one message; what is beyond is dropped, and the message is not replayed
_PLAIN = ("envelope_sender", "automatic", "calendar")
_LISTS = ("header_from", "visible_recipients", "reply_to", "dkim_domains", "ambiguities", "limits")


def told(assessment: Assessment, policy: Policy) -> dict[str, Any] | None:
    """Give the facts of a judgement as JSON; None where the message has too many parts to keep them."""
    facts = assessment.facts
    if len(facts.parts) > MOST_PARTS:
        return None
    return {
        "form": FORM,
        "subject": _subject(facts, policy),
        **{name: getattr(facts, name) for name in _PLAIN},
        **{name: list(getattr(facts, name)) for name in _LISTS},
        "seals": sorted(facts.seals),
        "words": sorted(facts.words),
        "parts": [asdict(_without_values(part)) for part in facts.parts],
        "protect": facts.examination.protect,
        "grade": facts.examination.grade.value,
        "categories": list(facts.examination.categories),
        "people": [_person(person) for person in (assessment.people.sender, *assessment.people.recipients)],
    }


def remembered(value: Mapping[str, Any], policy: Policy) -> tuple[Facts, People]:
    """Give the facts again, and the people as this policy knows them. ValueError where the form is another."""
    if value.get("form") != FORM:
        raise ValueError("these facts were kept in another form")
    parts = from_json(value["parts"])
    whole = {"protect": value["protect"], "grade": value["grade"], "categories": value["categories"]}
    examination = from_json(({**_EMPTY, "examination": {**_NOTHING, **whole}},))[0].examination
    lists: dict[str, Any] = {name: tuple(value[name]) for name in _LISTS}
    facts = Facts(
        subject=value["subject"],
        **{name: value[name] for name in _PLAIN},
        **lists,
        seals=frozenset(value["seals"]),
        words=frozenset(value["words"]),
        parts=parts,
        examination=examination,
    )
    return facts, _people(value["people"], policy)


_NOTHING: dict[str, Any] = asdict(Examination())
_EMPTY: dict[str, Any] = asdict(PartFacts("", "body", "", ""))


def _without_values(part: PartFacts) -> PartFacts:
    """Keep one finding of each kind, without its value: a rule names kinds and nothing else."""
    kinds = {finding.kind: finding for finding in reversed(part.examination.findings)}
    bare = tuple(replace(one, masked="", text="", why="", span=None) for one in kinds.values())
    return replace(part, name="", why="", examination=replace(part.examination, findings=bare, why=()))


def _subject(facts: Facts, policy: Policy) -> str:
    subject = next((part.examination for part in facts.parts if part.role == "subject"), Examination())
    if not subject.findings and not subject.protect:
        return facts.subject[:1_000]
    mark = (
        policy.subject_mark
        if is_marked(facts.subject, (policy.subject_mark, *policy.subject_synonyms))
        else ""
    )
    return " ".join([marking for marking in policy.markings if marking in facts.subject] + [mark]).strip()


def _person(person: Person) -> list[Any]:
    """Keep what was looked up: a policy can't know it again."""
    return [person.address, person.route, sorted(person.facts), person.successor]


def _people(kept: Any, policy: Policy) -> People:
    envelope = Envelope(kept[0][0], tuple(Recipient(one[0]) for one in kept[1:]))
    known = people(envelope, policy)
    recipients = tuple(
        person if person.kind == "own" else replace(person, route=one[1], facts=person.facts | set(one[2]))
        for person, one in zip(known.recipients, kept[1:], strict=True)
    )
    return People(known.sender, recipients)
