"""Exact matching: an export of pupils or clients as keyed hashes, and their values found in a document.

Only HMAC-SHA256 digests under the organisation's own key are kept, never the values: whoever reads the set
without the key learns how many there are. Identifiers match alone; a name matches with its date of birth.
"""

import csv
import hashlib
import hmac
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_SIZE = 16  # octets of a digest that are kept: 2^-128 to be wrong
_MAGIC = b"sealgate-match-1\n"
_COLUMNS = {
    "nhs-number": ("nhs", "nhs no", "nhs number", "nhs_number", "nhsnumber"),
    "nino": ("nino", "ni", "ni no", "ni number", "national insurance number", "national insurance"),
    "upn": ("upn", "unique pupil number"),
    "uln": ("uln", "unique learner number"),
    "utr": ("utr",),
    "chi": ("chi", "chi number"),
    "hc-number": ("hcn", "h&c number", "hc number"),
    "email": ("email", "e-mail", "email address"),
    "forename": ("forename", "first name", "firstname", "given name", "first_name"),
    "surname": ("surname", "last name", "lastname", "family name", "last_name"),
    "name": ("name", "full name", "pupil", "client", "pupil name", "client name", "student name"),
    "date-of-birth": ("dob", "date of birth", "d.o.b.", "d.o.b", "birth date", "date_of_birth"),
    "reference": (
        "reference",
        "ref",
        "case number",
        "client id",
        "person id",
        "id",
        "case id",
        "mosaic id",
        "pupil id",
    ),
}
_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}


@dataclass(frozen=True, slots=True)
class Matcher:
    """Digests of people's values under a key."""

    key: bytes
    digests: frozenset[bytes]

    def identifier(self, value: str) -> bool:
        """Say whether an identifier, an e-mail address or a reference is one of the set."""
        return _digest(self.key, "id", fold(value)) in self.digests

    def person(self, name: str, born: str) -> bool:
        """Say whether a name with a date of birth is one of the set; the order of the names is of no matter."""
        day = date_key(born)
        return bool(day) and _digest(self.key, "person", f"{name_key(name)}|{day}") in self.digests


def _digest(key: bytes, what: str, value: str) -> bytes:
    return hmac.new(key, f"{what}:{value}".encode(), hashlib.sha256).digest()[:_SIZE]


def fold(value: str) -> str:
    """An identifier in the form that is hashed: letters and digits in lower case."""
    return re.sub(r"[^a-z0-9@]", "", value.lower())


def name_key(name: str) -> str:
    """A name in the form that is hashed: its words in lower case, sorted; titles are left out."""
    words = re.findall(r"[a-z\xe0-\xff]{2,}", name.lower().replace("'", "").replace("-", " "))
    return " ".join(
        sorted(word for word in words if word not in ("mr", "mrs", "miss", "ms", "mx", "dr", "master"))
    )


def date_key(value: str) -> str:
    """A date as YYYYMMDD, from any common British form; '' where it is none."""
    text = value.lower()
    iso = re.search(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b", text)
    if iso:
        return f"{int(iso[1]):04d}{int(iso[2]):02d}{int(iso[3]):02d}"
    worded = re.search(
        r"\b(\d{1,2})(?:st|nd|rd|th)?(?: of)?[ \-/.]*([a-z]{3})[a-z]*\.?,?[ \-/.]*'?(\d{4}|\d{2})\b", text
    )
    if worded and worded[2] in _MONTHS:
        return f"{_year(worded[3]):04d}{_MONTHS[worded[2]]:02d}{int(worded[1]):02d}"
    plain = re.search(r"\b(\d{1,2}) ?[/.\- ] ?(\d{1,2}) ?[/.\- ] ?(\d{4}|\d{2})\b", text)
    return f"{_year(plain[3]):04d}{int(plain[2]):02d}{int(plain[1]):02d}" if plain else ""


def _year(digits: str) -> int:
    year = int(digits)
    return year if year > 99 else year + (2000 if year < 35 else 1900)


def load_csv(rows: Iterable[Mapping[str, str]], key: bytes) -> frozenset[bytes]:
    """Digests of an export's rows, as `csv.DictReader` gives them. Columns that are not known are not read.

    Raises ValueError where no column is one that can be matched, or the key has fewer than 16 octets.
    """
    if len(key) < 16:
        raise ValueError("the key has fewer than 16 octets")
    digests: set[bytes] = set()
    seen = False
    for row in rows:
        values = _values(row)
        seen = seen or bool(values)
        for kind, value in values.items():
            if kind not in ("forename", "surname", "name", "date-of-birth") and len(fold(value)) >= 5:
                digests.add(_digest(key, "id", fold(value)))
        name = values.get("name") or f"{values.get('forename', '')} {values.get('surname', '')}"
        day = date_key(values.get("date-of-birth", ""))
        if day and len(name_key(name).split()) >= 2:
            digests.add(_digest(key, "person", f"{name_key(name)}|{day}"))
    if not seen:
        raise ValueError(
            "no column is known; use names such as NHS number, UPN, NI number, surname, forename, date of birth"
        )
    return frozenset(digests)


def _values(row: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for heading, value in row.items():
        plain = re.sub(r"[\s_]+", " ", str(heading or "")).strip(" :").lower()
        for kind, names in _COLUMNS.items():
            if plain in names and value:
                found[kind] = str(value).strip()
    return found


def read_csv(text: str, key: bytes) -> Matcher:
    """A matcher from the text of a CSV file with a header row."""
    return Matcher(key, load_csv(csv.DictReader(io.StringIO(text)), key))


def dump(matcher: Matcher) -> bytes:
    """The set as a file: a line that names the format, then the sorted digests. The key is not in it."""
    return _MAGIC + b"".join(sorted(matcher.digests))


def parse(content: bytes, key: bytes) -> Matcher:
    """A matcher from a file that `dump` made. Raises ValueError where it is none."""
    body = content.removeprefix(_MAGIC)
    if len(body) == len(content) or len(body) % _SIZE:
        raise ValueError("not a file of matching digests")
    return Matcher(key, frozenset(body[at : at + _SIZE] for at in range(0, len(body), _SIZE)))
