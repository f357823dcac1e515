"""The words of judging: people and partners, reasons and actions, and the verdict for each recipient.

Values only: what a policy says is in `policy.py`, what becomes of a message in `decide.py`.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, get_args

from milter.detect.finding import Category


class Action(IntEnum):
    """What becomes of a message for one recipient; the gravest wins."""

    PASS = 0
    PROTECT = 1
    HOLD = 2
    REFUSE = 3


Kind = Literal[
    "own",
    "council",
    "school",
    "nhs",
    "police",
    "justice",
    "government",
    "charity",
    "contractor",
    "care-provider",
    "personal",
    "retired",
    "unknown",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# How mail reaches a domain, from the least safe to the safest; 'unknown' is a failed or missing look-up.
Evidence = Literal["unknown", "none", "opportunistic", "verified-tls", "internal"]
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)

# What the route table asks of a message that carries what the row speaks of.
Demand = Literal["pass", "verified-tls", "encrypt", "both", "telephone", "portal", "hold", "refuse"]
DEMANDS: tuple[Demand, ...] = get_args(Demand)


@dataclass(frozen=True, slots=True)
class Directorate:
    """A part of an own organisation, whose messages and records may be for some people only. '*' is any text."""

    name: str
    departments: tuple[str, ...] = ()  # as the directory has them, besides the name itself
    senders: tuple[str, ...] = ()  # addresses; they go before what the directory says


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation that is known, with its domains (E1, E4)."""

    name: str
    kind: Kind
    domains: tuple[
        str, ...
    ] = ()  # 'wokingham.gov.uk' with its sub-domains not, '*.wokingham.sch.uk' only those
    own: bool = False  # one of the organisations that this gateway serves
    telephone: str = ""  # the published number (P4, T1)
    contact: str = ""
    route: str = ""  # a demand that replaces the route table's for this partner; '' leaves it to the table
    may_have: tuple[
        Category, ...
    ] = ()  # categories that may be sent to it; none given: what the table allows
    password: str = ""  # name of a pre-agreed password in the store; '' for none
    note: str = ""
    successor: str = ""  # for a retired domain: what to use instead; its '*' is what the wildcard stood for
    names: tuple[str, ...] = ()  # other names of an own organisation: what is its own is no finding (N1)
    addresses: tuple[str, ...] = ()  # its postal addresses
    postcodes: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()
    directorates: tuple[Directorate, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A sender or an envelope recipient with what is known of them before judging."""

    address: str
    domain: str  # lower case, A-labels
    kind: Kind
    partner: Partner | None = None
    route: str = "unknown"  # evidence of the way: 'none' 'opportunistic' 'verified-tls' 'internal' 'unknown'
    name: str = ""  # from the directory (E2)
    job_title: str = ""
    department: str = ""
    telephone: str = ""
    organisation: str = ""  # the directory's word; the partner's name goes before it
    facts: frozenset[str] = field(default_factory=frozenset)  # 'look-alike' 'first-mail' 'near-miss' ...
    successor: str = ""  # the domain to use instead of a retired one or a look-alike
    remarks: tuple[tuple[str, str], ...] = ()  # what is to be said of a fact, in words fit for the sender


@dataclass(frozen=True, slots=True)
class People:
    """The sender and every envelope recipient, in the envelope's order."""

    sender: Person
    recipients: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One named reason that a rule gave for one recipient."""

    code: str  # from the catalogue in reasons.py
    action: Action  # what the policy answers to it here
    enforced: bool = True  # False: monitor mode, recorded and reported but not acted upon
    part: str = ""  # path of the part that it speaks of; '' for the message
    detail: str = ""  # in words, masked, fit to be shown to the sender
    rules: tuple[str, ...] = ()  # ids of the guide


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done for one recipient."""

    address: str
    action: Action  # gravest of the enforced reasons
    reasons: tuple[Reason, ...] = ()  # gravest first, all of them, monitored ones too
    obligations: tuple[str, ...] = ()  # 'mark-subject' 'protect-attachments' 'protect-body' 'receipt'
    #   'password-apart' 'password-by-telephone' 'portal' 'verified-tls' 'separate-copies' 'record'
