"""What a template's slot becomes: a value in one of the shapes that people write it in, and its label.

A slot is `{who.what:form}`: `{kid1.nhs:nbsp}`. Who it is of decides the label: a private person's value is
an entity, a professional's or an organisation's is none (N1, N5), a fictional one's neither (N3).
"""

import datetime as dt
from dataclasses import dataclass, field
from random import Random

from benchmarks.corpus import identifiers, people

# Who: ages, and whether female (None: either).
PRIVATE: dict[str, tuple[tuple[int, int], bool | None]] = {
    "kid": ((5, 16), None),
    "girl": ((5, 16), True),
    "boy": ((5, 16), False),
    "teen": ((16, 19), None),
    "baby": ((0, 3), None),
    "mum": ((26, 48), True),
    "dad": ((26, 50), False),
    "gran": ((55, 75), True),
    "man": ((22, 60), False),
    "woman": ((22, 60), True),
    "adult": ((20, 64), None),
    "elder": ((66, 94), None),
}
FAMILY = {"kid", "girl", "boy", "teen", "baby", "mum", "dad", "gran"}
OTHERS = {"pro": (25, 62), "pub": (25, 75), "fic": (8, 60)}  # professional, public figure, fictional
ORGANISATIONS = {"council", "school", "org", "charity"}
KINDS = {
    "": "person",
    "lastfirst": "person",
    "upper": "person",
    "title": "person",
    "initialled": "person",
    "dob": "date-of-birth",
    "street": "address",
    "postcode": "postcode",
    "phone": "phone",
    "mobile": "phone",
    "email": "email",
    "nhs": "nhs-number",
    "chi": "chi",
    "hc": "hc-number",
    "nino": "nino",
    "upn": "upn",
    "tempupn": "upn",
    "uln": "uln",
    "utr": "utr",
    "passport": "passport",
    "licence": "driving-licence",
    "sort": "bank",
    "account": "bank",
    "iban": "iban",
    "card": "payment-card",
}
GROUPS = {  # the usual way to write a number, and others that are met
    "nhs": (((3, 3, 4), " "), ((3, 3, 4), " "), ((10,), ""), ((3, 3, 4), "-")),
    "hc": (((3, 3, 4), " "), ((10,), "")),
    "chi": (((6, 4), " "), ((10,), ""), ((10,), "")),
    "nino": (((2, 2, 2, 2, 1), " "), ((9,), ""), ((9,), ""), ((2, 6, 1), " ")),
    "sort": (((2, 2, 2), "-"), ((2, 2, 2), "-"), ((6,), ""), ((2, 2, 2), " ")),
    "utr": (((10,), ""), ((5, 5), " ")),
    "card": (((4, 4, 4, 4), " "), ((16,), ""), ((4, 4, 4, 4), "-")),
    "iban": (((4, 4, 4, 4, 4, 2), " "), ((22,), "")),
    "licence": (((16,), ""), ((5, 6, 5), " ")),
}
DATES = (
    "{0:%d/%m/%Y}",
    "{0:%d/%m/%Y}",
    "{0:%d.%m.%y}",
    "{0.day} {0:%B %Y}",
    "{0.day}.{0.month}.{0:%Y}",
    "{0:%d-%b-%Y}",
    "{0:%Y-%m-%d}",
    "{0.day}/{0.month}/{0:%y}",
    "{0:%d%m%Y}",
)
SMUDGES = str.maketrans({"0": "O", "1": "l", "5": "S"})
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@dataclass(frozen=True)
class Entity:
    """One personal value that a detector should report: as it stands in the document, and canonical."""

    kind: str
    text: str
    value: str


@dataclass
class Cast:
    """Everyone and everything that one document speaks of, and what has been labelled so far."""

    rng: Random
    met: dict[str, people.Person] = field(default_factory=dict)
    homes: dict[str, people.Household] = field(default_factory=dict)
    places: dict[str, people.Organisation] = field(default_factory=dict)
    styles: dict[str, int] = field(default_factory=dict)
    entities: list[Entity] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)  # names neither asked for nor punished

    def fill(self, who: str, what: str, form: str) -> str:
        """Give the text of one slot; labels it on the way."""
        role = who.rstrip("0123456789")
        if role in ORGANISATIONS:
            return self._place(who, role, what)
        if role in PRIVATE or role in OTHERS:
            return self._person(who, role, what, form)
        return shaped(free(self.rng, role, what, form), form if role in {"nhsish", "n"} else "")

    def _style(self, what: str, count: int) -> int:
        """One document writes a kind of value in one way."""
        return self.styles.setdefault(what, self.rng.randrange(count))

    def _place(self, who: str, role: str, what: str) -> str:
        if who not in self.places:
            self.places[who] = people.organisation(self.rng, role)
        place = self.places[who]
        known = {
            "": place.name,
            "domain": place.domain,
            "address": f"{place.address}, {place.town}, {place.postcode}",
            "street": place.address,
            "town": place.town,
            "postcode": place.postcode,
            "phone": place.phone,
            "web": f"www.{place.domain}",
        }
        return known[what] if what in known else place.number(what)

    def _person(self, who: str, role: str, what: str, form: str) -> str:
        person = self._meet(who, role)
        if role in OTHERS and what in {"email", "post", "team", "phone", "mobile"}:
            return self._office(person, what)
        if what == "home":
            parts = (
                self._label(person, role, "street", ""),
                person.home.town,
                self._label(person, role, "postcode", form),
            )
            return ("\n" if form == "lines" else ", ").join(parts)
        if what in KINDS:
            return self._label(person, role, what, form)
        return self._aside(person, what)

    def _meet(self, who: str, role: str) -> people.Person:
        if who not in self.met:
            ages, female = PRIVATE.get(role, (OTHERS.get(role), None))
            assert ages is not None
            key = "family" + who[len(role) :] if role in FAMILY else who
            if key not in self.homes:
                self.homes[key] = people.household(self.rng)
            self.met[who] = people.person(self.rng, self.homes[key], ages, female)
            self.optional.append(f"{self.met[who].first} {self.met[who].last}")
        return self.met[who]

    def _office(self, person: people.Person, what: str) -> str:
        place = (
            self._place("council", "council", "domain")
            if "council" in self.places
            else self._place("school", "school", "domain")
        )
        if what == "email":
            return f"{person.first.lower()}.{person.last.lower().replace(' ', '')}@{place}".replace("'", "")
        if what in {"phone", "mobile"}:
            return person.known.setdefault(
                what, people.landline(self.rng) if what == "phone" else person.number("mobile")
            )
        return person.known.setdefault(
            what, self.rng.choice(people.POSTS if what == "post" else people.TEAMS)
        )

    def _aside(self, person: people.Person, what: str) -> str:
        """Give what is said of a person without being an entity: first name, initials, age, pronouns."""
        age = (people.TODAY - person.born).days // 365
        words = {
            "first": person.first,
            "last": person.last,
            "formal": f"{'Ms' if person.female else 'Mr'} {person.last}",
            "initials": f"{person.first[0]}{person.last[0]}",
            "dotted": f"{person.first[0]}.{person.last[0]}.",
            "age": str(age),
            "he": "she" if person.female else "he",
            "He": "She" if person.female else "He",
            "him": "her" if person.female else "him",
            "his": "her" if person.female else "his",
            "His": "Her" if person.female else "His",
            "son": "daughter" if person.female else "son",
            "year": f"Year {max(1, min(13, age - 5))}",
            "town": person.home.town,
            "road": person.home.street.split(" ", 1)[-1],
        }
        return words[what]

    def _label(self, person: people.Person, role: str, what: str, form: str) -> str:
        text, value = self._value(person, what, form)
        if role in PRIVATE:
            self.entities.append(Entity(KINDS[what], plain(text), value))
        return text

    def _value(self, person: people.Person, what: str, form: str) -> tuple[str, str]:
        full = f"{person.first} {person.last}"
        names = {
            "": full,
            "lastfirst": f"{person.last}, {person.first}",
            "upper": full.upper(),
            "title": f"{self.rng.choice(('Ms', 'Mrs') if person.female else ('Mr',))} {full}",
            "initialled": f"{person.first} {self.rng.choice('ABCDEGJKLMRST')} {person.last}",
        }
        if what in names:
            return shaped(names[what], form), full
        if what == "dob":
            pattern = (
                DATES[self._style("dob", len(DATES))] if form in {"", "lines"} else WAYS.get(form, DATES[0])
            )
            return pattern.format(person.born) if form in WAYS or not form else shaped(
                pattern.format(person.born), form
            ), (person.born.isoformat())
        if what in {"street", "postcode"}:
            value = person.home.street if what == "street" else person.home.postcode
            return shaped(value, "" if form == "lines" else form), value
        if what in {"phone", "mobile"}:
            return self._telephone(person.home.phone if what == "phone" else person.number("mobile"), form)
        value = person.number(what)
        return shaped(self._grouped(what, value, form), form), value

    def _grouped(self, what: str, value: str, form: str) -> str:
        ways = GROUPS.get(what)
        if not ways or form in {"spaced", "plain"}:
            return value
        groups, joint = (
            ways[0]
            if form in {"nbsp", "dots", "dashes", "cells", "breaks"}
            else ways[self._style(what, len(ways))]
        )
        pieces, at = [], 0
        for size in groups:
            pieces.append(value[at : at + size])
            at += size
        return joint.join(pieces)

    def _telephone(self, number: str, form: str) -> tuple[str, str]:
        bare = number.replace(" ", "")
        ways = (
            number,
            bare,
            f"+44 {number[1:]}",
            number.replace(" ", "-"),
            f"({number.split(maxsplit=1)[0]}) {number.split(' ', 1)[1]}",
        )
        return shaped(ways[self._style("phone", 3 if number.startswith("07") else 5)], form), bare


WAYS = {
    "iso": "{0:%Y-%m-%d}",
    "slash": "{0:%d/%m/%Y}",
    "short": "{0.day}.{0.month}.{0:%y}",
    "long": "{0.day} {0:%B %Y}",
    "mon": "{0:%d-%b-%y}",
    "solid": "{0:%d%m%Y}",
    "spoken": "the {0.day}th of {0:%B %Y}",
    "us": "{0:%B} {0.day}, {0:%Y}",
}


def shaped(text: str, form: str) -> str:
    """Give the same value as clerks, scanners and programs distort it."""
    if form == "entity":  # a sentinel: a number of Unicode for the HTML writer, the character elsewhere
        return "".join(f"\ue000{ord(letter)}\ue001" if letter.isdigit() else letter for letter in text)
    if form == "spaced":
        return " ".join(text.replace(" ", ""))
    simple = {
        "nbsp": lambda: text.replace(" ", "\u00a0").replace("-", "\u00a0"),
        "dots": lambda: text.replace(" ", ".").replace("-", "."),
        "dashes": lambda: text.replace(" ", "-"),
        "cells": lambda: text.replace(" ", " | ").replace("-", " | "),
        "breaks": lambda: text.replace(" ", "\n", 1),
        "plain": lambda: text.replace(" ", "").replace("-", ""),
        "wide": lambda: text.translate(WIDE),
        "zw": lambda: "\u200b".join(text[at : at + 2] for at in range(0, len(text), 2)),
        "soft": lambda: "\u00ad".join(text[at : at + 3] for at in range(0, len(text), 3)),
        "ocr": lambda: text.translate(SMUDGES),
        "lower": text.lower,
        "upper": text.upper,
    }
    return simple[form]() if form in simple else text


def plain(text: str) -> str:
    """Give the text as a reader of the document sees it: sentinels become characters, cell walls spaces."""
    while "\ue000" in text:
        before, _, rest = text.partition("\ue000")
        code, _, after = rest.partition("\ue001")
        text = before + chr(int(code)) + after
    return text.replace(" | ", " ").replace("\n", " ")


def free(rng: Random, role: str, what: str, form: str) -> str:
    """Give a slot that is of nobody: dates, sums, references and numbers that only look like identifiers."""
    day = people.TODAY - dt.timedelta(days=rng.randint(0, 700))
    coming = people.TODAY + dt.timedelta(days=rng.randint(1, 200))
    made = {
        "date": lambda: f"{day.day} {day:%B %Y}",
        "soon": lambda: f"{coming:%A} {coming.day} {coming:%B %Y}",
        "sdate": lambda: f"{day:%d/%m/%Y}",
        "time": lambda: f"{rng.randint(8, 18)}.{rng.choice(('00', '15', '30', '45'))}",
        "money": lambda: f"£{rng.randint(12, 4000):,}.{rng.randint(0, 99):02}",
        "pounds": lambda: f"£{rng.randint(2, 900) * 1000:,}",
        "ref": lambda: f"{rng.choice(('REF', 'CT', 'HB', 'PL', 'SR', 'ENQ'))}{rng.randint(10000, 999999)}",
        "app": lambda: (
            f"{rng.randint(22, 26)}/{rng.randint(1, 4000):05}/{rng.choice(('FUL', 'HOU', 'OUT', 'LBC'))}"
        ),
        "n": lambda: identifiers.digits(rng, int(what or form or 10)),
        "int": lambda: str(rng.randint(*(int(n) for n in (what or form).split("-")))),
        "nhsish": lambda: _looks_like_nhs(rng, form),
        "ninoish": lambda: identifiers.nino(rng),
        "cardish": lambda: identifiers.card(rng),
        "isbn": lambda: identifiers.isbn13(rng),
        "isbnten": lambda: identifiers.isbn10(rng),
        "gtin": lambda: identifiers.gtin(rng),
        "mpan": lambda: identifiers.mpan(rng),
        "town": lambda: rng.choice(people.TOWNS),
        "road": lambda: rng.choice(people.STREETS),
        "house": lambda: people.street(rng),
        "pc": lambda: people.postcode(rng),
        "tel": lambda: people.landline(rng),
        "sortish": lambda: f"{rng.randint(10, 99)}-{rng.randint(10, 99)}-{rng.randint(10, 99)}",
    }
    return made[role]() if role in made else f"{{{role}}}"  # a mail-merge master has braces of its own


def _looks_like_nhs(rng: Random, form: str) -> str:
    """Give an order or part number that passes the NHS number's check."""
    number = identifiers.nhs(rng)
    return number if form == "plain" or rng.random() < 0.5 else f"{number[:3]} {number[3:6]} {number[6:]}"
