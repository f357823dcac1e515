"""The whole inspection of one document: passages in, a graded verdict with masked findings out (law 3: pure).

`examine` guarantees: time linear in the text; every value masked where it is made (law 8); findings beyond
`Detectors.keep` are counted and not kept. It reads no clock, no file and no network.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from milter.detect import (
    address,
    codes,
    date_of_birth,
    email,
    exact,
    genre,
    lists,
    narrative,
    numbers,
    people,
    person,
    phone,
    pieces,
    slips,
)
from milter.detect.alike import Before, alike
from milter.detect.company import company, dismissed
from milter.detect.decide import decide
from milter.detect.detector import Hit
from milter.detect.evidence import Evidence, PageEvidence
from milter.detect.finding import Examination, Finding
from milter.detect.gate import Gate, gate
from milter.detect.load import Detectors
from milter.detect.mask import masked
from milter.detect.page import Page
from milter.detect.person import Name
from milter.detect.signature import Zones
from milter.message.passage import Passage


@dataclass(frozen=True, slots=True)
class OwnDetails:
    """Own organisations' details: none of them is a finding (N1, N5)."""

    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()


def examine(
    passages: Sequence[Passage],
    detectors: Detectors,
    *,
    own: OwnDetails = OwnDetails(),
    reveal: bool = False,
    name: str = "",
) -> Examination:
    """Examine one document. `reveal` adds the values themselves, for evaluation; `name` is the file's, as context."""
    evidence = gather(passages, detectors, own, name)
    if evidence is None:
        return Examination()
    decision = decide(evidence, detectors)
    findings = _findings(evidence, decision.protect, detectors, reveal=reveal)
    return Examination(decision.protect, decision.grade, decision.categories, findings, decision.why)


def gather(passages: Sequence[Passage], detectors: Detectors, own: OwnDetails, name: str) -> Evidence | None:
    """Everything that one document gives, before it is weighed; None where it has no text."""
    pages = list(_pages(passages))
    if not pages:
        return None
    kind = genre.judge(pages, name)
    seen = company(pages, name)
    evidence = Evidence(list(_one_by_one(pages, seen, detectors, own)), kind)
    _join_mentions(evidence)
    dismissed(evidence)
    return evidence


def _pages(passages: Sequence[Passage]) -> Iterator[Page]:
    """A page for each passage that says anything, and one for each piece of a long one."""
    for passage, behind in pairwise((*passages, Passage("", ""))):
        if not passage.text or passage.text.isspace():
            continue
        end = len(passage.text)
        for low, high in pieces.spans(passage.text, table=passage.table):
            more = high < end or behind.start > passage.start
            yield Page(passage, (low, high), more=more)


def _one_by_one(
    pages: list[Page], seen: frozenset[str], detectors: Detectors, own: OwnDetails
) -> Iterator[PageEvidence]:
    """Examine each page; of the pieces of a long passage only what tells is kept."""
    heading, table, before = "", None, None
    for page in pages:
        if page.goes_on and heading:
            page.headed(heading)
        if not page.goes_on:
            before = Before() if page.more and page.passage.table else None
        found = _page(page, seen, detectors, own, before)
        if page.heading and table and page.blocks and page.blocks[0].header == 0:
            table.further += page.blocks[0].last - page.blocks[0].first + 1
        if page.more and page.passage.table:
            heading = _heading(page)
            table = page.blocks[-1] if page.blocks and not (page.heading and len(page.blocks) == 1) else table
            if table:
                table.further -= 1  # the piece ends with a line end, behind which is no row
        if page.goes_on or page.more:
            _without_heading(found)
            page.rest(emptied=page.goes_on and not (found.hits or found.names or found.singles or found.said))
        yield found


def _heading(page: Page) -> str:
    """The heading row that holds on in the next piece of a table, with its line end."""
    number = page.blocks[-1].header if page.blocks else 0
    low, high = page.line(number)
    return f"{page.text[low:high]}\n" if high - low < _MOST_HEADING else ""


_MOST_HEADING = 4_000


def _without_heading(found: PageEvidence) -> None:
    """Drop what was found in a heading that was put before a piece: the piece that it is from has it."""
    end = len(found.page.heading)
    found.hits = [hit for hit in found.hits if hit.start >= end]
    found.names = [name for name in found.names if name.start >= end]
    found.singles = [span for span in found.singles if span[0] >= end]


def _page(
    page: Page,
    seen: frozenset[str],
    detectors: Detectors,
    own: OwnDetails,
    before: Before | None,
) -> PageEvidence:
    there: Gate = gate(page.octets)
    zones = Zones(page)
    found = PageEvidence(page)
    whole = page
    # People loaded for matching are looked for in every row: each is one certain person.
    if same := alike(page, 0 if detectors.matcher else detectors.rows, before):
        found.alike = len(same)
        page = page.without(same)
    if there.names:
        found.names = person.find(page, zones)
        found.lists, extra = lists.find(page, found.names)
        found.names = sorted([*found.names, *extra], key=lambda one: one.start)
    found.singles = person.singles(page, zones, found.names)
    spans = [(one.start, one.end) for one in found.names if one.role >= 0]
    if there.numbers:
        found.hits += numbers.find(page, seen, [one.end for one in found.names])
    if there.codes:
        found.hits += codes.find(page, there.codes)
    if there.dates:
        found.hits += date_of_birth.find(page, [*spans, *found.singles])
    if there.phones:
        found.hits += phone.find(
            page, zones, found.names, frozenset(re.sub(r"\D", "", number) for number in own.telephones)
        )
    if there.emails:
        found.hits += email.find(page, zones, frozenset(domain.lower() for domain in own.domains))
    if there.places:
        found.hits += address.find(page, zones, spans, address.own_places(own.addresses, own.postcodes))
    found.hits = _settled(found.hits)
    if there.labels:
        found.hits = _settled(found.hits + slips.find(page, found.hits))
    found.hits = _settled(found.hits + _own(whole, detectors))
    found.hits = [hit for hit in found.hits if hit.kind not in detectors.off]
    found.hits = _settled(found.hits + exact.mark(found, detectors.matcher))
    if there.facts:
        found.said, found.facts = narrative.find(whole, zones, found.names, found.singles, detectors.words)
        found.told = narrative.told(whole, zones)
        found.general = narrative.generality(whole)
    return found


def _settled(hits: list[Hit]) -> list[Hit]:
    """Of overlapping hits keep the surest, the longer of equals."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda one: (one.start, one.end)):
        if kept and hit.start < kept[-1].end:
            if (hit.confidence, hit.end - hit.start) > (kept[-1].confidence, kept[-1].end - kept[-1].start):
                kept[-1] = hit
            continue
        kept.append(hit)
    return kept


def _own(page: Page, detectors: Detectors) -> list[Hit]:
    """Values of an organisation's own patterns."""
    found: list[Hit] = []
    for own in detectors.own:
        for match in own.pattern.finditer(page.octets):
            low, high = match.span()
            before = page.lower[max(0, low - 60) : low] + " " + page.column(low)[1].lower()
            if not own.labels or any(label in before for label in own.labels):
                found.append(
                    Hit(own.kind, own.category, low, high, own.confidence, "a pattern of the organisation")
                )
    return found


def _join_mentions(evidence: Evidence) -> None:
    """What is said of a name in one place holds for it in all: a pupil named twice is a pupil twice."""
    roles: dict[str, set[int]] = {}
    for name in (name for one in evidence.pages if not one.page.quiet for name in one.names):
        roles.setdefault(_key(name), set()).add(name.role)
    for name in evidence.names():
        said = roles.get(_key(name), set())
        if name.role == 0 and len(said - {0}) == 1:
            name.role = next(iter(said - {0}))


def _key(name: Name) -> str:
    return " ".join(word.lower() for word in name.words)


def _findings(
    evidence: Evidence, protect: bool, detectors: Detectors, *, reveal: bool
) -> tuple[Finding, ...]:
    found: list[Finding] = []
    report = detectors.thresholds["report"]
    public = evidence.genre.is_a("published", "minutes", "history", "advert", "business")
    alone = not any(name.role == 1 for name in evidence.names())
    for one in evidence.pages:
        # What is not protected discloses nobody's home: an address there is an office's, a venue's or published.
        hits = [hit for hit in one.hits if protect or hit.kind not in _OF_SOMEBODY or _certain(hit, public)]
        hits += _people(one, alone=alone) if protect else []
        for hit in sorted(hits, key=lambda hit: hit.start):
            if hit.confidence >= report and len(found) < detectors.keep:
                found.append(_finding(one.page, hit, reveal))
    return tuple(found)


_OF_SOMEBODY = frozenset(("address", "postcode", "phone", "email", "date-of-birth"))


def _certain(hit: Hit, public: bool) -> bool:
    """Say whether a value is somebody's own by its label, form or place, whatever the rest of the paper says."""
    return hit.confidence >= 0.9 and not public


def _people(one: PageEvidence, *, alone: bool) -> list[Hit]:
    """The people of a protected page; `alone`: no other is told to be private, so one with a job may be whom it is about."""
    zones = Zones(one.page)
    return _settled(people.report(one.page, zones, one.names, one.singles, one.hits, alone=alone))


def _finding(page: Page, hit: Hit, reveal: bool) -> Finding:
    span = page.source(hit.start, hit.end)
    text = page.passage.text[slice(*span)] if span else page.text[hit.start : hit.end]
    place = (span[0] + page.passage.start, span[1] + page.passage.start) if span else None
    return Finding(
        hit.kind,
        hit.category,
        page.passage.where,
        masked(hit.kind, page.text[hit.start : hit.end]),
        round(hit.confidence, 2),
        place if page.passage.exact else None,
        hit.why,
        text if reveal else "",
    )


__all__ = ["Detectors", "OwnDetails", "examine"]
