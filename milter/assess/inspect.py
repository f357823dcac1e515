"""INSPECT: the parts of one message in, what each holds out. Pure, so it may run here or in a child.

The subject is examined by itself, and again as company of the body: 'Re: Jamie Osborne' above a diagnosis is
a disclosure though neither line is one alone. Every file inside a file is a part of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from milter.assess.words import Words
from milter.attachments.draft import Shared
from milter.attachments.read import read
from milter.attachments.reading import Reading
from milter.detect.examine import Detectors, OwnDetails, examine
from milter.detect.finding import Category, Examination, Grade
from milter.message.model import Message, Part
from milter.message.passage import Passage
from milter.message.text import decode_text
from milter.policy.facts import PartFacts
from milter.settings import ReadLimits

GRADES = tuple(Grade)
TEXT_TYPES = ("text/plain", "")  # scanned without a reader: linear time


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What inspection needs to know beside the message; the same in every process of a gateway."""

    detectors: Detectors
    limits: ReadLimits = field(default_factory=ReadLimits)
    own: Mapping[str, OwnDetails] = field(
        default_factory=dict
    )  # by own organisation's name; '' where unknown


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be inspected of one message: the leaves and the subject, with whose details are no finding."""

    subject: str
    parts: tuple[Part, ...]
    organisation: str = ""  # name of the sender's own organisation
    reveal: bool = False

    @classmethod
    def of(cls, message: Message, organisation: str, *, reveal: bool = False) -> "Matter":
        """Take from a message what inspection needs."""
        return cls(message.subject, message.parts, organisation, reveal)


def inspect(matter: Matter, knowledge: Knowledge) -> tuple[PartFacts, ...]:
    """Inspect the subject and every part, files inside files included."""
    own = knowledge.own.get(matter.organisation, OwnDetails())
    shared = Shared()
    readings = {part.path: _read_text(part) for part in matter.parts if _is_text(part)}
    bodies = [part for part in matter.parts if part.role == "body"]
    for part in bodies:
        if part.path not in readings:
            readings[part.path] = _read(part, knowledge, (), shared)
    words = Words(matter.subject, matter.parts, tuple(readings.values()), knowledge.limits.password_tries)
    facts: list[PartFacts] = []
    if matter.subject:
        facts.append(_subject(matter, own, knowledge))
    for part in matter.parts:
        reading = readings.get(part.path) or _read(part, knowledge, words, shared)
        company = (Passage("subject", matter.subject),) if part.role == "body" and matter.subject else ()
        facts.extend(_flatten(reading, part, company, own, knowledge, matter.reveal))
    return tuple(facts)


def inspect_file(
    content: bytes, name: str, knowledge: Knowledge, *, reveal: bool = False
) -> tuple[PartFacts, ...]:
    """Inspect one bare file, as `sealgate detect` does."""
    part = Part("1", "attachment", "", "", name, content)
    return inspect(Matter("", (part,), reveal=reveal), knowledge)


def reading_of(part: Part, knowledge: Knowledge) -> Reading:
    """Read one part by itself, as a preview does."""
    return _read_text(part) if _is_text(part) else _read(part, knowledge, (), Shared())


def union(parts: Sequence[PartFacts]) -> Examination:
    """Give what the parts amount to together: the gravest grade and all categories."""
    examinations = [part.examination for part in parts]
    categories: set[Category] = {c for e in examinations for c in e.categories}
    return Examination(
        protect=any(e.protect for e in examinations),
        grade=max((e.grade for e in examinations), key=GRADES.index, default=Grade.NONE),
        categories=tuple(sorted(categories)),
        findings=tuple(f for e in examinations for f in e.findings),
        why=tuple(dict.fromkeys(line for e in examinations for line in e.why)),
    )


def _is_text(part: Part) -> bool:
    return part.role != "attachment" and part.declared in TEXT_TYPES


def _read_text(part: Part) -> Reading:
    text = decode_text(part.content, part.charset)
    where = "body" if part.role == "body" else "headers of a forwarded message"
    return Reading(part.path, part.name, "text", passages=(Passage(where, text, exact=True),))


def _read(part: Part, knowledge: Knowledge, words: Sequence[str], shared: Shared) -> Reading:
    return read(
        part.content,
        name=part.name,
        declared=part.declared,
        path=part.path,
        limits=knowledge.limits,
        words=words,
        shared=shared,
    )


def _subject(matter: Matter, own: OwnDetails, knowledge: Knowledge) -> PartFacts:
    passage = Passage("subject", matter.subject, exact=True)
    examination = examine((passage,), knowledge.detectors, own=own, reveal=matter.reveal)
    return PartFacts("0", "subject", "", "text", examination=examination)


def _flatten(
    reading: Reading,
    part: Part,
    company: tuple[Passage, ...],
    own: OwnDetails,
    knowledge: Knowledge,
    reveal: bool,
    parent: str = "",
    covered: bool = False,
) -> Iterator[PartFacts]:
    passages = company + reading.passages
    examination = Examination()
    if reading.passages:
        examination = examine(passages, knowledge.detectors, own=own, reveal=reveal, name=reading.name)
        if company:
            examination = replace(
                examination, findings=tuple(f for f in examination.findings if f.where != "subject")
            )
    yield PartFacts(
        path=reading.path,
        role=part.role if not parent else "attachment",
        name=reading.name,
        format=reading.format,
        status=reading.status,
        protection=reading.protection,
        lock=reading.lock,
        notes=reading.notes,
        why=reading.why,
        examination=examination,
        parent=parent,
        covered=covered,
    )
    inside = covered or reading.protection == "password"
    for member in reading.members:
        yield from _flatten(member, part, (), own, knowledge, reveal, reading.path, inside)
