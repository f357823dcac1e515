"""Who a document is about: private people, people whose role is not said, professionals, children, how many."""

import re
from dataclasses import dataclass
from functools import lru_cache

from milter.detect.branches import factored
from milter.detect.evidence import Evidence
from milter.detect.lists import CHILDREN
from milter.detect.narrative import Said
from milter.detect.page import Page
from milter.detect.sieve import Sieve
from milter.detect.tables import Block, cells

_INITIALS = re.compile(
    r"(?<![A-Za-z.])(?:[A-Z]\.\s?[A-Z]\.?|[A-Z]{2}),?\s\(?(?:d\.?o\.?b|DOB|b\.|born|aged|\d{1,2}[/.]\d|Y(?:ear|r)? ?\d|in (?:Y|y)ear)"
)
_CHILD = factored(
    r"\bpupils?\b|\bhis school\b|\bher school\b|\bchild(?:'s)?\b|\bson\b|\bdaughter\b|\byear \d{1,2}\b|\breception class\b|\bnursery\b|\bbaby\b|\btoddler\b|\bboy\b|\bgirl\b|\bteenager\b|\byoung person\b|\baged? (?:\d|1[0-7])\b"
    r"|\b(?:\d|1[0-7])[ \-]years?[ \-]old\b|\bclass \d[a-z]\b|\bey[f]s\b|\bheadteacher\b|\bstudent\b|\bschool\b|\bfoster\b|\bsiblings?\b|\binfant\b|\bgcse\b|\bunborn\b"
)
_YEAR = re.compile(r"(?:19|20)(\d\d)\b|[/.\-](\d\d)$")


@dataclass(frozen=True, slots=True)
class Subjects:
    """The people of a document."""

    private: frozenset[str]
    unsaid: frozenset[str]
    professional: frozenset[str]
    initials: bool
    child: bool
    count: int  # private people, rows of tables included


def of(evidence: Evidence) -> Subjects:
    """Gather the people of a document; a mention as a professional counts against one of no said role."""
    roles: dict[str, set[int]] = {}
    for name in evidence.names():
        roles.setdefault(name.words[-1].lower() if len(name.words) > 1 else name.words[0].lower(), set()).add(
            name.role
        )
    private = {key for key, said in roles.items() if 1 in said}
    professional = {key for key, said in roles.items() if -1 in said and 1 not in said}
    unsaid = set(roles) - private - professional
    there = [_sieve().surely(one.page.octets) for one in evidence.pages]
    initials = any(
        _INITIALS.search(one.page.text)
        for one, some in zip(evidence.pages, there, strict=True)
        if _AT_INITIALS in some and len(one.page.text) < 200_000
    )
    rows = sum(
        block.last - block.first + 1
        for one in evidence.pages
        for block in one.page.blocks
        if one.page.private_block(block)
    )
    return Subjects(
        frozenset(private),
        frozenset(unsaid),
        frozenset(professional),
        initials,
        _child(evidence, there, bool(private or unsaid or initials)),
        max(len(private), rows),
    )


_AT_CHILD, _AT_INITIALS = range(2)


@lru_cache(maxsize=1)
def _sieve() -> Sieve:
    """What a page may hold; it comes in its own case, and words of children are sought in lower case."""
    return Sieve(re.compile(_CHILD.pattern, re.IGNORECASE), _INITIALS)


def _child(evidence: Evidence, there: list[frozenset[int]], someone: bool) -> bool:
    for hit in evidence.hits("upn"):
        return hit.kind == "upn"
    for one in evidence.pages:
        for hit in one.hits:
            if hit.kind == "date-of-birth" and born_lately(one.page.text[hit.start : hit.end]):
                return True
    if any(people.children for one in evidence.pages for people in one.lists):
        return True
    if any(
        set(block.roles) & {"year", "upn"} and one.page.private_block(block)
        for one in evidence.pages
        for block in one.page.blocks
    ):
        return True
    said = sum(said.score for one in evidence.pages for said in one.said if said.category == "child")
    words: set[str] = set()
    for one, some in zip(evidence.pages, there, strict=True):
        if _AT_CHILD in some:
            words |= set(_CHILD.findall(one.page.lower[:60_000]))
    return len(words) >= (1 if said >= 2 else 2 if said >= 1 else 3) and (someone or said >= 2)


def born_lately(value: str) -> bool:
    """Say whether a date of birth makes a child of its owner: 2009 or later."""
    match = _YEAR.search(value)
    if not match:
        return False
    if match.group(1):
        return match.group().startswith("20") and int(match.group(1)) >= 9
    return 9 <= int(match.group(2)) <= 30


def known(said: Said, who: Subjects) -> float:
    """How much a statement weighs by whether its subject can be told."""
    if said.subject == "named":
        return 1.0 if who.private else 0.9
    if who.private or who.initials:
        return 0.9
    if who.unsaid:
        return 0.8
    return {
        "one": 1.0,
        "kin": 0.75,
        "this": 0.7,
        "me": 0.6,
        "you": 0.6,
        "note": 0.7,
        "pronoun": 0.65,
        "initials": 0.9,
    }.get(said.subject, 0.0)


def filled(page: Page, block: Block) -> bool:
    """Say whether a table has values below its header, not blanks to be filled in: some row fills two told columns."""
    told = [at for at, role in enumerate(block.roles) if role]
    for number in range(block.first, min(block.last, block.first + 20) + 1):
        low, high = page.line(number)
        spans = cells(page.text[low:high], low, block.delimiter)
        values = [page.text[slice(*spans[at])] for at in told if at < len(spans)]
        if sum(1 for value in values if re.search(r"[A-Za-z0-9]", value) and not _BLANK.match(value)) >= min(
            2, len(told)
        ):
            return True
    return False


_BLANK = re.compile(r"(?i)^(?:n/?a|tbc|e\.?g|example|x+|y/n|dd/mm|insert|enter|\.+|_+|<|\[|\{)")


def children_titled(page: Page, block: Block, evidence: Evidence) -> bool:
    """Say whether the words around a table of names say that they are children."""
    low = page.starts[block.header]
    title = " ".join(
        (page.lower[max(0, low - 300) : low], " ".join(block.heads).lower(), page.passage.where.lower())
    )
    first = evidence.pages[0].page.lower[:200] if evidence.pages else ""
    return bool(CHILDREN.search(title) or CHILDREN.search(first))
