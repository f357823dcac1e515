"""One document in, its findings and the decision out. Pure: the same passages give the same examination.

Each passage is made plain once (`clean`), read by one detector after the other in the order of this file, and
every value found is masked before it leaves (law 8). Takes linear time in the length of the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import re2

from milter.detect import address, codes, date_of_birth, email, genre, narrative, numbers, person, phone
from milter.detect.context import latin_options
from milter.detect.decide import Evidence, decide
from milter.detect.detector import Hit
from milter.detect.finding import Examination, Finding
from milter.detect.load import Detectors, load_detectors
from milter.detect.page import Page
from milter.detect.person import Name
from milter.detect.signature import Zones
from milter.message.passage import Passage

__all__ = ["Detectors", "OwnDetails", "examine", "load_detectors"]

COMPANY = (
    ("health", re.compile(r"\bnhs\b|\bpatient|\bhospital|\bclinic|\bgp\b|\bdiagnos|\bappointment|\breferr|\bmedic|\bsurgery\b")),
    ("learner", re.compile(r"\blearner|\buln\b|\bstudent|\bcollege\b|\bqualification")),
    ("tax", re.compile(r"\bhmrc\b|\bself[ -]assessment|\butr\b|\btaxpayer|\btax return")),
)
MASKED_KEPT = 2  # characters that stay visible at the front of a value


@dataclass(frozen=True, slots=True)
class OwnDetails:
    """What belongs to the sender's own organisation, and is no finding (N1, N5)."""

    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()


@dataclass(slots=True)
class _Read:
    """One passage and what was found in it."""

    page: Page
    zones: Zones
    names: list[Name]
    hits: list[Hit]


def examine(
    passages: Sequence[Passage],
    detectors: Detectors,
    *,
    own: OwnDetails = OwnDetails(),  # noqa: B008 - frozen
    reveal: bool = False,
    name: str = "",
) -> Examination:
    """Examine a document: its passages with their places, and its file name as company of its words.

    `reveal` puts the values themselves into the findings, for evaluation only.
    """
    pages = [Page(passage) for passage in passages if passage.text]
    if not pages:
        return Examination()
    lower = "\n".join(page.lower[:20_000] for page in pages[:50])
    company = frozenset(word for word, pattern in COMPANY if pattern.search(lower))
    kind = genre.judge(pages, name)
    reads = [_read(page, detectors, own, company) for page in pages]
    evidence = Evidence(name=name, genre=kind)
    for read in reads:
        singles = person.singles(read.page, read.names)
        said, count = narrative.find(read.page, read.zones, read.names, singles)
        evidence.add(read.page, read.zones, read.names, read.hits, said, count)
    decision = decide(evidence, detectors)
    least = detectors.thresholds["report"]
    findings = [
        _finding(read.page, hit, reveal=reveal)
        for read in reads
        for hit in sorted([*read.hits, *_people(read, decision.protect)], key=lambda hit: (hit.start, hit.end))
        if hit.confidence >= least and hit.kind not in detectors.off and not decision.silent(hit)
    ]
    return Examination(
        protect=decision.protect,
        grade=decision.grade,
        categories=decision.categories,
        findings=tuple(findings[: detectors.keep]),
        why=decision.why,
    )


def _read(page: Page, detectors: Detectors, own: OwnDetails, company: frozenset[str]) -> _Read:
    zones = Zones(page)
    names = person.find(page, zones)
    spans = [(one.start, one.end) for one in names if one.role >= 0]
    places = address.own_places(own.addresses, own.postcodes)
    telephones = frozenset(re.sub(r"\D", "", number) for number in own.telephones)
    present = frozenset(_GATE.Match(page.octets) or ())
    hits = [
        *numbers.find(page, company),
        *codes.find(page, present),
        *(date_of_birth.find(page) if _DATES in present else ()),
        *(address.find(page, zones, spans, places)),
        *(phone.find(page, zones, telephones) if _PHONES in present else ()),
        *(email.find(page, zones, frozenset(own.domains)) if _MAILS in present else ()),
        *_own_patterns(page, detectors),
    ]
    hits = [hit for hit in hits if hit.kind not in detectors.off]
    return _Read(page, zones, names, _apart(_matched(page, names, hits, detectors)))


def _gate() -> "re2.Set":
    """One pass of RE2 that tells which patterns occur at all."""
    gate = re2.Set.SearchSet(latin_options())
    for pattern in (*codes.patterns(), *date_of_birth.patterns(), *phone.patterns(), *email.patterns()):
        gate.Add(pattern.encode("latin-1"))
    gate.Compile()
    return gate


_GATE = _gate()
_DATES = len(codes.patterns())
_PHONES = _DATES + len(date_of_birth.patterns())
_MAILS = _PHONES + len(phone.patterns())


def _own_patterns(page: Page, detectors: Detectors) -> list[Hit]:
    """Values of the kinds that the organisation added."""
    found = []
    for own in detectors.own:
        for match in own.pattern.finditer(page.octets):
            low, high = match.span()
            before = page.lower[max(0, low - 60) : low]
            labelled = not own.labels or any(label in before for label in own.labels)
            if high > low and labelled:
                found.append(Hit(own.kind, own.category, low, high, own.confidence, "the organisation's own pattern"))
    return found


def _matched(page: Page, names: Sequence[Name], hits: list[Hit], detectors: Detectors) -> list[Hit]:
    """Make sure of what stands on the organisation's own list of people: the strongest evidence there is."""
    matcher = detectors.matcher
    if matcher is None:
        return hits
    births = [page.text[hit.start : hit.end] for hit in hits if hit.kind == "date-of-birth"][:200]
    for hit in hits:
        if matcher.identifier(page.text[hit.start : hit.end]):
            hit.confidence, hit.why = 1.0, "on the organisation's own list of people"
    found = []
    for name in names[:500]:
        value = page.text[name.start : name.end]
        if any(matcher.person(value, born) for born in births):
            found.append(Hit("person", "contact", name.start, name.end, 1.0, "on the organisation's own list"))
    return hits + found


def _apart(hits: list[Hit]) -> list[Hit]:
    """Of readings that overlap keep the surest, then the longest."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda one: (one.start, one.end)):
        if kept and hit.start < kept[-1].end:
            better = (hit.confidence, hit.end - hit.start) > (kept[-1].confidence, kept[-1].end - kept[-1].start)
            if better:
                kept[-1] = hit
            continue
        kept.append(hit)
    return kept


def _people(read: _Read, protect: bool) -> list[Hit]:  # noqa: FBT001
    """Names of private people, reported where the document is personal at all (pitfall 28)."""
    if not protect:
        return []
    taken = {hit.start for hit in read.hits if hit.kind == "person"}
    return [
        Hit("person", "contact", one.start, one.end, one.sure, one.why)
        for one in read.names
        if one.start not in taken and (one.role > 0 or (one.role == 0 and one.sure >= 0.75))
    ]


def _finding(page: Page, hit: Hit, *, reveal: bool) -> Finding:
    span = page.clean.origin(hit.start, hit.end)
    value = page.passage.text[span[0] : span[1]] if span else page.text[hit.start : hit.end]
    return Finding(
        kind=hit.kind,
        category=hit.category,
        where=page.passage.where,
        masked=mask(value),
        confidence=round(min(hit.confidence, 1.0), 2),
        span=span if page.passage.exact else None,
        why=hit.why,
        text=value if reveal else "",
    )


def mask(value: str) -> str:
    """Show enough of a value to find it again, and too little to use it: the first two characters and its shape."""
    shown = 0
    out = []
    for char in value:
        if char.isalnum():
            shown += 1
            out.append(char if shown <= min(MASKED_KEPT, max(1, len(value) // 4)) else "*")
        else:
            out.append(" " if char.isspace() else char)
    return "".join(out)[:60]
