"""The life of a share as a table: where it may go from where, and what follows from going there.

Guarantees: pure values, no store, no clock. `step` never goes where the table does not lead, and never gives
a password out twice: whoever carries a step out does so in one transaction with the change of state.

    sent -> delivered -> displayed -> confirmed -> released        the good way; steps may be skipped
    ... -> refused | bounced | expired | withdrawn                 ends: nobody may have the password any more
    released -> refused                                            'not for me' after all: an incident
"""

from dataclasses import dataclass
from typing import Literal

from milter.receipts.evidence import GRADES, Grade, enough, stronger

State = Literal[
    "sent", "delivered", "displayed", "confirmed", "released", "refused", "bounced", "expired", "withdrawn"
]
Way = Literal["email", "telephone", "both", "agreed"]  # agreed: both sides know it beforehand
Event = Literal[
    "delivered",  # evidence
    "displayed",  # evidence
    "confirmed",  # evidence: the button on the page, and no less
    "told",  # by telephone
    "not-for-me",
    "bounced",
    "expired",
    "withdrawn",
]
Audience = Literal["sender", "recipient", "governance"]

TRANSITIONS: dict[State, tuple[State, ...]] = {
    "sent": ("delivered", "displayed", "confirmed", "released", "refused", "bounced", "expired", "withdrawn"),
    "delivered": ("displayed", "confirmed", "released", "refused", "bounced", "expired", "withdrawn"),
    "displayed": ("confirmed", "released", "refused", "bounced", "expired", "withdrawn"),
    "confirmed": ("released", "refused", "expired", "withdrawn"),
    "released": ("refused",),
    "refused": (),
    "bounced": (),
    "expired": (),
    "withdrawn": (),
}
ENDED: frozenset[State] = frozenset({"refused", "bounced", "expired", "withdrawn"})

# the state that an ending event leads to, and which notices go to whom
ENDS: dict[Event, tuple[State, tuple[tuple[str, Audience], ...]]] = {
    "not-for-me": ("refused", (("not-for-me", "sender"), ("incident", "governance"))),
    "bounced": ("bounced", (("undelivered", "sender"),)),
    "expired": ("expired", (("expired", "sender"),)),
    "withdrawn": ("withdrawn", (("withdrawn", "recipient"),)),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a share decides its next step."""

    state: State = "sent"
    evidence: Grade = ""  # strongest so far
    needed: Grade = "confirmed"  # that releases the password
    way: Way = "email"
    left: bool = True  # False within the undo window: the recipient has nothing yet


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an event; all of it in one transaction, or nothing."""

    to: tuple[State, ...] = ()  # states to pass through, in order; () stays where it is
    evidence: Grade = ""  # strongest after it
    notices: tuple[tuple[str, Audience], ...] = ()
    destroys_password: bool = False  # and makes the share's links and addresses worth nothing
    opens_incident: bool = False
    why_not: str = ""  # where nothing follows: why, for the person who asked


def begin(way: Way) -> Step:
    """Return what follows from sending: where the password may go by telephone, the sender gets the card."""
    return Step(notices=() if way in {"email", "agreed"} else (("telephone-card", "sender"),))


def step(standing: Standing, event: Event) -> Step:
    """Return what follows from `event` for a share that stands so."""
    if event == "told":
        return _told(standing)
    if event == "delivered" or event == "displayed" or event == "confirmed":  # noqa: PLR1714 - narrows the type
        return _evidence(standing, event)
    return _ended(standing, *ENDS[event])


def _evidence(standing: Standing, grade: Literal["delivered", "displayed", "confirmed"]) -> Step:
    """Go up to the grade if it is higher, and release if that is enough and the password may go by e-mail."""
    strongest = stronger(standing.evidence, grade)
    path: tuple[State, ...] = ()
    state: State = standing.state
    if grade in TRANSITIONS[state] and GRADES.index(grade) > GRADES.index(standing.evidence):
        state = grade  # a grade's name is its state's
        path = (state,)
    if state in ENDED or state == "released":
        return Step(evidence=strongest, why_not=f"This share is {state} already.")
    if standing.way == "telephone" or not enough(strongest, standing.needed):
        return Step(path, strongest)
    notices: tuple[tuple[str, Audience], ...] = (("password", "recipient"),)
    return Step((*path, "released"), strongest, () if standing.way == "agreed" else notices)


def _told(standing: Standing) -> Step:
    """Note that the sender told the password by telephone, to a person whom they verified (T1)."""
    if standing.way == "email":
        return Step(
            evidence=standing.evidence, why_not="This password goes by e-mail once receipt is confirmed."
        )
    if standing.way == "agreed":
        return Step(
            evidence=standing.evidence, why_not="This password was agreed beforehand; nobody need be told."
        )
    if "released" not in TRANSITIONS[standing.state]:
        return Step(evidence=standing.evidence, why_not=f"This share is {standing.state} already.")
    return Step(("released",), standing.evidence)


def _ended(standing: Standing, to: State, notices: tuple[tuple[str, Audience], ...]) -> Step:
    if to not in TRANSITIONS[standing.state]:
        return Step(evidence=standing.evidence, why_not=f"This share is {standing.state} already.")
    quiet = standing.way == "agreed" and to == "expired"  # the recipient could open it all the time
    return Step(
        (to,),
        standing.evidence,
        notices if standing.left and not quiet else (),
        destroys_password=True,
        opens_incident=to == "refused",
    )
