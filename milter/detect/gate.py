"""One pass over the text that tells which detectors have anything to do: clean text costs this and little more."""

from dataclasses import dataclass
from functools import lru_cache

import re2

from milter.detect import codes, date_of_birth, email, phone
from milter.detect.address import STREET, patterns
from milter.detect.context import latin_options

_NAME = rb"(?-i:[A-Z\xc0-\xde][a-zA-Z'\-\xc0-\xff]+,?[ \t](?:(?:de|da|di|do|dos|du|del|van|von|der|den|al|el|ul|bin|bint|ap|ab|la|le|st)[ \-]){0,2}[A-Z\xc0-\xde])|(?-i:\b(?:Mr|Mrs|Miss|Ms|Mx|Dr)\b)"
_LABEL = rb"\b(?:nhs|chi|uln|utr|upn|ni|nino|nat(?:ional|\.)? ins|n\.i\.|insurance|d\.?o\.?b|born|birth|mob(?:ile)?|tel|ppt|learner|passport|licen[cs]e|dvla|h&c|hcn)"


@dataclass(frozen=True, slots=True)
class Gate:
    """Which kinds of thing occur at all."""

    codes: frozenset[int]
    numbers: bool
    dates: bool
    phones: bool
    emails: bool
    places: bool
    labels: bool
    names: bool
    facts: bool = True


@lru_cache(maxsize=1)
def _set() -> tuple["re2.Set", int]:
    options = latin_options()
    some = re2.Set.SearchSet(options)
    known = codes.patterns()
    for pattern in known:
        some.Add(pattern.encode("latin-1"))
    for raw in (
        rb"\d(?:[ .\-/\t\n>]{0,4}\d){5}",
        *(
            pattern.encode("latin-1")
            for pattern in (*date_of_birth.patterns(), *phone.patterns(), *email.patterns(), *patterns())
        ),
        b"(?-i:" + STREET.encode("latin-1") + b")",
        _LABEL,
        _NAME,
        rb"\baddress\b|\blives at\b|(?-i:\b[A-Z][a-z'\-]+, (?:[A-Z][a-z'\-]+ ){1,2}(?:Road|Rd|Lane|Street|St|Row|Hill|Close|Terrace|Avenue)\b)|(?-i:\b\d{1,4}[A-Za-z]? [A-Z][a-z]{3,}(?: [A-Z][a-z]+){0,2}[,.;)\n])",
    ):
        some.Add(raw)
    some.Compile()
    return some, len(known)


def kinds(octets: bytes) -> frozenset[int]:
    """Give what a text holds at all as a set, to be compared with another's."""
    return frozenset(_set()[0].Match(octets) or ())


def gate(octets: bytes) -> Gate:
    """Tell what a text holds at all."""
    _, first = _set()
    there = kinds(octets)
    at = [first + step in there for step in range(9)]
    return Gate(
        codes=frozenset(index for index in there if index < first),
        numbers=at[0],
        dates=at[1],
        phones=at[2],
        emails=at[3],
        places=at[4] or at[5] or at[8],
        labels=at[6],
        names=at[7],
    )
