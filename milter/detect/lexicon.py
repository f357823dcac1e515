"""The word lists that ship with the detectors, read once: names, private facts, kinds of document."""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import re2

from milter.detect.context import latin_options
from milter.detect.finding import Category


@dataclass(frozen=True, slots=True)
class Fact:
    """A phrase that says something private when said of a person."""

    phrase: str  # as in the list, the star included
    category: Category
    weight: int  # 3 harms, 2 private, 1 supports


@dataclass(frozen=True, slots=True)
class Sign:
    """A phrase that tells what kind of document this is."""

    genre: str
    weight: int
    phrase: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All shipped words. Names are kept with a capital; look up with `str.title`-like care."""

    given: frozenset[str]
    given_doubtful: frozenset[str]
    surnames: frozenset[str]
    surnames_doubtful: frozenset[str]
    tails: frozenset[str]
    cuts: frozenset[str]
    facts: tuple[Fact, ...]
    signs: tuple[Sign, ...]


def _lines(name: str) -> list[str]:
    text = resources.files("milter.detect").joinpath("data", name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _latin(word: str) -> str:
    if word.isascii() and "`" not in word and "&" not in word:
        return word  # plain as it is, as most are
    from milter.detect.clean import clean

    return clean(word).text


def _names(name: str) -> tuple[frozenset[str], frozenset[str]]:
    words = {word for line in _lines(name) for word in line.split()}
    sure = {_latin(word) for word in words if not word.endswith("?")}
    doubtful = {_latin(word[:-1]) for word in words if word.endswith("?")}
    return frozenset(sure - doubtful), frozenset(doubtful)


def _entries(name: str) -> list[tuple[str, int, str]]:
    found: list[tuple[str, int, str]] = []
    for line in _lines(name):
        head, weight, phrases = line.split(" ", 2)
        found += [
            (head, int(weight), _latin(phrase.strip())) for phrase in phrases.split(";") if phrase.strip()
        ]
    return found


@lru_cache(maxsize=1)
def shipped() -> Lexicon:
    """The shipped word lists; read from the package on first use, then kept."""
    given, given_doubtful = _names("given_names.txt")
    surnames, surnames_doubtful = _names("surnames.txt")
    words = {line.split(" ", 1)[0]: frozenset(line.split()[1:]) for line in _lines("words.txt")}
    facts: dict[str, Fact] = {}
    for category, weight, phrase in _entries("facts.txt"):
        if phrase not in facts or facts[phrase].weight < weight:
            facts[phrase] = Fact(phrase, category, weight)  # type: ignore[arg-type]
    signs = {(head, phrase): Sign(head, weight, phrase) for head, weight, phrase in _entries("genres.txt")}
    return Lexicon(
        given,
        given_doubtful,
        surnames,
        surnames_doubtful,
        words["tail"],
        words["cut"],
        tuple(facts.values()),
        tuple(signs.values()),
    )


def phrase_pattern(phrase: str) -> str:
    """The RE2 pattern of a listed phrase: '*' is the rest of a word, a blank any gap inside a sentence."""
    body = "".join({"*": r"\w*", " ": r"[\s\-]{1,3}"}.get(char) or re.escape(char) for char in phrase)
    before = r"\b" if phrase[0].isalnum() else ""
    after = r"\b" if phrase[-1].isalnum() else ""
    cased = phrase.isupper() and len(phrase) <= 6  # 'ME' and 'MS' are illnesses, 'me' and 'Ms' are none
    return f"(?-i:{before}{body}{after})" if cased else f"{before}{body}{after}"


def union(phrases: list[str], *, case: bool = False) -> "re2._Regexp":
    """One RE2 pattern that finds any of the phrases."""
    options = latin_options()
    options.case_sensitive = case
    ordered = sorted(phrases, key=len, reverse=True)  # leftmost-first: the longer phrase wins
    return re2.compile("|".join(phrase_pattern(phrase) for phrase in ordered).encode("latin-1"), options)
