"""What a message on the receipts domain proves (pitfalls 2 to 4): a table from its kind to its grade.

Guarantees: only what a person did counts as a person; out-of-office answers, bounces, lists and reports of
deletion prove no reading. What kind a message is of, `milter.message.report` judges by structure (RFC 3464,
8098, 3834), never by subject words.
"""

from dataclasses import dataclass
from typing import Literal

Grade = Literal["", "delivered", "displayed", "confirmed"]
GRADES: tuple[Grade, ...] = ("", "delivered", "displayed", "confirmed")  # weak to strong


@dataclass(frozen=True, slots=True)
class Heard:
    """What one incoming message amounts to."""

    event: str  # stable name for the share's history
    evidence: Grade = ""
    bounced: bool = False
    for_sender: bool = False  # a person wrote: the sender is to read it; nothing else is passed on


HEARD: tuple[tuple[str, Heard], ...] = (
    # A mail server put it into a mailbox (RFC 3464 action 'delivered'; 'relayed' and 'expanded' are less).
    ("dsn-delivered", Heard("delivered", "delivered")),
    ("dsn-failed", Heard("bounced", bounced=True)),
    ("dsn-other", Heard("delivery-reported")),
    # A mail program showed it, perhaps before anyone looked (RFC 8098 disposition 'displayed').
    ("mdn-displayed", Heard("displayed", "displayed")),
    ("mdn-deleted", Heard("deleted-unread")),
    ("mdn-other", Heard("disposition-reported")),
    ("automatic", Heard("automatic-reply")),
    ("list", Heard("list-mail")),
    # A person who has the message wrote back; whether it is the right person, the words may even deny.
    ("human", Heard("reply", "displayed", for_sender=True)),
)


def heard(kind: str) -> Heard:
    """Return what a message of this kind (`Incoming.kind`) amounts to; an unknown one proves nothing."""
    return dict(HEARD).get(kind, Heard("not-understood"))


def stronger(one: Grade, other: Grade) -> Grade:
    """Return the stronger of two grades."""
    return max(one, other, key=GRADES.index)


def enough(evidence: Grade, needed: Grade) -> bool:
    """Tell whether evidence reaches the need; needing nothing is never met, so that a slip can't release."""
    return needed != "" and GRADES.index(evidence) >= GRADES.index(needed)
