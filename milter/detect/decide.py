"""From evidence to the decision: must this document be protected, of which kinds, how grave, and why in words.

Evidence is counted in points (`weights` of detectors.toml). A strong identifier decides by itself (Y1); all
else needs a person and a private fact (Y2, Y4) or a list of children (Y3). The kind of paper damps what is
published, made up, general or blank (N2-N6); it never damps a strong identifier by more than the paper says.
"""

import re
from dataclasses import dataclass, field

from milter.detect.detector import Hit
from milter.detect.finding import Category, Grade
from milter.detect.genre import Genre
from milter.detect.load import Detectors
from milter.detect.narrative import Said
from milter.detect.page import Page
from milter.detect.person import Name
from milter.detect.signature import Zones
from milter.detect.tables import PRIVATE

STRONG = frozenset(
    "nhs-number nino upn uln utr chi hc-number passport driving-licence iban payment-card".split()
)
TITLE_OF_CHILDREN = re.compile(
    r"pupil premium|free school meal|\bfsm\b|\bsen(?:d|co)?\b(?: register| list| support)?|\behcp?\b|looked[ -]after|\blac\b|child protection"
    r"|children in need|class list|register|pupils?\b|\bclass \w+|\byear \d|\byr ?\d|\b[1-6][a-z]\b|reception|nursery|intervention|detention"
    r"|exclu|attendance|trip|residential|group list|tutor group|form list|young carers|booster|phonics|transition|admission"
)
PEOPLE_HIGH = 10  # people: a document that tells of so many is grave by itself
MOST_NARRATIVE = 12.0
HARM: frozenset[Category] = frozenset(("child", "criminal"))


@dataclass(slots=True)
class Evidence:
    """What all passages of one document hold."""

    name: str
    genre: Genre
    hits: list[Hit] = field(default_factory=list)
    values: set[tuple[str, str]] = field(default_factory=set)
    private_names: set[str] = field(default_factory=set)
    any_names: set[str] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)
    phrases: int = 0
    rows: int = 0  # of tables with people and private columns
    columns: set[str] = field(default_factory=set)  # what is private in them
    listed: int = 0  # names in lists of children
    minors: bool = False

    def add(
        self, page: Page, zones: Zones, names: list[Name], hits: list[Hit], said: list[Said], phrases: int
    ) -> None:
        """Take one passage in."""
        self.hits += hits
        self.values |= {(hit.kind, _fold(page.text[hit.start : hit.end])) for hit in hits}
        self.private_names |= {_fold(page.text[n.start : n.end]) for n in names if n.role > 0}
        self.any_names |= {_fold(page.text[n.start : n.end]) for n in names if n.role >= 0}
        self.said += said
        self.phrases += phrases
        self._tables(page, names)
        self._lists(page, zones, names)
        self.minors = self.minors or bool(_MINORS.search(page.lower[:50_000]))

    def _tables(self, page: Page, names: list[Name]) -> None:
        for block in page.blocks:
            if not page.private_block(block):
                continue
            private = {role for role in block.roles if role in PRIVATE}
            low, high = page.line(block.first)[0], page.line(block.last)[1]
            people = sum(1 for name in names if low <= name.start < high)
            initials = "initials" in block.roles
            if private and (people or initials):
                self.rows += max(people, block.last - block.first + 1 if initials else 0)
                self.columns |= private

    def _lists(self, page: Page, zones: Zones, names: list[Name]) -> None:
        """Count names that stand one a line, under a title that speaks of pupils (Y3)."""
        alone = []
        for name in names:
            low, high = page.line(page.line_at(name.start))
            rest = len(page.text[low:high].strip()) - (name.end - name.start)
            if rest <= 14 and name.role >= 0 and zones.at(name.start) == "":
                alone.append(name)
        if len(alone) >= 3:
            title = self.name.lower() + "\n" + page.passage.where.lower() + "\n" + page.lower[: alone[0].start][-400:]
            if TITLE_OF_CHILDREN.search(title):
                self.listed += len(alone)


_MINORS = re.compile(
    r"\bpupils?\b|\bchild\b|\bson\b|\bdaughter\b|\bschool\b|\byear \d|\byr \d|\bclass \w\b|\bnursery\b|\bsen(?:d|co)?\b|\behcp?\b|\btoddler\b|\bbaby\b"
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What it all amounts to."""

    protect: bool
    grade: Grade
    categories: tuple[Category, ...]
    why: tuple[str, ...]
    made_up: bool = False

    def silent(self, hit: Hit) -> bool:
        """Whether a value is not to be reported: in papers about nobody real, or contact details of nobody."""
        return self.made_up or (not self.protect and hit.kind not in STRONG)


def decide(evidence: Evidence, detectors: Detectors) -> Decision:
    """Weigh the evidence."""
    genre = evidence.genre
    if genre.is_a("fiction") and not genre.is_a("confidential"):
        return Decision(False, Grade.NONE, (), ("It says that its people are not real.",), made_up=True)
    points = _points(evidence, detectors, _damping(evidence))
    total = sum(points.values())
    protect = total >= detectors.thresholds["protect"]
    why = tuple(words for words, value in sorted(points.items(), key=lambda item: -item[1]) if value >= 0.5)
    if not protect:
        low = bool(evidence.hits) or total > 0.5
        return Decision(False, Grade.LOW if low else Grade.NONE, (), why if low else ())
    categories = _categories(evidence)
    return Decision(True, _grade(evidence, categories, total, detectors), categories, why)


def _points(evidence: Evidence, detectors: Detectors, damping: float) -> dict[str, float]:
    weights = detectors.weights
    kinds = [kind for kind, _ in evidence.values]
    strong = sum(1 for kind in kinds if kind in STRONG)
    strong += sum(1 for own in detectors.own if own.strong for kind in kinds if kind == own.kind)
    people = bool(evidence.private_names or evidence.any_names)
    points: dict[str, float] = {}
    if strong and not (damping < 0.3 and evidence.genre.is_a("form", "policy") and strong == 1):
        points["It holds an identifier of a person."] = weights["identifier"] * strong
    if any(hit.confidence >= 1.0 and "own list" in hit.why for hit in evidence.hits):
        points["It holds people of the organisation's own list."] = weights["exact-match"]
    if kinds.count("bank") and not evidence.genre.is_a("business"):
        points["It holds a bank account."] = weights["bank"]
    for kind in ("date-of-birth", "address", "phone", "email"):
        if count := kinds.count(kind):
            weight = weights[f"{kind}-of-a-person"] if people else weights[kind]
            words = f"It holds {WORDS[kind]}{' of a named person' if people else ''}."
            damped = 1.0 if kind == "date-of-birth" else damping
            points[words] = weight * min(count, 3) * damped
    if evidence.rows and evidence.columns:
        points["It is a table of people with private columns."] = weights["table-of-people"] * max(damping, 0.6)
    if evidence.listed:
        points["It lists children by name."] = weights["list-of-children"] * damping
    if told := _told(evidence):
        points["It tells private things of a person."] = min(told, MOST_NARRATIVE) * weights["narrative"] * damping
    return points


WORDS = {
    "date-of-birth": "a date of birth",
    "address": "a home address",
    "phone": "a private telephone number",
    "email": "a private e-mail address",
}


def _told(evidence: Evidence) -> float:
    """Points of what is said of people; the same phrase counts once for each way it is said."""
    best: dict[tuple[str, str], float] = {}
    for said in evidence.said:
        if said.subject:
            key = (said.phrase, said.subject)
            best[key] = max(best.get(key, 0.0), said.score)
    return sum(best.values())


def _damping(evidence: Evidence) -> float:
    """How much of what is not a strong identifier counts, by the kind of paper."""
    genre = evidence.genre
    if genre.is_a("confidential"):
        return 1.0
    factor = 1.0
    for names, value in DAMPING:
        if genre.is_a(*names):
            factor = min(factor, value)
    if genre.blanks >= 6 and not evidence.hits:
        factor = min(factor, 0.2)
    if genre.redacted >= 4:
        factor = min(factor, 0.3)
    return factor


DAMPING: tuple[tuple[tuple[str, ...], float], ...] = (
    (("published", "history"), 0.15),
    (("minutes", "advert", "policy"), 0.25),
    (("form", "statistics", "business"), 0.35),
    (("meeting",), 0.5),
)


def _categories(evidence: Evidence) -> tuple[Category, ...]:
    found: set[Category] = {hit.category for hit in evidence.hits}
    weights: dict[Category, float] = {}
    for said in evidence.said:
        if said.subject:
            weights[said.category] = weights.get(said.category, 0.0) + said.score
    found |= {category for category, score in weights.items() if score >= 1.5}
    columns: dict[str, Category] = {"health": "health", "social": "child", "ethnicity": "health", "benefit": "financial",
                                    "criminal": "criminal", "employment": "employment", "education": "child"}  # fmt: skip
    found |= {columns[role] for role in evidence.columns}
    if evidence.listed or (evidence.minors and ("upn" in {kind for kind, _ in evidence.values} or evidence.rows)):
        found.add("child")
    return tuple(sorted(found))


def _grade(evidence: Evidence, categories: tuple[Category, ...], total: float, detectors: Detectors) -> Grade:
    people = max(len(evidence.private_names), evidence.rows, evidence.listed)
    ids = sum(1 for kind, _ in evidence.values if kind in STRONG)
    if people >= PEOPLE_HIGH or ids >= PEOPLE_HIGH or "criminal" in categories:
        return Grade.HIGH
    if "child" in categories and ("health" in categories or total >= detectors.thresholds["high"]):
        return Grade.HIGH
    if evidence.minors and "health" in categories:
        return Grade.HIGH
    return Grade.MEDIUM


def _fold(value: str) -> str:
    return re.sub(r"[^a-z0-9]", "", value.lower())
