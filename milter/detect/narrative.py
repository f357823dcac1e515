"""Private facts said of one person: case notes, letters about someone, and people singled out without a name (Y2, Y4).

A phrase of the list counts by its sentence: who it is said of (a name, 'she', 'my son', 'the only ... here'),
and whether it is said of somebody at all or only in general ('any child who', 'staff should'). Only the
sentences around listed phrases are read, so clean text costs one pass of RE2.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

import re2

from milter.detect.branches import factored
from milter.detect.context import latin_options
from milter.detect.finding import Category
from milter.detect.lexicon import Fact, phrase_pattern, shipped, union
from milter.detect.load import OwnWords
from milter.detect.page import Page
from milter.detect.person import Name
from milter.detect.sieve import Sieve
from milter.detect.signature import Zones

_MOST = 400  # phrases of one passage that are read in their sentence; the rest is more of the same

_SUBJECTS = (  # who a sentence is about; the first that fits decides
    ("one", 0.9, re.compile(
        r"\bthe only\b|\bjust the one\b|\bonly one (?:here|there|in|at|with)\b|\b(?:the|a|that) (?:boy|girl|child|pupil|lad|student|kid)\b[^.\n]{0,40}\bin (?:year|yr|class|reception|nursery|[1-9][a-z]\b|1[0-3][a-z]\b)|\bthe (?:deputy |former |acting )?leader's?\b|\b(?:a|an|one|another|a certain) (?:\w+ ){0,3}(?:boy|girl|child|pupil|student|teacher|ta|parent|member of staff|colleague|caretaker|head|deputy|tenant|resident|family|mother|father|lad|woman|man|employee|worker|officer"
        r"|dad|mum|couple|neighbour|man|lady|gentleman|teenager)\b[^.\n]{0,60}?\b(?:in (?:year|yr|class|reception|my|our|the|\d)|at (?:the|our|number|no)|from (?:the|our|number|class|year)|who (?:lives|works|joined|moved|has been|was|is)|here|on (?:the|our|my)|of (?:\d|mine|ours)|next door|opposite|upstairs|downstairs|team\b)"
        r"|\bour (?:new |former |site |deputy |assistant )?(?:head|caretaker|senco|cook|bursar|receptionist|chair|finance manager|business manager|librarian|cleaner|lollipop \w+)\b|\bthe (?:head(?:teacher)?|caretaker|deputy head|cook|lollipop \w+|vicar|postmaster|postmistress|chair of governors|landlord of|owner of|family at|man at|woman at|lady at|couple at|tenant at|people at)\b")),
    ("kin", 0.9, re.compile(
        r"\b(?:my|his|her|their|the child's|the boy's|the girl's|our) (?:son|daughter|child|husband|wife|partner|mother|father|mum|dad|brother|sister|nan|gran\w*|baby|neighbour|tenant|ex\b|boyfriend|girlfriend|stepson"
        r"|stepdaughter|step-?father|step-?dad|step-?mum|uncle|aunt|grandson|granddaughter|younger|older|elder|youngest|eldest|twins?|siblings?|colleague|client|patient|pupil|student|employee)\b|\b(?:mum|dad|mother|father|nan|grandma|grandmother|stepdad|step-dad) (?:has|is|was|had|said|says|told|reported|disclosed"
        r"|stated|admitted|feels|does|did|struggles|drinks|works|lives|left|called|rang|phoned|attended|came|appeared|explained|described|confirmed|reports|and)\b")),
    ("pronoun", 0.8, re.compile(r"\b(?:she|he|her|his|him|hers|herself|himself)\b")),
    ("this", 0.8, re.compile(
        r"\b(?:this|the|that|our|said) (?:\w+ ){0,2}(?:boy|girl|child|pupil|student|tenant|client|patient|lad|young person|young man|young woman|resident|claimant|employee|mother|father|family|couple|gentleman|lady|woman|man"
        r"|individual|complainant|caller|youth|teenager|toddler|baby|infant|service user|applicant|perpetrator|victim|suspect|youngster|learner|household|occupant|neighbour|caretaker|colleague|worker|sibling|twin)\b(?!ren|'s services)")),
    ("note", 0.8, re.compile(r"(?:^|[\n.:;]\s*|- )(?:pt|patient|client|yp|su|ct|tenant|pupil|child|student|resident|mother|father|mum|dad|claimant|cl|service user|caller|mo|fa|mgm)\b(?! ?s\b)(?=[ /]\w)")),
    ("you", 0.7, re.compile(
        r"\byour (?:\w+ ){0,2}(?:son|daughter|child|claim|tenancy|rent|absence|sickness|application|benefit|account|arrears|debt|employment|attendance|condition|health|salary|appeal|assessment|award|housing|entitlement|payment|overpayment|medical|fit note"
        r"|interview|hearing|case|conduct|diagnosis|treatment|results?|income|grievance|dismissal|suspension|medication|mother|father|husband|wife|homelessness|circumstances|visa|contract|pregnancy|maternity|request|suspended|performance|probation)\b|\byou (?:have|were|are|had|owe|did|told|said|attended|failed|reported|appl(?:y|ied)|informed|stated) ")),
    ("me", 0.7, re.compile(r"\bI (?:have|had|am|was|suffer|suffered|take|live|lost|owe|cannot|can't|do not|don't|feel|need|need to|struggle|attempted|went|got|been)\b|\bI've\b|\bI'm\b|\bmy (?:\w+ )?(?:condition|health|diagnosis|medication|benefits?|rent|arrears|depression|anxiety|disability|doctor|gp|consultant|salary|claim|debt|debts|wages|illness|operation|cancer|pregnancy)\b|\bwe (?:have been|are being|were|lost|owe|can't|cannot afford)\b", re.IGNORECASE)),
)  # fmt: skip
_INITIALS = re.compile(
    r"(?<![A-Za-z.])(?:[A-Z]\.\s?[A-Z]\.?(?=[\s,;:('])|[A-Z]{2}(?=(?:'s)? (?:has|is|was|had|said|says|told|reported|disclosed|in (?:Y|y|\d|class)|attend|became|seems|came|went|did|does|will|lives|refus|and (?:his|her)|\(|appear|remain|continue))|(?:Child|Pupil|Client|Patient|Mr|Mrs|Ms|Miss) [A-Z]\b(?!\w))"
)
_GENERIC = factored(
    r"\b(?:should|must|shall|may|might|could|would need|if|whether|when(?:ever)? (?:a|an|any|you)|any|each|every|all|those|these|people|persons?|individuals|children|pupils|students|residents|employees|patients|clients|tenants|families|parents and|staff|adults|women|men|boys|girls"
    r"|someone|somebody|anyone|everyone|others|e\.g|such as|including|includes?|policy|procedures?|guidance|training|awareness|support for|services? for|schools|local authorit\w+|professionals|practitioners|managers|carers|young people|applicants|claimants|candidates|customers|victims|offenders|we (?:offer|provide|aim|support|will)|per cent|percentage|statistics|numbers? of|cases|where a|will be|is designed|please (?:contact|call|tell|note|see|let))\b|\d ?%"
)  # fmt: skip
_CONCRETE = factored(
    r"\b(?:today|yesterday|this (?:morning|afternoon|evening|week)|last (?:night|week|month|year|term|monday|tuesday|wednesday|thursday|friday|weekend)|on (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|since|ago|recently|was|were|had|has been|told|said|says|disclosed|reported|attended|arrived|observed|stated|admitted"
    r"|seen|visited|rang|phoned|called|refused|left|went|came|became|currently|now|again|still|following|after|diagnosed|signed|lives|moved|received|found|arrested|excluded|suspended|\d{1,2}[/.]\d{1,2}|\d{1,2}(?:st|nd|rd|th)|\d{1,2}[:.]\d\d|jan|feb|march|april|june|july|aug|sept|oct|nov|dec)\b"
)
_WORK_TALK = factored(
    r"\b(?:policy|procedure|training|agenda|strategy|scheme|programme|project|budget|committee|framework|consultation|funding|target|workshop|briefing|course|campaign|leaflet|contract)\b"
)


_US = re.compile(r"\byou\b|\bwe\b")
_AT_INITIALS, _AT_GENERIC, _AT_CONCRETE, _AT_WORK_TALK, _AT_US = range(len(_SUBJECTS), len(_SUBJECTS) + 5)


@lru_cache(maxsize=1)
def _sieve() -> Sieve:
    """What a sentence may hold; the text comes in its own case, most patterns are for lower case."""
    lower = [re.compile(pattern.pattern, re.IGNORECASE) for _, _, pattern in _SUBJECTS]
    others = (_GENERIC, _CONCRETE, _WORK_TALK, _US)
    return Sieve(*lower, _INITIALS, *(re.compile(pattern.pattern, re.IGNORECASE) for pattern in others))


@dataclass(frozen=True, slots=True)
class Said:
    """A private fact in its sentence."""

    category: Category
    weight: int
    phrase: str  # of the list, never of the text
    subject: str  # 'named', 'kin', 'pronoun', 'this', 'note', 'one', 'you', 'me', 'initials', '' for nobody
    score: float  # weight by how surely it is said of one person
    at: int
    generic: bool = False


@lru_cache(maxsize=1)
def _facts() -> tuple["re2._Regexp", tuple[tuple[re.Pattern[str], Fact], ...], dict[str, Fact]]:
    facts = shipped().facts
    stems = tuple(
        (re.compile(phrase_pattern(fact.phrase).replace("(?-i:", "(?:"), re.IGNORECASE), fact)
        for fact in sorted(facts, key=lambda one: -len(one.phrase))
        if "*" in fact.phrase
    )
    exact = {re.sub(r"[\s\-]+", " ", fact.phrase.lower()): fact for fact in facts if "*" not in fact.phrase}
    return union([fact.phrase for fact in facts]), stems, exact


@lru_cache(maxsize=4096)
def _fact(words: str) -> Fact | None:
    _, stems, exact = _facts()
    plain = re.sub(r"[\s\-]+", " ", words)
    if plain in exact:
        return exact[plain]
    return next((fact for pattern, fact in stems if pattern.fullmatch(words)), None)


def phrases(page: Page) -> list[tuple[int, int]]:
    """The spans of all listed phrases of a passage, whatever their sentence."""
    pattern, _, _ = _facts()
    return [match.span() for match in pattern.finditer(page.octets)]


def find(
    page: Page, zones: Zones, names: list[Name], singles: list[tuple[int, int]], own: OwnWords | None = None
) -> tuple[list[Said], int]:
    """What a passage says of people, and how often the listed phrases occur at all; `own` are an organisation's."""
    said: list[Said] = []
    spans = phrases(page)
    people = sorted([name.start for name in names if name.role >= 0] + [low for low, _ in singles])
    offices = sorted(name.start for name in names if name.role < 0)
    for low, high in spans[:_MOST]:
        if zones.at(low) in ("signature", "letterhead", "disclaimer"):
            continue
        fact = _fact(page.lower[low:high])
        if fact is not None:
            said.append(_read(page, fact, low, high, people, offices))
    for low, high in [match.span() for match in own.pattern.finditer(page.octets)][:_MOST] if own else ():
        fact = own.facts.get(" ".join(re.split(r"[\s\-]+", page.lower[low:high]))) if own else None
        if fact is not None:
            said.append(_read(page, fact, low, high, people, offices))
    return said, len(spans)


def generality(page: Page) -> tuple[int, int]:
    """How often a passage's head speaks of one person, and how often of people in general."""
    words = page.octets[:20_000].lower().translate(_WORDS_ALONE).split()
    return sum(map(_ONE_PERSON.__contains__, words)), sum(map(_IN_GENERAL.__contains__, words))


# As `\w` sees it: letters, digits and the low line make words, all else parts them.
_WORDS_ALONE = bytes(at if chr(at).isalnum() or at == 0x5F else 0x20 for at in range(256))
_ONE_PERSON = frozenset(b"he she him her hers his himself herself".split())
_IN_GENERAL = frozenset(
    b"should must if any staff people pupils children parents residents members schools families all every employees carers"
    b" those they their them anyone everyone council councils customers patients tenants applicants".split()
)
UNNAMED = factored(
    r"\bthe only\b|\bwhom? i mean\b|\bonly one (?:here|there|in|at|with)\b|\bno names\b|\b(?:rather not|won't|will not|not going to|shan't|can't|don't want to) (?:give|say|use|put|name)\b[^.\n]{0,30}\bnames?\b|\bnot name\b|\bnot say (?:the|her|his) name"
    r"|\byou(?:'ll| will)? (?:all )?know (?:who|which)\b|\beveryone (?:here )?(?:will )?knows?\b|\bwithout naming\b|\bwon't name\b|\bjust the one\b"
)


def told(page: Page, zones: Zones) -> tuple[int, int]:
    """How much a passage tells of somebody: sentences with 'he' or 'she', and different words of kin."""
    sentences: set[int] = set()
    kin: set[str] = set()
    for match in _TOLD.finditer(page.octets):
        if len(sentences) >= 12 and len(kin) >= 4:
            break
        low, high = match.span()
        if zones.at(low) not in ("signature", "disclaimer"):
            word = page.lower[low:high]
            if word in _PRONOUNS:
                sentences.add(_sentence(page, low, high)[0])
            else:
                kin.add(word)
    return len(sentences), len(kin)


_PRONOUNS = frozenset(("he", "she", "him", "her", "his", "hers", "herself", "himself"))
_TOLD = re2.compile(
    rb"\b(?:s?he|him|hers?|his|herself|himself|mum|mummy|mother|dad|daddy|father|nan|gran|grandmother|grandfather|sister|brother|siblings?|son|daughter|stepdad|stepfather|stepmother"
    rb"|husband|wife|partner|boyfriend|girlfriend|baby|uncle|aunt|cousin|foster carers?|home visit|bedroom|pupil|child|tenant|client|patient)\b",
    latin_options(),
)


def _read(page: Page, fact: Fact, low: int, high: int, people: list[int], offices: list[int]) -> Said:
    start, end = _sentence(page, low, high)
    lower, text = page.lower[start:end], page.text[start:end]
    there = _sieve().there(page.octets[start:end])
    subject, strength = _subject(text, lower, start, end, people, there)
    if subject not in ("named", "one") and bisect_left(offices, start) < bisect_left(offices, end):
        strength *= 0.4  # the sentence is about someone in office
    generic = len(set(_GENERIC.findall(lower))) if _AT_GENERIC in there else 0
    if subject == "named":
        factor = (1.0, 0.85, 0.6, 0.4)[min(generic, 3)]
    else:
        factor = (1.0, 0.6, 0.3, 0.15)[min(generic, 3)]
    if _AT_CONCRETE not in there or not _CONCRETE.search(lower):
        factor *= 0.85 if subject == "named" else 0.7
    if _AT_WORK_TALK in there and subject not in ("named", "kin", "pronoun") and _WORK_TALK.search(lower):
        factor *= 0.5
    return Said(
        fact.category, fact.weight, fact.phrase, subject, fact.weight * strength * factor, low, generic > 1
    )


def _subject(
    text: str, lower: str, start: int, end: int, people: list[int], there: frozenset[int]
) -> tuple[str, float]:
    at = bisect_left(people, start)
    if at < len(people) and people[at] < end:
        return "named", 1.0
    for number, (name, strength, pattern) in enumerate(_SUBJECTS):
        if number in there and pattern.search(lower if name != "me" else text):
            return name, strength
    if _AT_INITIALS in there and _INITIALS.search(text):
        return "initials", 0.8
    if (_AT_GENERIC in there and _GENERIC.search(lower)) or (_AT_US in there and _US.search(lower)):
        return "", 0.0
    at = bisect_left(people, start) - 1
    if at >= 0 and start - people[at] < 250 and "\n\n" not in text[: max(0, start - people[at])]:
        return "named", 0.65  # goes on about the person of the sentence before
    return "", 0.0


def _sentence(page: Page, low: int, high: int) -> tuple[int, int]:
    """The sentence around a phrase: to the nearest full stop, blank line or list mark, 260 characters at most."""
    text = page.text
    start = max(0, low - 260)
    for mark in (". ", ".\n", "\n\n", "\n \n", "? ", "! ", "\n- ", "\n\xb7", "\n* "):
        at = text.rfind(mark, start, low)
        if at >= 0:
            start = at + len(mark)
    start = _line_start(text, start, low)
    stop = min(len(text), high + 200)
    for mark in (". ", ".\n", "\n\n", "\n \n", "? ", "! ", "\n- ", "\n\xb7", "\n* "):
        at = text.find(mark, high, stop)
        if at >= 0:
            stop = at + 1
    at = text.find("\n", high, stop)
    if at >= 0 and _ends_here(text, at):
        stop = at
    return start, stop


def _line_start(text: str, start: int, low: int) -> int:
    """The start of the line, where the line before it did not run on."""
    at = text.rfind("\n", start, low)
    while at >= start:
        if _ends_here(text, at):
            return at + 1
        at = text.rfind("\n", start, at)
    return start


def _ends_here(text: str, at: int) -> bool:
    """Say whether a line end is a paragraph's: the line is short, or the next begins with a mark or a label."""
    line = at - max(text.rfind("\n", max(0, at - 200), at), at - 200)
    return (
        line < 58
        or re.match(r"\s*(?:[-*\xb7>]|\d+[.)]|[A-Z][\w /()']{1,30}:)", text[at + 1 : at + 40]) is not None
    )
