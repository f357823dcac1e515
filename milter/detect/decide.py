"""From evidence to the verdict: protect or not, how grave, of which kinds, and why, in words (labelling Y, N).

Each piece of evidence gives points. Identifiers protect by themselves; all else is weighed together with the
kind of paper and its wording (`wording.py`). Every number an organisation may change stands in
`detectors.toml`, every contribution in `why`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from operator import attrgetter

from milter.detect import email, exact, subjects, wording
from milter.detect.detector import Hit
from milter.detect.evidence import Evidence
from milter.detect.finding import Category, Grade
from milter.detect.load import Detectors
from milter.detect.narrative import UNNAMED
from milter.detect.sieve import Sieve
from milter.detect.specimen import made_up
from milter.detect.subjects import Subjects
from milter.detect.wording import Reading

STRONG = (
    "nhs-number", "nino", "upn", "uln", "utr", "chi", "hc-number", "passport", "driving-licence", "iban", "payment-card",
)  # fmt: skip
_NAMED = {
    "nhs-number": "NHS number", "nino": "National Insurance number", "upn": "unique pupil number",
    "uln": "unique learner number", "utr": "taxpayer reference", "chi": "CHI number", "hc-number": "Health and Care number",
    "passport": "passport number", "driving-licence": "driving licence number", "iban": "personal IBAN",
    "payment-card": "payment card number",
}  # fmt: skip


_FEW_WORDS = 19  # none of so few that named nobody was rightly judged by its wording alone, and many wrongly
_BASE = 3.0  # points at which the model is in two minds: the shipped thresholds


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution to the verdict."""

    points: float
    categories: tuple[Category, ...]
    words: str
    hard: bool = False  # an identifier: the kind of paper changes nothing
    topic: str = ""  # 'contact', 'said', 'list', 'table', 'birth'


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict without its findings."""

    protect: bool
    grade: Grade
    categories: tuple[Category, ...]
    why: tuple[str, ...]


def decide(evidence: Evidence, detectors: Detectors) -> Decision:
    """Weigh the evidence of one document."""
    who = subjects.of(evidence)
    reasons = reasons_of(evidence, detectors, who)
    reading = wording.read(evidence, who, points_of(reasons), detectors.weights["wording"])
    least = detectors.thresholds["protect"]
    plain = _plain(evidence)
    firm = sum(
        reason.points for reason in reasons if reason.hard or (plain and _speaks_for_itself(reason, who))
    )
    read = _BASE + reading.logits["protect"] if reasons or not _says_little(evidence) else -inf
    protect = max(firm, read) >= least
    why = tuple(_worded(reasons, reading, evidence))
    if not protect:
        return Decision(False, Grade.LOW if who.private else Grade.NONE, (), why)
    high = who.count >= 10 or _BASE + reading.logits["high"] >= detectors.thresholds["high"]
    return Decision(True, Grade.HIGH if high else Grade.MEDIUM, _categories(reasons, who, reading), why)


def _says_little(evidence: Evidence) -> bool:
    """Say whether a document is a line or two, as subjects and thanks are: how it is worded tells nothing then."""
    return sum(len(one.page.text.split(None, _FEW_WORDS)) for one in evidence.pages) <= _FEW_WORDS


def _plain(evidence: Evidence) -> bool:
    """Say whether a document is of no kind that names people and dates without disclosing anything (N2, N3, N6)."""
    genre = evidence.genre
    public = genre.is_a(
        "published", "minutes", "fiction", "history", "advert", "policy", "business", "statistics"
    )
    return (not public or genre.is_a("confidential")) and genre.blanks < 8


def _speaks_for_itself(reason: Reason, who: Subjects) -> bool:
    """Say whether a private person and a date of birth stand together (Y2)."""
    return reason.topic == "birth" and (bool(who.private) or who.initials)


def reasons_of(evidence: Evidence, detectors: Detectors, who: Subjects) -> list[Reason]:
    """Everything that the rules say about one document, whatever kind of paper it is."""
    specimen = evidence.genre.is_a("fiction", least=8)
    found = (
        *_identifiers(evidence, detectors, who),
        *_births(evidence, detectors, who),
        *_contacts(evidence, detectors, who),
        *_tables(evidence, detectors),
        *_lists(evidence, detectors),
        *_said(evidence, detectors, who),
        *_told(evidence, detectors, who),
    )
    return [reason for reason in found if reason.points > 0.05 and not (reason.hard and specimen)]


def points_of(reasons: list[Reason]) -> dict[str, float]:
    """The points by topic, and by category where something is said."""
    points: dict[str, float] = {}
    for reason in reasons:
        topic = "hard" if reason.hard else reason.topic
        points[topic] = points.get(topic, 0.0) + reason.points
        for category in reason.categories if topic == "said" else ():
            points[category] = points.get(category, 0.0) + reason.points
    return points


def _worded(reasons: list[Reason], reading: Reading, evidence: Evidence) -> Iterator[str]:
    """The reasons in words with what each adds, the weightiest first."""
    learned = wording.weights().measures
    lines = [
        (reason.points, reason.words) if reason.hard
        else (reason.points / 3 * learned.get(f"points:{reason.topic}", (0.0,))[0], reason.words)
        for reason in reasons
    ]  # fmt: skip
    private = reading.words > 0
    words = ", ".join(f"'{word}'" for word in reading.telling)
    lines.append(
        (reading.words, f"worded like {'a private matter' if private else 'ordinary paper'}: {words}")
    )
    lines += [
        (value, f"reads like {_PAPER.get(name.removeprefix('paper:'), name)}")
        for name, value in reading.measures.items()
        if name.startswith("paper:")
    ]
    lines.sort(key=lambda line: -abs(line[0]))
    yield from (f"{words} ({points:+.1f})" for points, words in lines[:8] if abs(points) >= 0.1)
    if alike := sum(page.alike for page in evidence.pages):
        yield f"{alike} more rows of the same form, counted and not listed one by one"


_PAPER = {
    "minutes": "minutes of a meeting", "published": "something published", "advert": "an advert", "policy": "a policy or guidance",
    "form": "a form", "fiction": "fiction or a specimen", "history": "history", "business": "business with a firm",
    "statistics": "statistics", "meeting": "talk about work", "confidential": "something confidential",
}  # fmt: skip


def _categories(reasons: list[Reason], who: Subjects, reading: Reading) -> tuple[Category, ...]:
    found: dict[Category, float] = {}
    for reason in reasons:
        for category in reason.categories:
            found[category] = found.get(category, 0.0) + reason.points
    kept: set[Category] = {name for name in ("identifier", "contact") if found.get(name, 0.0) >= 1.0}
    return tuple(sorted(kept | wording.categories_of(reading)))


def _identifiers(evidence: Evidence, detectors: Detectors, who: Subjects) -> Iterator[Reason]:
    for kind in STRONG:
        hits = evidence.hits(kind)
        if hits:
            yield _identifier(kind, hits, evidence, detectors)
    bank = evidence.hits("bank")
    if bank:
        yield Reason(
            detectors.weights["bank"],
            ("identifier", "financial"),
            f"a person's bank details: {bank[0].why}",
            topic="bank",  # whose they are, a person's or a firm's, the rest of the paper must tell
        )
    matched = [hit for page in evidence.pages for hit in page.hits if hit.why.startswith(exact.WHY)]
    if matched:
        yield Reason(
            detectors.weights["exact-match"],
            ("identifier",),
            f"{len(matched)} values of people loaded for matching",
            hard=True,
            topic="exact",
        )
    for own in detectors.own:
        hits = evidence.hits(own.kind)
        if hits:
            yield Reason(
                detectors.weights["identifier"] if own.strong else 2.0,
                (own.category,),
                f"{len(hits)} of kind {own.kind}",
                hard=own.strong,
            )


def _identifier(kind: str, hits: list[Hit], evidence: Evidence, detectors: Detectors) -> Reason:
    """One kind of strong identifier: hard where something names one that was not made up to be shown (Y1)."""
    shown = evidence.genre.is_a("fiction", least=2) or evidence.genre.is_a("policy", "form", least=3)
    real = [
        hit
        for one in evidence.pages
        for hit in one.hits
        if hit.kind == kind
        and not (made_up(kind, one.page.text[hit.start : hit.end]) and (shown or one.page.specimens))
    ]
    best = max(real or hits, key=_CONFIDENCE)
    named = any("no label" not in hit.why for hit in real)
    number = f"{len(hits)} {_NAMED[kind]}s" if len(hits) > 1 else f"a {_NAMED[kind]}"
    points = detectors.weights["identifier"] * min(1.0, best.confidence + 0.1) * (1.0 if real else 0.5)
    category: Category = "financial" if kind in ("iban", "payment-card") else "identifier"
    words = f"{number}: {best.why}" if real else f"{number} of a form that is made up to be shown"
    return Reason(points, ("identifier", category), words, hard=named, topic="number")


_CONFIDENCE = attrgetter("confidence")


def _births(evidence: Evidence, detectors: Detectors, who: Subjects) -> Iterator[Reason]:
    hits = evidence.hits("date-of-birth")
    if hits:
        named = who.private or who.unsaid or who.initials
        points = detectors.weights["date-of-birth-of-a-person" if named else "date-of-birth"]
        number = f"{len(hits)} dates of birth" if len(hits) > 1 else "a date of birth"
        yield Reason(
            points,
            ("identifier",),
            f"{number}{' of a named person' if named else ''}: {hits[0].why}",
            topic="birth",
        )


def _contacts(evidence: Evidence, detectors: Detectors, who: Subjects) -> Iterator[Reason]:
    named = bool(who.private) or bool(who.unsaid) or who.initials
    for kind, word in (
        ("address", "home address"),
        ("phone", "personal telephone number"),
        ("email", "personal e-mail address"),
    ):
        hits = evidence.hits(kind)
        if not hits:
            continue
        key = f"{kind}-of-a-person" if named else kind
        best = max(hits, key=lambda hit: hit.confidence)
        points = detectors.weights[key] * min(1.0, best.confidence + 0.1)
        if not who.private and named:
            points *= 0.8
        if kind == "email" and not any(
            email.named(one.page.text[hit.start : hit.end])
            for one in evidence.pages
            for hit in one.hits
            if hit.kind == "email"
        ):
            points *= 0.6
        yield Reason(points, ("contact",), f"{word}: {best.why}", topic="contact")
    if evidence.hits("postcode") and not evidence.hits("address"):
        yield Reason(1.0, ("contact",), "a home postcode", topic="contact")


_COLUMN_CATEGORY: dict[str, Category] = {
    "health": "health", "social": "health", "ethnicity": "health", "benefit": "financial", "criminal": "criminal", "employment": "employment",
    "education": "child", "born": "identifier", "address": "contact", "postcode": "contact", "homephone": "contact", "phone": "contact",
    "email": "contact", "age": "identifier",
}  # fmt: skip


def _tables(evidence: Evidence, detectors: Detectors) -> Iterator[Reason]:
    for one in evidence.pages:
        page = one.page
        for block in page.blocks:
            rows = block.last - block.first + 1 + block.further
            if page.heading and not block.header:
                continue  # the rest of a table that was weighed in the piece before
            if not page.private_block(block) or not subjects.filled(page, block):
                continue
            roles = set(block.roles)
            telling = roles & set(_COLUMN_CATEGORY) - {"email", "phone"}
            if roles & {"name", "forename", "surname"} and telling:
                categories = tuple(sorted({_COLUMN_CATEGORY[role] for role in telling if role != "age"}))
                heads = ", ".join(
                    head.strip()[:24]
                    for head, role in zip(block.heads, block.roles, strict=True)
                    if role in telling
                )
                yield Reason(
                    detectors.weights["table-of-people"],
                    categories,
                    f"a table of {rows} named people with columns {heads}",
                    topic="table",
                )
            elif roles & {"initials"} and telling & {"born", "address", "health", "social", "year"}:
                yield Reason(
                    detectors.weights["table-of-people"] * 0.7,
                    ("child",),
                    "a table of initials with private columns",
                    topic="table",
                )
            elif (
                roles & {"name", "forename", "surname"}
                and rows >= 3
                and (roles & {"year"} or subjects.children_titled(page, block, evidence))
            ):
                yield Reason(
                    detectors.weights["list-of-children"],
                    ("child",),
                    f"a table that lists {rows} children",
                    topic="list",
                )


def _lists(evidence: Evidence, detectors: Detectors) -> Iterator[Reason]:
    for one in evidence.pages:
        for people in one.lists:
            if people.published:
                continue
            if people.children:
                yield Reason(
                    detectors.weights["list-of-children"],
                    ("child",),
                    f"a list of {people.count} named children",
                    topic="list",
                )
                return
            telling = re.search(
                r"\b(?:arrears|debt|benefit|sick|absence|disciplin|redundan|medical|allerg|diagnos|disab|homeless|referr|at risk|asylum|union|offend|arrest|waiting list|evict|fine)",
                people.title,
            )
            if telling:
                yield Reason(
                    4.0, (), f"a list of {people.count} named people under a telling title", topic="list"
                )
                return


def _particular(evidence: Evidence) -> float:
    """How much a document speaks of one person rather than of people in general: 0.3 to 1."""
    one = sum(page.general[0] for page in evidence.pages)
    general = sum(page.general[1] for page in evidence.pages)
    share = one / (one + general) if one + general else 1.0
    return 1.0 if share >= 0.3 or general < 8 else 0.7 if share >= 0.18 else 0.3


def _told(evidence: Evidence, detectors: Detectors, who: Subjects) -> Iterator[Reason]:
    """A story about a named person: 'he' or 'she' in sentence after sentence, and kin."""
    if not (who.private or who.unsaid or who.initials or _unnamed(evidence)):
        return
    sentences, kin = (sum(one.told[at] for one in evidence.pages) for at in (0, 1))
    points = min(sentences, 6) * 0.45 + min(kin, 4) * 0.4
    if not who.private:
        points *= 0.8
    points *= _particular(evidence)
    if points:
        yield Reason(
            points * detectors.weights["narrative"],
            (),
            f"{sentences} sentences that tell of a person",
            topic="said",
        )
    if any("class" in name.why for name in evidence.names()):
        yield Reason(2.0, ("child",), "a pupil named with the class", topic="said")
    elif any(name.why.startswith("labelled") for name in evidence.names()):
        yield Reason(1.2, (), "a document about a named person", topic="said")


def _unnamed(evidence: Evidence) -> bool:
    """Say whether the document singles somebody out without a name."""
    if any(said.subject == "one" for one in evidence.pages for said in one.said):
        return True
    return any(
        _sieve().surely(one.page.octets[:20_000]) and UNNAMED.search(one.page.lower[:20_000])
        for one in evidence.pages
    )


@lru_cache(maxsize=1)
def _sieve() -> Sieve:
    """The page comes in its own case, the words are sought in lower case."""
    return Sieve(re.compile(UNNAMED.pattern, re.IGNORECASE))


_TOPIC: dict[str, str] = {
    "health": "health or another special category", "child": "a child's care or schooling", "financial": "money", "criminal": "offences",
    "employment": "employment",
}  # fmt: skip


def _said(evidence: Evidence, detectors: Detectors, who: Subjects) -> Iterator[Reason]:
    """What is said of people, each phrase once, by category."""
    best: dict[str, tuple[float, Category, str]] = {}
    particular = _particular(evidence)
    for one in evidence.pages:
        for said in one.said:
            score = (
                said.score
                * subjects.known(said, who)
                * (1.0 if said.subject in ("named", "you", "me", "initials") else particular)
            )
            if score > best.get(said.phrase, (0.0, "", ""))[0]:
                best[said.phrase] = (score, said.category, said.subject)
    by_category: dict[Category, list[float]] = {}
    named = False
    for score, category, subject in best.values():
        by_category.setdefault(category, []).append(score)
        named = named or subject == "named"
    for category, scores in by_category.items():
        scores.sort(reverse=True)
        points = sum(score * 0.85**at for at, score in enumerate(scores[:8])) * detectors.weights["narrative"]
        said_of = "a named person" if named else "one person"
        yield Reason(
            min(points, 9.0),
            (category,),
            f"{len(scores)} statements on {_TOPIC.get(category, category)} about {said_of}",
            topic="said",
        )
