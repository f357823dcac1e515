"""What a policy says, as values: responses to reasons, the route table, partners, lists, sharing.

A policy is frozen and has a hash over its effective content, so that a register row can name the policy in
force.
Loading is in `load.py`; the shipped files are the reference of every setting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from milter.detect.finding import Category, Grade
from milter.policy.domains import DomainIndex
from milter.policy.model import Action, Demand, Evidence, Kind, Partner
from milter.policy.reasons import BY_CODE, CATALOGUE

Mode = Literal["enforce", "monitor"]
DataWord = Literal["none", "personal", "high", "locked"] | Category


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the route table. An empty condition matches anything; the first row that matches decides."""

    demand: Demand
    senders: tuple[Kind, ...] = ()
    recipients: tuple[Kind, ...] = ()
    data: tuple[DataWord, ...] = ()  # matches where the message carries any of these
    marking: tuple[str, ...] = ()  # matches where the subject carries any of these
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""  # code of the catalogue that is given where the row's demand is not met
    rules: tuple[str, ...] = ()  # ids of the guide
    number: int = 0  # place in the table, from 1

    def __str__(self) -> str:
        """Say which row this is, in words fit for a notice: 'route row 3 (E1): ...'."""
        rules = f" ({', '.join(self.rules)})" if self.rules else ""
        conditions = [
            " or ".join(words) if words else anything
            for words, anything in ((self.senders, "any sender"), (self.recipients, "any recipient"))
        ]
        what = [*self.data, *self.marking] or ["any mail"]
        return (
            f"route row {self.number}{rules}: {' to '.join(conditions)}, {' or '.join(what)}: {self.demand}"
        )


@dataclass(frozen=True, slots=True)
class Response:
    """What the policy answers to one reason."""

    action: Action
    enforced: bool = True  # False: recorded and reported, not acted upon
    by_kind: tuple[tuple[Kind, Action], ...] = ()  # by the recipient's kind, instead of `action`

    def action_for(self, kind: Kind) -> Action:
        """Give the action for a recipient of this kind."""
        return dict(self.by_kind).get(kind, self.action)


@dataclass(frozen=True, slots=True)
class Sharing:
    """How a protected document's password reaches its recipient (E6, E8), and what goes with it (P5)."""

    release_on: Literal["delivered", "displayed", "confirmed"] = "confirmed"  # weakest evidence that releases
    release_by: Literal["email", "telephone", "both"] = "email"
    telephone_categories: tuple[Category, ...] = ()  # their passwords go by telephone only
    expires_days: int = 14
    remind_days: tuple[int, ...] = (3, 7)  # after sending
    reissues: int = 3
    undo_minutes: int = 0  # protected mail waits so long before it leaves
    tell_sender: bool = True  # the sender hears that documents were locked, and how to take them back
    purpose: str = "The sender has shared this with you for the work that you do together."
    consent: str = (
        "Use it for that purpose only. Do not pass it on unless the sender agrees or the law requires it."
        " Delete it when you no longer need it."
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """What becomes of held messages. Nothing releases itself: expiry refuses (pitfall 34)."""

    expires_days: int = 14
    four_eyes: bool = False  # two reviewers release
    tell_sender: bool = True


@dataclass(frozen=True)
class Policy:
    """Everything that judging goes by. Two policies of the same effective content have the same hash."""

    mode: Mode = "enforce"  # 'monitor': everything is recorded, nothing acted upon
    all_or_nothing: bool = False  # one recipient held or refused stops the message for all
    refuse_in_session: bool = False  # a 5xx reply instead of a notice where all recipients are refused
    personal_grade: Grade = Grade.MEDIUM  # from here on a content counts as personal information
    subject_mark: str = "Private and Confidential"
    subject_synonyms: tuple[str, ...] = ()  # accepted in its place
    markings: tuple[str, ...] = ()  # protective markings, the least first (P2)
    many_recipients: int = 10  # outside addresses in To and Cc, beyond which it is too many
    edit_own_dkim: bool = False  # edit mail that bears the organisation's own DKIM signature (pitfall 14)
    sharing: Sharing = field(default_factory=Sharing)
    holding: Holding = field(default_factory=Holding)
    responses: Mapping[str, Response] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    partners: tuple[Partner, ...] = ()  # own organisations among them
    personal_domains: frozenset[str] = frozenset()
    hash: str = ""

    @cached_property
    def own(self) -> tuple[Partner, ...]:
        """The organisations that this gateway serves."""
        return tuple(partner for partner in self.partners if partner.own)

    @cached_property
    def domains(self) -> DomainIndex:
        """The partners by domain."""
        return DomainIndex(self.partners)

    def response(self, code: str) -> Response:
        """Give what this policy answers to a reason; the catalogue's default where it says nothing."""
        return self.responses.get(code) or DEFAULTS[code]


DEFAULTS: Mapping[str, Response] = {entry.code: Response(entry.default) for entry in CATALOGUE}

# The row that decides where no other does: closed when unsure (law 7).
LAST_ROW = Row("hold", reason="route-held", rules=BY_CODE["route-held"].rules)
