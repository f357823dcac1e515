"""Domain names: their one spelling, who they belong to, and which approved one they resemble.

Matching is exact or by a leading '*.', which stands for one or more labels and never for none. Exact beats
wildcard, the longer wildcard beats the shorter. A look-up costs a few dozen dictionary reads and a bounded
number of comparisons, however many partners there are and whatever the name is.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

from milter.policy.model import Partner

MAX_DOMAIN = 255  # RFC 5321 4.5.3.1.2
PIECES = 3  # two edits leave at least one piece of three intact
MAX_COMPARED = 100  # approved domains that share a piece with the one asked for

# Endings that only a public body gets: the same name under another ending is odd.
PROTECTED = (".gov.uk", ".sch.uk", ".nhs.uk", ".police.uk")
SUFFIXES = (*PROTECTED, ".org.uk", ".co.uk", ".ac.uk", ".uk", ".com", ".org", ".net", ".info", ".eu")

# What passes for which Latin letter: a working part of the confusables of Unicode TR 39, Cyrillic and Greek
# mostly. 'i' and '1' both fold to 'l', so the skeleton is for comparing only.
LOOKS_LIKE = {
    "a": "аαɑ",  # noqa: RUF001 - confusable on purpose, here and below
    "b": "ЬЪв",
    "c": "сϲ",  # noqa: RUF001
    "d": "ԁđ",
    "e": "еєε",
    "g": "ɡ",  # noqa: RUF001
    "h": "һнħ",
    "j": "јϳ",  # noqa: RUF001
    "k": "кκ",
    "l": "1i|ıіιӏłⅼ",
    "m": "мⅿ",
    "n": "пη",
    "o": "0оοσø",  # noqa: RUF001
    "p": "рρ",  # noqa: RUF001
    "q": "ԛ",  # noqa: RUF001
    "r": "гŕ",
    "s": "5ѕ",  # noqa: RUF001
    "t": "тτ",
    "u": "υцʋ",
    "v": "ѵν",  # noqa: RUF001
    "w": "ԝωш",
    "x": "хχ",
    "y": "уγ",  # noqa: RUF001
}
FOLD = str.maketrans({odd: letter for letter, odds in LOOKS_LIKE.items() for odd in odds})


def normalise(domain: str) -> str:
    """Give a domain in lower case as A-labels (RFC 5890), without the root's dot; '' stays ''.

    What is no valid name is only put into lower case: it matches nothing, and nothing is raised.
    """
    name = domain.strip().rstrip(".").lower()[: MAX_DOMAIN + 1]
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name


def domain_of(address: str) -> str:
    """Give the domain of an address, normalised; '' where it has none. Only the last '@' counts."""
    return normalise(address.rpartition("@")[2]) if "@" in address else ""


def readable(domain: str) -> str:
    """Give a domain as its owner writes it: A-labels decoded (RFC 3492), what can't be decoded left alone."""
    return ".".join(_readable_label(label) for label in domain.split("."))


def _readable_label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def skeleton(domain: str) -> str:
    """Fold a domain to what it looks like: without dots, hyphens and accents, 'rn' as 'm', 'а' as 'a'."""  # noqa: RUF002
    shown = unicodedata.normalize("NFKD", readable(domain)).casefold()
    letters = "".join(c for c in shown if not unicodedata.combining(c)).translate(FOLD)
    return letters.replace("-", "").replace(".", "").replace("rn", "m").replace("vv", "w")


def _name(domain: str) -> str:
    """Give a domain without the ending under which it was registered."""
    for suffix in SUFFIXES:
        if domain.endswith(suffix):
            return domain.removesuffix(suffix)
    return domain


def _edits_allowed(domain: str) -> int:
    """Give how many slips make a look-alike: short names are near each other by chance."""
    length = len(_name(domain))
    return 0 if length < 5 else 1 if length < 12 else 2


def within(first: str, second: str, most: int) -> bool:
    """Whether at most so many insertions, deletions, replacements or swaps of neighbours part two words."""
    first, second = _differing(first, second)
    if abs(len(first) - len(second)) > most:
        return False
    older: list[int] = []
    row = [place if place <= most else most + 1 for place in range(len(second) + 1)]
    for i, a in enumerate(first, 1):
        newer = [most + 1] * len(row)
        newer[0] = i
        for j in range(max(1, i - most), min(len(second), i + most) + 1):  # beyond this band it is too far
            b = second[j - 1]
            cost = min(row[j] + 1, newer[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            newer[j] = cost
        if min(newer) > most and min(row) > most:
            return False
        older, row = row, newer
    return row[-1] <= most


def _differing(first: str, second: str) -> tuple[str, str]:
    """Cut off what two words have in common in front and behind, which no slip is in."""
    front = _alike(first, second)
    first, second = first[front:], second[front:]
    behind = _alike(first[::-1], second[::-1])
    return first[: len(first) - behind], second[: len(second) - behind]


def _alike(first: str, second: str) -> int:
    """Count the letters that two words begin with together."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(first), len(second)))


class DomainIndex:
    """The partners by domain, made once for a policy."""

    def __init__(self, partners: Iterable[Partner]) -> None:
        self._exact: dict[str, Partner] = {}
        self._wild: dict[str, Partner] = {}
        self._by_skeleton: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        self._by_piece: dict[tuple[int, int, str], list[tuple[str, str]]] = {}
        for partner in partners:
            for domain in partner.domains:
                if domain.startswith("*."):
                    self._wild.setdefault(domain[2:], partner)
                    continue
                self._exact.setdefault(domain, partner)
                if partner.kind not in {"retired", "personal"}:
                    self._note_looks(domain)

    def find(self, domain: str) -> Partner | None:
        """Give the partner that a normalised domain belongs to."""
        if domain in self._exact:
            return self._exact[domain]
        rest = domain
        while "." in rest:
            rest = rest.partition(".")[2]
            if rest in self._wild:
                return self._wild[rest]
        return None

    def wildcard(self, domain: str) -> str:
        """Give what the wildcard that matches a domain stands for: 'a.b' for a.b.gcsx.gov.uk; '' for none."""
        rest = domain
        while "." in rest and domain not in self._exact:
            rest = rest.partition(".")[2]
            if rest in self._wild:
                return domain.removesuffix("." + rest)
        return ""

    def looks_like(self, domain: str) -> str:
        """Give the approved domain that an unknown one resembles; '' for none.

        It resembles one by confusable letters, missing or added dots and hyphens, a slip or two, the
        same name under another ending than a public body's, or an approved domain with something behind it.
        """
        looks = skeleton(domain)
        if looks in self._by_skeleton:
            return self._by_skeleton[looks]
        same_name = self._by_name.get(skeleton(_name(domain)), "")
        return same_name or self._leading(domain) or self._near(looks)

    def _note_looks(self, domain: str) -> None:
        looks = skeleton(domain)
        self._by_skeleton.setdefault(looks, domain)
        if domain.endswith(PROTECTED):
            self._by_name.setdefault(skeleton(_name(domain)), domain)
        for key in _pieces(looks):
            self._by_piece.setdefault(key, []).append((looks, domain))

    def _leading(self, domain: str) -> str:
        """Find an approved domain at the front: 'wokingham.gov.uk.example.com'."""
        labels = domain.split(".")[:8]
        fronts = (".".join(labels[:count]) for count in range(len(labels) - 1, 1, -1))
        return next((front for front in fronts if front in self._exact), "")

    def _near(self, looks: str) -> str:
        for candidate, domain in islice(self._candidates(looks[:MAX_DOMAIN]), MAX_COMPARED):
            if within(looks, candidate, _edits_allowed(domain)):
                return domain
        return ""

    def _candidates(self, looks: str) -> Iterator[tuple[str, str]]:
        """Give the approved domains that share a piece at nearly the same place."""
        for longer in (0, -1, 1, -2, 2):
            length = max(len(looks) + longer, 1)
            for place, start, size in _cuts(length):
                for shift in (0, -1, 1, -2, 2):
                    if start + shift >= 0:
                        piece = looks[start + shift : start + shift + size]
                        yield from self._by_piece.get((length, place, piece), ())


def _cuts(length: int) -> tuple[tuple[int, int, int], ...]:
    """Give number, start and size of each piece of a word of this length."""
    bounds = [length * place // PIECES for place in range(PIECES + 1)]
    return tuple((place, bounds[place], bounds[place + 1] - bounds[place]) for place in range(PIECES))


def _pieces(word: str) -> Iterator[tuple[int, int, str]]:
    for place, start, size in _cuts(len(word)):
        yield len(word), place, word[start : start + size]
