"""Whether evidence of the way can change anything for a recipient, so that DNS is not asked for nothing. Pure."""

from typing import get_args

from milter.policy.case import Load, demand_in_force, row_for
from milter.policy.model import EVIDENCE, Partner, Person
from milter.policy.policy import DataWord, Policy

CONNECTED = ("verified-tls", "both")  # demands that look at the evidence themselves
WORDS = tuple(word for part in get_args(DataWord) for word in (get_args(part) or (part,)))


def matters(sender: Person, person: Person, policy: Policy) -> bool:
    """Whether the route table, or the partner's own demand, depends on the evidence for this recipient.

    It depends on the two kinds and on the partner's own route, and on nothing else of them.
    """
    partner = Partner("", person.kind, route=person.partner.route if person.partner else "")
    loads = _loads(policy)
    if all(_is_refused(sender, partner, load, policy) for load, marking in loads if not marking):
        return False  # whatever a marking adds
    return any(_depends(sender, partner, load, marking, policy) for load, marking in loads)


def _is_refused(sender: Person, partner: Partner, load: Load, policy: Policy) -> bool:
    rows = {row_for(sender, Person("", "", partner.kind, partner, e), load, "", policy) for e in EVIDENCE}
    return all(row is not None and row.demand == "refuse" for row in rows)


def _depends(sender: Person, partner: Partner, load: Load, marking: str, policy: Policy) -> bool:
    rows = set()
    for evidence in EVIDENCE:
        person = Person("", "", partner.kind, partner, evidence)
        row = row_for(sender, person, load, marking, policy)
        if row is not None and demand_in_force(row, load, person) in CONNECTED:
            return True
        rows.add(row)
    return len(rows) > 1


def _loads(policy: Policy) -> list[tuple[Load, str]]:
    """Give everything that the table can be asked for: each kind of data, and each marking with each."""
    plain = [(Load(_name(word), _words(word)), "") for word in WORDS]
    marked = [(Load("marking", _words(word)), marking) for marking in policy.markings for word in WORDS]
    return plain + marked


def _name(word: str) -> str:
    return word if word in {"none", "locked"} else "personal"


def _words(word: str) -> frozenset[str]:
    return frozenset({word} if word in {"none", "locked"} else {"personal", word})
