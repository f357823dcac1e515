"""Made-up people, households and organisations of a British county, from a seeded generator.

Telephone numbers are of the ranges that Ofcom keeps for drama; places and organisations don't exist.
"""

import datetime as dt
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.corpus import identifiers

TODAY = dt.date(2026, 3, 10)  # the corpus is written as if on this day

WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
ORIGINS = tuple((origin["girls"], origin["boys"], origin["surnames"]) for origin in WORDS["origin"])


def _list(name: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in WORDS[name].split(";"))


STREETS, TOWNS, AREAS, DIALLING = _list("streets"), _list("towns"), _list("areas"), _list("dialling")
PROVIDERS, POSTS, TEAMS = _list("providers"), _list("posts"), _list("teams")
SCHOOL_NAMES, FIRMS = _list("school_names"), _list("firms")


def postcode(rng: Random) -> str:
    """Give a postcode of the right form; the inward part need not exist."""
    area = rng.choice(AREAS)
    district = rng.choice("ABEHMNPRVWXY") if area == "W1" else str(rng.randint(1, 9 if area != "B" else 48))
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"{area}{district} {rng.randint(1, 9)}{rng.choice(letters)}{rng.choice(letters)}"


def landline(rng: Random) -> str:
    """Give a telephone number with its dialling code, of a range that nobody has."""
    start = rng.choice(DIALLING)
    return start + "".join(str(rng.randint(0, 9)) for _ in range(3))


def street(rng: Random) -> str:
    """Give the street line of a home."""
    name = rng.choice(STREETS)
    return rng.choice(
        (
            f"{rng.randint(1, 240)} {name}",
            f"{rng.randint(1, 99)} {name}",
            f"Flat {rng.randint(1, 24)}, {rng.randint(1, 80)} {name}",
            f"{rng.randint(1, 60)}{rng.choice('AB')} {name}",
        )
    )


@dataclass
class Household:
    """Who lives together shares a surname, an address and a telephone."""

    origin: tuple[str, str, str]
    last: str
    street: str
    town: str
    postcode: str
    phone: str


def household(rng: Random) -> Household:
    """Give a new one."""
    origin = rng.choice((ORIGINS[0], ORIGINS[0], *ORIGINS))
    last = rng.choice(
        origin[2].split() if "da Silva" not in origin[2] else origin[2].replace("da Silva", "Silva").split()
    )
    return Household(origin, last, street(rng), rng.choice(TOWNS), postcode(rng), landline(rng))


@dataclass
class Person:
    """One person; what is asked of them twice is the same twice."""

    first: str
    last: str
    female: bool
    born: dt.date
    home: Household
    rng: Random
    known: dict[str, str] = field(default_factory=dict)

    def number(self, kind: str) -> str:
        """Give the person's identifier of that kind, canonical."""
        if kind not in self.known:
            self.known[kind] = self._make(kind)
        return self.known[kind]

    def _make(self, kind: str) -> str:
        if kind == "chi":
            return identifiers.chi(self.rng, self.born, female=self.female)
        if kind == "licence":
            return identifiers.driving_licence(self.rng, self.last, self.first, self.born, female=self.female)
        if kind == "mobile":
            return f"07700 900{self.rng.randint(0, 999):03}"
        if kind == "email":
            return self._email()
        if kind == "tempupn":
            return identifiers.upn(self.rng, temporary=True)
        return str(getattr(identifiers, MAKERS[kind])(self.rng))

    def _email(self) -> str:
        first, last = self.first.lower(), self.last.lower().replace("'", "").replace(" ", "")
        local = self.rng.choice(
            (
                f"{first}.{last}",
                f"{first}{last}{self.born:%y}",
                f"{first[0]}{last}",
                f"{last}_{first}",
                f"{first}_x{self.born:%d}",
            )
        )
        return f"{local}@{self.rng.choice(PROVIDERS)}"


MAKERS = {
    "nhs": "nhs",
    "hc": "hc_number",
    "nino": "nino",
    "upn": "upn",
    "uln": "uln",
    "utr": "utr",
    "passport": "passport",
    "sort": "sort_code",
    "account": "account",
    "iban": "iban",
    "card": "card",
}


def person(rng: Random, home: Household, ages: tuple[int, int], female: bool | None) -> Person:
    """Someone of that household, of an age within the limits."""
    woman = rng.random() < 0.5 if female is None else female
    first = rng.choice(home.origin[0 if woman else 1].split())
    born = TODAY - dt.timedelta(days=rng.randint(ages[0] * 366, ages[1] * 365))
    return Person(first, home.last, woman, born, home, rng)


@dataclass
class Organisation:
    """A council, school or firm with its public details: none of them personal (N1, N5)."""

    name: str
    domain: str
    address: str
    town: str
    postcode: str
    phone: str
    rng: Random
    known: dict[str, str] = field(default_factory=dict)

    def number(self, kind: str) -> str:
        """Its number of that kind."""
        if kind not in self.known:
            self.known[kind] = self._make(kind)
        return self.known[kind]

    def _make(self, kind: str) -> str:
        rng = self.rng
        if kind == "sort":
            code = identifiers.sort_code(rng)
            return f"{code[:2]}-{code[2:4]}-{code[4:]}"
        makers = {
            "account": lambda: identifiers.account(rng),
            "iban": lambda: identifiers.iban(rng),
            "vat": lambda: identifiers.vat(rng),
            "company": lambda: f"0{identifiers.digits(rng, 7)}",
            "charity": lambda: f"1{identifiers.digits(rng, 6)}",
            "urn": lambda: f"1{identifiers.digits(rng, 5)}",
            "email": lambda: (
                f"{rng.choice(('enquiries', 'office', 'info', 'customer.services'))}@{self.domain}"
            ),
        }
        return makers[kind]()


def organisation(rng: Random, sort: str) -> Organisation:
    """Give a council, school, charity or firm."""
    town = rng.choice(TOWNS)
    plain = "".join(letter for letter in town.lower() if letter.isalpha())
    if sort == "council":
        name = rng.choice(
            (
                f"{town} Borough Council",
                f"{town} Council",
                f"{town} District Council",
                f"{town} County Council",
            )
        )
        domain = f"{plain}.gov.uk"
    elif sort == "school":
        name = rng.choice(SCHOOL_NAMES)
        short = "".join(letter for letter in name.split(" School")[0].lower() if letter.isalpha())
        domain = f"{short}.{plain}.sch.uk"
    else:
        name = (
            rng.choice(FIRMS)
            if sort == "org"
            else f"{town} {rng.choice(('Food Bank', 'Carers Trust', 'Youth Project'))}"
        )
        domain = "".join(letter for letter in name.lower() if letter.isalpha()) + ".org.uk"
    premises = f"{rng.randint(1, 90)} {rng.choice(STREETS)}"
    if sort == "council":
        premises = rng.choice(
            (premises, "Civic Offices, Shute End", "Town Hall, Market Place", "County Hall")
        )
    return Organisation(name, domain, premises, town, postcode(rng), landline(rng), rng)
