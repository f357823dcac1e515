"""One recipient's case: the facts, the people, the policy, and which rows of the route table decide.

What a message carries is worked out once (`contents_of`), which row answers to it once for each recipient
(`case_for`); the rules only read. A part counts as personal from the policy's grade on. What lies inside a
strong lock does not travel in clear; a weak lock counts for nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from milter.detect.finding import Category, Grade
from milter.policy.domains import domain_of
from milter.policy.facts import Facts, PartFacts
from milter.policy.markings import marking_of
from milter.policy.model import Action, Demand, People, Person
from milter.policy.partners import is_personal
from milter.policy.policy import LAST_ROW, Policy, Row

GRADES = tuple(Grade)
STRONG = ("password", "encrypted")
SAFE_EVIDENCE = ("verified-tls", "internal")
REFUSING: tuple[Demand, ...] = ("hold", "refuse", "portal")
ENCRYPTING: tuple[Demand, ...] = ("encrypt", "both", "telephone")
PRIVATE = ("personal", "locked")  # loads that are personal information, or presumed to be
CATEGORIES = frozenset(get_args(Category))
MAX_ODD = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule yields; the policy makes a reason of it."""

    code: str
    part: str = ""
    detail: str = ""  # masked, fit to be shown to the sender
    action: Action | None = None  # the route table's answer; None leaves it to the policy's response


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of thing that a message carries, with the words by which rows of the route table name it."""

    name: str  # 'personal' | 'locked' | 'marking' | 'none'
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contents:
    """What of a message matters to the rules, the same for every recipient."""

    personal: tuple[PartFacts, ...]  # would carry personal information in clear
    locked: tuple[PartFacts, ...]  # strongly locked, presumed personal
    clear: tuple[PartFacts, ...]  # every content that would travel in clear
    loads: tuple[Load, ...]  # never empty
    marking: str  # the gravest protective marking in the subject; '' for none
    roots: dict[str, PartFacts]  # by path: the outermost file that a part lies in, or itself
    odd: tuple[PartFacts, ...]  # not read, or with something to note; no more than a reader would read about
    crowd: tuple[int, int]  # outside addresses in To and Cc, and of how many organisations or private people


@dataclass(frozen=True)
class Case:
    """Everything that a rule may read about one recipient."""

    facts: Facts
    person: Person
    people: People
    policy: Policy
    contents: Contents
    rows: tuple[tuple[Load, Row, Demand], ...]  # for each load the row that decides, and the demand in force

    @cached_property
    def inside(self) -> bool:
        """Whether the recipient belongs to the sender's own organisation."""
        return self.person.kind == "own"

    @cached_property
    def sensitive(self) -> bool:
        """Whether anything personal, or presumed so, goes to someone outside."""
        return not self.inside and any(load.name in PRIVATE for load, _, _ in self.rows)

    @cached_property
    def exposed(self) -> tuple[PartFacts, ...]:
        """The parts that may not travel in clear to this recipient."""
        parts: dict[str, PartFacts] = {}
        for load, _, demand in self.rows:
            if load.name == "personal" and self._forbids_clear(demand):
                parts |= {part.path: part for part in self.contents.personal}
            if load.name == "marking" and self._forbids_clear(demand) and demand not in REFUSING:
                parts |= {part.path: part for part in self.contents.clear}
        return tuple(parts.values())

    def _forbids_clear(self, demand: Demand) -> bool:
        if demand == "verified-tls":
            return self.person.route not in SAFE_EVIDENCE
        return demand != "pass"


def contents_of(facts: Facts, people: People, policy: Policy) -> Contents:
    """Work out what a message carries."""
    roots = _roots(facts.parts)
    clear = tuple(part for part in facts.parts if not part.covered and not _strong(roots[part.path]))
    personal = tuple(part for part in clear if _is_personal(part, policy))
    threshold = GRADES.index(policy.personal_grade)
    if not personal and GRADES.index(facts.examination.grade) >= threshold:
        # No part weighs enough by itself, all of them together do: each that adds to it is personal.
        personal = tuple(part for part in clear if part.examination.grade != Grade.NONE)
    locked = tuple(part for part in facts.parts if _is_locked(part) and not part.covered)
    marking = marking_of(facts.subject, policy.markings)
    return Contents(
        personal=personal,
        locked=locked,
        clear=clear,
        loads=_loads(facts, personal, locked, marking),
        marking=marking,
        roots=roots,
        odd=tuple(part for part in facts.parts if part.notes or part.status not in {"read", "locked"})[
            :MAX_ODD
        ],
        crowd=_crowd(facts, people, policy),
    )


def case_for(facts: Facts, person: Person, people: People, policy: Policy, contents: Contents) -> Case:
    """Find the row that decides for each load, and put everything together."""
    rows = []
    for load in contents.loads:
        row = row_for(people.sender, person, load, contents.marking, policy)
        if row:
            rows.append((load, row, demand_in_force(row, load, person)))
    return Case(facts, person, people, policy, contents, tuple(rows))


def row_for(sender: Person, person: Person, load: Load, marking: str, policy: Policy) -> Row | None:
    """Give the first row of the route table that matches (E1, E2, E4, E5, P2).

    A marking is looked up by itself, among the rows for markings, so that it can only add to what the data
    demands; where none of them matches, it asks for nothing. Everything else is held where no row matches.
    """
    for row in policy.rows:
        if (
            bool(row.marking) == (load.name == "marking")
            and (not row.marking or marking in row.marking)
            and (not row.senders or sender.kind in row.senders)
            and (not row.recipients or person.kind in row.recipients)
            and (not row.data or not load.words.isdisjoint(row.data))
            and (not row.evidence or person.route in row.evidence)
        ):
            return row
    return None if load.name == "marking" else LAST_ROW


def demand_in_force(row: Row, load: Load, person: Person) -> Demand:
    """Give the partner's own demand where it has one, which never softens a refusal or a marking's row.

    What the partner is not to have (`may-have`) is held; a locked document may be anything.
    """
    partner = person.partner
    if partner is None or load.name not in PRIVATE or row.demand in {"hold", "refuse"}:
        return row.demand
    if partner.may_have and (load.name == "locked" or not CATEGORIES & load.words <= set(partner.may_have)):
        return "hold"
    own: Demand | str = partner.route or row.demand
    return own  # type: ignore[return-value]  # loading lets nothing but a demand through


def _roots(parts: tuple[PartFacts, ...]) -> dict[str, PartFacts]:
    """Find the outermost file of each part; holders come before what they hold."""
    roots: dict[str, PartFacts] = {}
    for part in parts:
        roots[part.path] = roots.get(part.parent, part) if part.parent else part
    return roots


def _crowd(facts: Facts, people: People, policy: Policy) -> tuple[int, int]:
    """Count who could see whom: everyone on a personal account is someone by themselves."""
    outside: dict[str, str] = {}
    for address in facts.visible_recipients:
        domain = domain_of(address)
        partner = policy.domains.find(domain)
        if partner is None:
            outside[address.casefold()] = address.casefold() if is_personal(domain, policy) else domain
        elif partner is not people.sender.partner:
            outside[address.casefold()] = domain
    return len(outside), len(set(outside.values()))


def _strong(part: PartFacts) -> bool:
    return part.protection in STRONG


def _is_locked(part: PartFacts) -> bool:
    return _strong(part) or (part.status == "locked" and part.protection != "weak")


def _is_personal(part: PartFacts, policy: Policy) -> bool:
    """Judge by the grade; a weakly locked file that did not open is presumed personal."""
    if part.protection == "weak" and part.status == "locked":
        return True
    return GRADES.index(part.examination.grade) >= GRADES.index(policy.personal_grade)


def _loads(
    facts: Facts, personal: tuple[PartFacts, ...], locked: tuple[PartFacts, ...], marking: str
) -> tuple[Load, ...]:
    loads = []
    words: set[str] = set()
    if personal:
        categories = {c for part in personal for c in part.examination.categories}
        grave = {"high"} if facts.examination.grade == Grade.HIGH else set()
        loads.append(Load("personal", frozenset({"personal"} | categories | grave)))
    if locked:
        categories = {c for part in locked for c in part.examination.categories}
        loads.append(Load("locked", frozenset({"locked"} | categories)))
    for load in loads:
        words |= load.words
    if not loads:
        loads.append(Load("none", frozenset({"none"})))
    if marking:
        loads.append(Load("marking", frozenset(words or {"none"})))
    return tuple(loads)
