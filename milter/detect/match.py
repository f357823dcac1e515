"""Exact matching: an export of pupils or clients as keyed digests, and the question whether a value is one of them.

What is kept are 64-bit keyed BLAKE2 digests (RFC 7693) under the organisation's own key, sorted, and never a
value: whoever has the list without the key learns how many there are. Values are brought to one form first, so
that the order of a name, case, accents, apostrophes, hyphens, separators and the way a date is written are of no
matter. A person is known by any two words of the name, in any order, with the date of birth.

Guarantees: a look-up takes a few microseconds, whatever the list's length; the digests are read where they lie
(a shared mapping), so that they cost each machine eight octets once, not each process.
"""

import json
import re
import sys
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations, product

from milter.detect.clean import clean

KEY_OCTETS = 32
_MAGIC = b"sealgate-exact-1"
_LEAST = 5  # characters of an identifier: shorter ones are everywhere
LONGEST = 24
_NAME_WORDS = 6
# A number of this shape drawn at random is one of the list once in so many: above it, a label must stand beside.
RARE = 10_000

IDENTIFIERS = ("nhs-number", "nino", "upn", "uln", "utr", "chi", "hc-number", "passport", "reference")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "nhs-number": ("nhs", "nhs no", "nhs number", "nhsnumber", "nhsno"),
    "nino": ("nino", "ni", "ni no", "ni number", "national insurance number", "national insurance", "national insurance no"),
    "upn": ("upn", "unique pupil number"),
    "uln": ("uln", "unique learner number"),
    "utr": ("utr", "unique taxpayer reference"),
    "chi": ("chi", "chi number", "chi no"),
    "hc-number": ("hcn", "h&c number", "hc number", "h&c no"),
    "passport": ("passport", "passport number", "passport no"),
    "forename": ("forename", "forenames", "first name", "firstname", "given name", "given names", "legal forename", "preferred forename",
                 "chosen name", "middle name", "middle names"),
    "surname": ("surname", "last name", "lastname", "family name", "legal surname", "preferred surname", "former surname"),
    "name": ("name", "full name", "pupil", "client", "pupil name", "client name", "student name", "person name", "child", "child name"),
    "date-of-birth": ("dob", "date of birth", "d.o.b.", "d.o.b", "birth date", "birthdate", "dateofbirth"),
    "reference": ("reference", "ref", "case number", "case no", "client id", "client no", "person id", "case id", "mosaic id", "pupil id",
                  "liquidlogic id", "lcs id", "ehm id", "swift id", "carefirst id", "sims id", "arbor id", "admission number", "admission no",
                  "system id", "person reference", "case reference", "client reference"),
}  # fmt: skip
KINDS = tuple(_COLUMNS)
_TITLES = frozenset(("mr", "mrs", "miss", "ms", "mx", "dr", "master", "rev", "sir"))
_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_WORD = re.compile(r"[a-z\xc0-\xff]+(?:['\-][a-z\xc0-\xff]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ExactList:
    """One list that was loaded, as look-ups need it."""

    name: str  # 'pupils'
    shapes: Mapping[
        str, tuple[int, ...]
    ]  # lengths of the identifiers, by kind; 'reference?' wants a label beside it
    digests: Sequence[int]  # sorted


@dataclass(frozen=True, slots=True)
class Matcher:
    """All lists of an organisation, under its key."""

    key: bytes
    lists: tuple[ExactList, ...]

    def kinds_of(self, length: int) -> Iterator[tuple[ExactList, str]]:
        """The lists and kinds that hold identifiers of a length."""
        for one in self.lists:
            for kind, lengths in one.shapes.items():
                if length in lengths:
                    yield one, kind

    def identifier(self, one: ExactList, kind: str, value: str) -> bool:
        """Say whether a folded identifier is in a list."""
        return _holds(one.digests, digest(self.key, kind, value))

    def word(self, word: str) -> bool:
        """Say whether a word, as `name_words` gives it, stands in anybody's name."""
        wanted = digest(self.key, "word", word)
        return any(_holds(one.digests, wanted) for one in self.lists)

    def person(self, first: str, second: str, born: int) -> str:
        """Name the list that has a person of these two words and this date of birth (YYYYMMDD); '' for none."""
        wanted = digest(self.key, "person", person_key(first, second, born))
        return next((one.name for one in self.lists if _holds(one.digests, wanted)), "")


def _holds(digests: Sequence[int], wanted: int) -> bool:
    at = bisect_left(digests, wanted)
    return at < len(digests) and digests[at] == wanted


def digest(key: bytes, what: str, value: str) -> int:
    """The keyed digest of a value in its one form; `what` keeps kinds apart."""
    octets = blake2b(f"{what} {value}".encode(), key=key, digest_size=8).digest()
    return int.from_bytes(octets, "little")


# --- one form for each kind of value ---------------------------------------------------------------------------


def fold(value: str) -> str:
    """An identifier in the form that is digested: its Latin letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]", "", value.lower())


def person_key(first: str, second: str, born: int) -> str:
    """A person in the form that is digested: the order of the words is of no matter."""
    low, high = sorted((first, second))
    return f"{low} {high} {born}"


@lru_cache(maxsize=20_000)
def name_words(written: str) -> tuple[str, ...]:
    """The words of one written name part: "O'Neill-Smith" gives oneill, neill, smith and oneillsmith."""
    whole = _unaccented(written)
    found: list[str] = []
    parts = whole.split("-")
    for part in parts:
        found += [part.replace("'", ""), *(piece for piece in part.split("'")[1:] if len(piece) > 2)]
    found.append(whole.replace("'", "").replace("-", ""))
    return tuple(dict.fromkeys(word for word in found if len(word) > 1 and word not in _TITLES))


def _unaccented(word: str) -> str:
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.casefold().replace("\xf8", "o").replace("\xe6", "ae"))
    return "".join(char for char in plain if char in "'-" or "a" <= char <= "z")


def written_names(text: str) -> Iterator[re.Match[str]]:
    """Each word of plain text that could be part of a name."""
    return _WORD.finditer(text)


_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)?(?: of)?[ \-/.,]*([a-z]{3})[a-z]*\.?,?[ \-/.]*'?(\d{4}|\d{2})\b"
)
_MONTH_FIRST = re.compile(r"\b([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? ?(\d{4})\b")
_FIGURES = re.compile(r"\b(\d{1,2}) ?[/.\- ] ?(\d{1,2}) ?[/.\- ] ?(\d{4}|\d{2})\b")
_RUN = re.compile(r"\b(\d{2})(\d{2})(\d{4})\b")


def dates(written: str) -> tuple[int, ...]:
    """A written date as YYYYMMDD; both centuries where the year has two digits, none where it is no date."""
    text = written.lower()
    if match := _ISO.search(text):
        return _dates(match[1], match[2], match[3])
    if (match := _DAY_FIRST.search(text)) and match[2] in _MONTHS:
        return _dates(match[3], str(_MONTHS[match[2]]), match[1])
    if (match := _MONTH_FIRST.search(text)) and match[1] in _MONTHS:
        return _dates(match[3], str(_MONTHS[match[1]]), match[2])
    if match := _FIGURES.search(text) or _RUN.search(text):
        return _dates(match[3], match[2], match[1])
    return ()


def _dates(year: str, month: str, day: str) -> tuple[int, ...]:
    months, days = int(month), int(day)
    if months > 12 >= days:  # 04/23/2012 can only be American
        months, days = days, months
    years = (int(year),) if len(year) == 4 else (1900 + int(year), 2000 + int(year))
    return tuple(
        whole * 10_000 + months * 100 + days
        for whole in years
        if 1900 <= whole <= 2100 and 1 <= months <= 12 and 1 <= days <= 31
    )


# --- loading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Export:
    """What an export came to: the digests, ready to be kept, and what to tell whoever loads it."""

    digests: bytes  # sorted, eight octets each
    shapes: Mapping[str, tuple[int, ...]]
    people: int  # rows with anything to match
    empty: int  # rows without
    columns: Mapping[str, str]  # heading to kind
    ignored: tuple[str, ...]  # headings that nothing is taken from
    common: tuple[tuple[str, int], ...]  # kinds and lengths that match by chance, and so only beside a label


def read_export(
    rows: Iterable[Mapping[str, str]], key: bytes, named: Mapping[str, str] | None = None
) -> Export:
    """Digest an export's rows, as `csv.DictReader` gives them; `named` says what a heading's column holds.

    Raises ValueError where no column is one that can be matched.
    """
    if len(key) != KEY_OCTETS:
        raise ValueError(f"the key must have {KEY_OCTETS} octets")
    columns: dict[str, str] = {}
    headings: dict[str, None] = {}
    values: dict[tuple[str, str], set[str]] = {}  # identifiers by kind and shape
    found: set[int] = set()
    people = empty = 0
    for row in rows:
        if not headings:
            headings = dict.fromkeys(str(heading) for heading in row if heading)
            columns = {heading: kind for heading in headings if (kind := _kind_of(heading, named or {}))}
        before = len(found) + sum(map(len, values.values()))
        _take(row, columns, key, values, found)
        something = len(found) + sum(map(len, values.values())) > before
        people, empty = people + something, empty + (not something)
    if not _matchable(columns):
        raise ValueError(
            "no column can be matched: it needs an identifier such as NHS number, UPN or NI number,"
            " or names with a date of birth"
        )
    shapes, common = _identifiers(values, key, found)
    ignored = tuple(heading for heading in headings if heading not in columns)
    return Export(array("Q", sorted(found)).tobytes(), shapes, people, empty, columns, ignored, common)


def _kind_of(heading: str, named: Mapping[str, str]) -> str:
    plain = re.sub(r"[\s_]+", " ", heading).strip(" :").lower()
    if plain in named:
        return named[plain]
    return next((kind for kind, names in _COLUMNS.items() if plain in names), "")


def _matchable(columns: Mapping[str, str]) -> bool:
    kinds = set(columns.values())
    return bool(kinds & set(IDENTIFIERS)) or (
        "date-of-birth" in kinds and bool(kinds & {"name", "forename", "surname"})
    )


def _take(
    row: Mapping[str, str],
    columns: Mapping[str, str],
    key: bytes,
    values: dict[tuple[str, str], set[str]],
    found: set[int],
) -> None:
    """Take one row's identifiers aside, and its person into the digests."""
    names: dict[str, list[str]] = {"name": [], "forename": [], "surname": []}
    born: tuple[int, ...] = ()
    for heading, kind in columns.items():
        value = clean(str(row.get(heading) or "")).text.strip()
        if kind == "date-of-birth":
            born = dates(value) or born
        elif kind in names:
            names[kind] += [match.group() for match in _WORD.finditer(value)][:_NAME_WORDS]
        elif value:
            folded = fold(value)
            if _LEAST <= len(folded) <= LONGEST and any(char.isdigit() for char in folded):
                values.setdefault((kind, _shape(folded)), set()).add(folded)
    for first, second in _pairs(names) if born else ():
        for day in born:
            found.add(digest(key, "person", person_key(first, second, day)))
        found.update((digest(key, "word", first), digest(key, "word", second)))


def _pairs(names: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """The pairs of words by which a person is known: a forename with a surname, any two of a full name."""
    fore, sur = (
        [word for part in names[kind] for word in name_words(part)] for kind in ("forename", "surname")
    )
    yield from (pair for pair in product(fore, sur) if pair[0] != pair[1])
    for one, other in combinations(names["name"], 2):
        yield from (pair for pair in product(name_words(one), name_words(other)) if pair[0] != pair[1])


def _shape(folded: str) -> str:
    return "".join("9" if char.isdigit() else "a" for char in folded)


def _identifiers(
    values: Mapping[tuple[str, str], set[str]], key: bytes, found: set[int]
) -> tuple[dict[str, tuple[int, ...]], tuple[tuple[str, int], ...]]:
    """Digest the identifiers; those of a shape in which many values are taken count only beside a label."""
    shapes: dict[str, set[int]] = {}
    common: set[tuple[str, int]] = set()
    for (kind, shape), held in values.items():
        space = 10 ** shape.count("9") * 26 ** shape.count("a")
        name = kind
        if len(held) * RARE > space:
            name = f"{kind}?"
            common.add((kind, len(shape)))
        shapes.setdefault(name, set()).add(len(shape))
        found.update(digest(key, name, value) for value in held)
    return {name: tuple(sorted(lengths)) for name, lengths in shapes.items()}, tuple(sorted(common))


# --- one block of memory for all processes ---------------------------------------------------------------------


def pack(lists: Iterable[tuple[str, Mapping[str, tuple[int, ...]], bytes]]) -> bytes:
    """Lay lists (name, shapes, digests) into one block; the key is not in it."""
    lists = tuple(lists)
    head = [[name, shapes, len(digests)] for name, shapes, digests in lists]
    words = json.dumps(head).encode()
    words += b" " * (-(len(_MAGIC) + 8 + len(words)) % 8)  # digests stand at multiples of eight
    return b"".join((_MAGIC, len(words).to_bytes(8, "little"), words, *(digests for _, _, digests in lists)))


def unpack(block: memoryview, key: bytes) -> Matcher:
    """Read a block where it lies. Raises ValueError where it is none."""
    start = len(_MAGIC) + 8
    if bytes(block[: len(_MAGIC)]) != _MAGIC or sys.byteorder != "little":
        raise ValueError("not a block of lists for exact matching")
    at = start + int.from_bytes(block[len(_MAGIC) : start], "little")
    lists = []
    for name, shapes, octets in json.loads(bytes(block[start:at])):
        digests = block[at : at + octets].cast("Q")
        lists.append(ExactList(name, {kind: tuple(lengths) for kind, lengths in shapes.items()}, digests))
        at += octets
    return Matcher(key, tuple(lists))
