"""The whole policy on a page: senders, recipients and data against what is demanded.

It asks the same table in the same way as judging does, so the page can't say anything else than what happens.
"""

from dataclasses import dataclass

from milter.policy.case import Load, demand_in_force, row_for
from milter.policy.model import EVIDENCE, KINDS, Demand, Evidence, Kind, Partner, Person
from milter.policy.policy import Policy, Row

DATA: tuple[tuple[str, Load], ...] = (
    ("nothing personal", Load("none", frozenset({"none"}))),
    ("personal", Load("personal", frozenset({"personal"}))),
    ("grave (health of a child)", Load("personal", frozenset({"personal", "high", "health", "child"}))),
    ("locked", Load("locked", frozenset({"locked"}))),
)


MARKED = Load("marking", frozenset({"none"}))


@dataclass(frozen=True, slots=True)
class Decided:
    """What is demanded of one kind of mail to one recipient, and the row that says so."""

    data: str  # in words: 'personal', 'marked SECRET'
    demand: Demand | None  # in force; None where no row speaks of the marking
    row: Row | None
    by_partner: bool = False  # the partner's own demand stands in the place of the row's

    def __str__(self) -> str:
        """Give the reason in words."""
        if self.row is None:
            return "no row speaks of this marking: it asks for nothing more"
        own = "; the partner's own route stands in its place" if self.by_partner else ""
        return f"{self.row}{own}"


def decided(sender: Person, person: Person, policy: Policy) -> tuple[Decided, ...]:
    """Say for each kind of data, and for each marking, which row decides for this recipient."""
    plain = [_decided(name, sender, person, load, "", policy) for name, load in DATA]
    marked = [
        _decided(f"marked {marking}", sender, person, MARKED, marking, policy) for marking in policy.markings
    ]
    return (*plain, *(one for one in marked if one.row is not None))


def _decided(data: str, sender: Person, person: Person, load: Load, marking: str, policy: Policy) -> Decided:
    row = row_for(sender, person, load, marking, policy)
    demand = demand_in_force(row, load, person) if row else None
    return Decided(data, demand, row, by_partner=row is not None and demand != row.demand)


def matrix(policy: Policy, evidence: Evidence = "unknown") -> str:
    """Print what is demanded of each kind of recipient, one block for each kind of sender."""
    senders = tuple(dict.fromkeys(partner.kind for partner in policy.own)) or ("council",)
    markings = tuple(m for m in policy.markings if any(m in row.marking for row in policy.rows))
    blocks = []
    for sender in senders:
        title = f"From {sender}; evidence of the way: {evidence}; in brackets the row that decides"
        blocks.append(_table(title, sender, [(*data, "") for data in DATA], evidence, policy))
        columns = [(marking, MARKED, marking) for marking in markings]
        title = f"From {sender}, on top of that where the subject is marked"
        blocks.append(_table(title, sender, columns, evidence, policy))
        blocks += _otherwise(sender, [(*data, "") for data in DATA] + columns, evidence, policy)
    return "\n\n".join((*blocks, _own_routes(policy) + _monitored(policy)))


def _table(
    title: str, sender: Kind, columns: list[tuple[str, Load, str]], evidence: Evidence, policy: Policy
) -> str:
    rows = [("to", *(name for name, _, _ in columns))]
    for kind in KINDS:
        cells = [_cell(sender, kind, load, marking, evidence, policy) for _, load, marking in columns]
        rows.append((kind, *cells))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join((title, lines[0], "-" * len(lines[0]), *lines[1:]))


def _otherwise(
    sender: Kind, columns: list[tuple[str, Load, str]], evidence: Evidence, policy: Policy
) -> list[str]:
    """Say where another evidence changes the demand, kinds that fare alike together; nothing where none does."""
    alike: dict[tuple[Evidence, str], list[Kind]] = {}
    for other in (one for one in EVIDENCE if one not in {evidence, "internal"}):
        for kind in KINDS:
            if changed := _changed(sender, kind, columns, (evidence, other), policy):
                alike.setdefault((other, changed), []).append(kind)
    lines = [f"  {other}, to {', '.join(kinds)}: {changed}" for (other, changed), kinds in alike.items()]
    return ["\n".join((f"From {sender}, where the evidence of the way is another", *lines))] if lines else []


def _changed(
    sender: Kind,
    kind: Kind,
    columns: list[tuple[str, Load, str]],
    evidence: tuple[Evidence, Evidence],
    policy: Policy,
) -> str:
    """Give the demands that differ between two evidences: 'both [15] for personal, locked'."""
    found: dict[str, list[str]] = {}
    for name, load, marking in columns:
        before, after = (_cell(sender, kind, load, marking, one, policy) for one in evidence)
        if before != after:
            found.setdefault(after, []).append(name)
    return "; ".join(f"{cell} for {', '.join(names)}" for cell, names in found.items())


def _cell(sender: Kind, kind: Kind, load: Load, marking: str, evidence: Evidence, policy: Policy) -> str:
    row = row_for(Person("", "", sender), _person(kind, evidence), load, marking, policy)
    return f"{row.demand} [{row.number or '-'}]" if row else "-"


def _person(kind: Kind, evidence: Evidence, partner: Partner | None = None) -> Person:
    return Person("", "", kind, partner, route="internal" if kind == "own" else evidence)


def _own_routes(policy: Policy) -> str:
    """Name the partners whose own demand replaces the table's."""
    sender = Person("", "", policy.own[0].kind if policy.own else "council")
    lines = []
    for partner in policy.partners:
        if partner.route:
            demands: list[Demand] = []
            for _, load in DATA[1:]:
                person = _person(partner.kind, "unknown", partner)
                row = row_for(sender, person, load, "", policy)
                demands += [demand_in_force(row, load, person)] if row else []
            lines.append(f"  {partner.name}: {', '.join(dict.fromkeys(demands))}")
    return "\n".join(("Partners with a demand of their own:", *lines, "", "")) if lines else ""


def _monitored(policy: Policy) -> str:
    """Say what is only watched, since the table above would mislead otherwise."""
    if policy.mode == "monitor":
        return "Monitor mode: nothing of this is acted upon.\n"
    codes = sorted(code for code, response in policy.responses.items() if not response.enforced)
    return f"Only recorded, not acted upon: {', '.join(codes)}\n" if codes else "Everything is enforced.\n"
