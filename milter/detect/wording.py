"""How a document reads: its words and what was found in it, weighed by what labelled documents taught.

The rules of `decide.py` see named facts; a person also hears from the wording whether 'Jess (morning sickness
again)' is a private matter and 'Jess's laptop is slow' is none. `data/wording.txt` holds a weight for each word
and each measure, learned by `benchmarks/train_wording.py` from the labelled documents of `benchmarks/corpus` and
`tests/detect`: a linear model, so that every weight can be read, and a sum explains itself. Names, numbers and
values are made placeholders first: no name has a weight (law 8). Looks at 24,000 characters at most.
"""

import heapq
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from milter.detect.branches import factored
from milter.detect.evidence import Evidence, PageEvidence
from milter.detect.finding import Category
from milter.detect.subjects import Subjects

HEADS = ("protect", "health", "child", "financial", "criminal", "employment", "high")
MOST = 24_000  # characters of one document that are weighed
CALM = 20  # words added to every count, so that a line of three words does not shout
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[\xa3%\x01-\x05]")
_SENTENCE = re.compile(r"[.!?]\s+|\n+")
_OF_SOMEBODY = factored(
    r"[\x01\x02\x05]|\b(?:s?he|him|hers?|his|mum|dad|mother|father|nan|gran|my|i|son|daughter|wife|husband)\b"
)
_MARKS = {1: "\x01", 0: "\x02", -1: "\x03"}  # a private person's name, one of no said role, a professional's


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned, read once."""

    bias: tuple[float, ...]  # one for each head
    measures: Mapping[str, tuple[float, ...]]
    words: Mapping[str, tuple[float, ...]]  # one for each head
    near: Mapping[str, float]  # for 'protect': beside a person, on top


@dataclass(frozen=True, slots=True)
class Reading:
    """How a document reads: logits, and what they are made of."""

    logits: Mapping[str, float]  # by head; above 0: rather yes
    measures: Mapping[str, float]  # what each measure adds to 'protect'
    words: float  # what all words together add to 'protect'
    telling: tuple[str, ...]  # listed words that weigh most in the direction of `words`


@lru_cache(maxsize=1)
def weights() -> Weights:
    """The shipped weights; read from the package on first use, then kept."""
    text = resources.files("milter.detect").joinpath("data", "wording.txt").read_text(encoding="utf-8")
    bias: tuple[float, ...] = (0.0,) * len(HEADS)
    measures: dict[str, tuple[float, ...]] = {}
    words: dict[str, tuple[float, ...]] = {}
    near: dict[str, float] = {}
    for line in text.splitlines():
        sort, _, rest = line.partition(" ")
        if sort == "bias":
            bias = _numbers(rest.split())
        elif sort == "measure":
            name, *numbers = rest.split()
            measures[name] = _numbers(numbers)
        elif sort == "word":
            name, beside, *numbers = rest.split()
            words[name] = _numbers(numbers)
            near[name] = int(beside) / 100
    return Weights(bias, measures, words, near)


def _numbers(written: Iterable[str]) -> tuple[float, ...]:
    return tuple(int(number) / 100 for number in written)


def read(evidence: Evidence, who: Subjects, points: Mapping[str, float], loudness: float = 1.0) -> Reading:
    """Weigh a document; `points` are the rules' by topic, `loudness` is how much the words count."""
    learned = weights()
    every, near = words_of(evidence)
    found = measures_of(evidence, who, points)
    scale, beside = 1 / math.sqrt(len(every) + CALM), 1 / math.sqrt(len(near) + CALM)
    known = sorted(learned.words.keys() & every)  # in one order: sums and ties come out the same each time
    totals = [sum(column) * scale for column in zip(*map(learned.words.__getitem__, known), strict=True)]
    said = {word: learned.words[word][0] * scale for word in known}
    for word in learned.near.keys() & near:
        said[word] += learned.near[word] * beside
    words = sum(said.values()) * loudness
    rows = [
        (name, value, learned.measures[name]) for name, value in found.items() if name in learned.measures
    ]
    logits = {
        head: learned.bias[at]
        + (totals[at] if totals else 0.0)
        + sum(value * row[at] for _, value, row in rows)
        for at, head in enumerate(HEADS)
    }
    logits["protect"] += words - (totals[0] if totals else 0.0)
    return Reading(logits, {name: value * row[0] for name, value, row in rows}, words, _telling(said, words))


def _telling(said: Mapping[str, float], total: float) -> tuple[str, ...]:
    """The words that add most of the total."""
    first = (heapq.nlargest if total > 0 else heapq.nsmallest)(12, said, key=said.__getitem__)
    return tuple(word for word in first if len(word) > 3 and word.isalpha())[:4]


def words_of(evidence: Evidence) -> tuple[set[str], set[str]]:
    """All words of a document, and those in sentences that speak of a person; placeholders for names and values."""
    every: set[str] = set()
    near: list[str] = []
    left = MOST
    for one in evidence.pages:
        if one.page.quiet or left <= 0:
            continue
        text = _masked(one, left)
        left -= len(text)
        sentences = set(_SENTENCE.split(text))  # one that comes again adds no word
        every |= _words("\n".join(sentences))
        near += [sentence for sentence in sentences if _OF_SOMEBODY.search(sentence)]
    return every, _words("\n".join(near))


def _words(text: str) -> set[str]:
    return set(map(_plain, set(_TOKEN.findall(text))))


def _plain(word: str) -> str:
    """A number by its length alone."""
    return "0" * min(len(word), 9) if word.isdigit() else word


def _masked(one: PageEvidence, most: int) -> str:
    """The text in lower case with a mark in the place of every name and every value found."""
    spans = [(name.start, name.end, _MARKS[name.role]) for name in one.names]
    spans += [(hit.start, hit.end, f" {hit.kind.replace('-', '')} ") for hit in one.hits]
    spans += [(low, high, "\x05") for low, high in one.singles]
    pieces: list[str] = []
    done = 0
    text = one.page.lower
    for low, high, mark in sorted(spans):
        if low >= most:
            break
        if low >= done:
            pieces += (text[done:low], mark)
            done = high
    pieces.append(text[done:most])
    return "".join(pieces)


def measures_of(evidence: Evidence, who: Subjects, points: Mapping[str, float]) -> dict[str, float]:
    """What was found in a document, as numbers of about 0 to 4."""
    one = sum(page.general[0] for page in evidence.pages)
    general = sum(page.general[1] for page in evidence.pages)
    size = sum(len(page.page.text) for page in evidence.pages)
    thousands = max(size, 1000) / 1000
    found = {
        "people:private": math.log1p(len(who.private)),
        "people:unsaid": math.log1p(len(who.unsaid)),
        "people:professional": math.log1p(len(who.professional)),
        "someone:private": float(bool(who.private)),
        "someone:unsaid": float(bool(who.unsaid)),
        "someone:professional": float(bool(who.professional)),
        "initials": float(who.initials),
        "child": float(who.child),
        "count": math.log1p(who.count),
        "talk:one": math.log1p(one),
        "talk:general": math.log1p(general),
        "talk:one-dense": math.log1p(one / thousands),
        "talk:general-dense": math.log1p(general / thousands),
        "talk:share": one / (one + general) if one + general else 0.5,
        "blanks": math.log1p(evidence.genre.blanks),
        "redacted": math.log1p(evidence.genre.redacted),
        "length": math.log1p(size) / 3,
        "nobody": float(not tells(evidence, who)),
    }
    found |= shape_of(evidence)
    found |= {f"points:{topic}": min(value / 3, 4.0) for topic, value in points.items()}
    found |= {f"paper:{name}": min(value, 15) / 5 for name, value in evidence.genre.points.items() if value}
    for page in evidence.pages:
        for hit in page.hits:
            found[f"value:{hit.kind}"] = 1.0
        for people in page.lists:
            sort = "published" if people.published else "children" if people.children else "other"
            found[f"list:{sort}"] = 1.0
        for block in page.page.blocks:
            private = page.page.private_block(block)
            found["table:private" if private else "table:other"] = 1.0
            found |= {f"column:{role}:{int(private)}": 1.0 for role in block.roles if role}
    return found


def tells(evidence: Evidence, who: Subjects) -> bool:
    """Say whether a document tells of anybody: a person, a value, or a statement."""
    if who.private or who.unsaid or who.professional or who.initials:
        return True
    return any(page.hits or page.said or page.singles for page in evidence.pages)


def shape_of(evidence: Evidence) -> dict[str, float]:
    """How the text looks, of its first characters: speech in quotation marks tells a story, digits make a table."""
    text = "\n".join(page.page.text[:MOST] for page in evidence.pages if not page.page.quiet)[:MOST]
    size = len(text) + 1
    lines = sum(1 for line in text.split("\n") if line.strip())
    return {
        "shape:lines": math.log1p(size / max(lines, 1)) / 3,
        "shape:speech": min(sum(map(text.count, '"\u201c\u201d')) / size * 200, 3.0),
        "shape:digits": min(sum(map(text.count, "0123456789")) / size * 20, 3.0),
    }


def categories_of(reading: Reading) -> set[Category]:
    """The kinds of private matter that the wording speaks for."""
    some: tuple[Category, ...] = ("health", "child", "financial", "criminal", "employment")
    return {name for name in some if reading.logits[name] > 0}
