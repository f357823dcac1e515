"""From what was seen before to facts about one recipient, in words. Pure.

Who never gives a false alarm is asked first: whom the sender wrote to before, whom the directory knows, who is in the
thread that is answered. The numbers count days on which mail went, not messages, so that one busy day is no habit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from milter.policy.model import Person

FREQUENT = 5  # days on which somebody was written to, from which it is a habit
ESTABLISHED = 3  # days on which the organisation wrote to an address, from which the address is no surprise
FREQUENT_DOMAIN = 10
SEVERAL = 3  # places at which one name was written to: then a further one is no surprise
LEARNING_DAYS = 14  # before that nearly every address is a new one
STRANGERS = ("personal", "unknown")


@dataclass(frozen=True, slots=True)
class Seen:
    """How often, in days, what belongs to one recipient was seen before."""

    by_sender: int = 0  # this sender wrote to this address
    by_all: int = 0  # anyone of the organisation did
    domain: int = 0  # anyone wrote to its domain
    name: int = 0  # this sender wrote to this name, wherever
    name_here: int = 0  # at this organisation
    places: int = 0  # different organisations at which this sender wrote to this name
    figures: int = 0  # this sender wrote to the same letters with other figures ('john.smith1')
    colleague: int = 0  # a colleague of this name sent mail
    slip: int | None = None  # place of a slip in the local part, against one that is often written to
    domain_slip: int | None = None
    learning_days: int = 0  # since the organisation's first mail


@dataclass(frozen=True, slots=True)
class Told:
    """The facts, with what is to be said of them."""

    facts: frozenset[str] = frozenset()
    remarks: tuple[tuple[str, str], ...] = field(default=())


def facts_of(person: Person, seen: Seen, *, known: bool, threaded: bool, own_name: bool) -> Told:
    """Give the facts about an outside recipient.

    `known`: the directory has this very address. `threaded`: the message answers one in which the address stands.
    `own_name`: the name beside the address is the sender's own.
    """
    if seen.by_sender:
        return Told()
    first = not seen.by_all
    stranger = person.kind in STRANGERS
    vouched = known or (threaded and not stranger)
    remarks: dict[str, str] = {}
    if first and seen.learning_days >= LEARNING_DAYS:
        remarks["first-mail"] = ""
    if first and not vouched and seen.slip is not None:
        remarks["near-miss"] = _slip(seen.slip, "the part before the @", "an address")
    elif person.kind == "unknown" and not seen.domain and seen.domain_slip is not None:
        remarks["near-miss"] = _slip(seen.domain_slip, "the domain", "a domain")
    elif not vouched and seen.by_all < ESTABLISHED and _unusual(seen):
        remarks["unusual-address"] = _days(seen)
    if stranger and first and not own_name and not known and seen.colleague >= 2:
        remarks["internal-name-outside"] = "a colleague of this name sends mail from an address of your own"
    return Told(frozenset(remarks), tuple((fact, words) for fact, words in remarks.items() if words))


def _unusual(seen: Seen) -> bool:
    """Whether the name is an old acquaintance and the address is unlike all of theirs."""
    elsewhere = seen.name >= FREQUENT and not seen.name_here and seen.places < SEVERAL
    return elsewhere or (seen.figures >= FREQUENT and not seen.by_all)


def _slip(place: int, where: str, what: str) -> str:
    return (
        f"{where} departs by one character, near the {_nth(place + 1)}, from {what} that is often written to"
    )


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _days(seen: Seen) -> str:
    if seen.name >= FREQUENT and not seen.name_here:
        return f"you wrote to this name on {seen.name} days, never at this organisation"
    return f"you wrote on {seen.figures} days to one of this name with other figures, never to this one"


def merged(person: Person, told: Told) -> Mapping[str, object]:
    """Give the fields of a person that change with what was told."""
    return {"facts": person.facts | told.facts, "remarks": (*person.remarks, *told.remarks)}
