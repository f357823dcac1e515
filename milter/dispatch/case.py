"""The values that pass between the steps of dispatch."""

from dataclasses import dataclass, field
from datetime import datetime

from milter.assess.judge import Assessment
from milter.dispatch.plan import Plan
from milter.dispatch.wishes import Wishes
from milter.message.envelope import Envelope, Recipient
from milter.message.model import Message
from milter.policy.model import Verdict
from milter.relay.result import RecipientResult
from milter.relay.session import SessionFacts


@dataclass(frozen=True, slots=True)
class Case:
    """One message under way: what came, and what was made of it."""

    key: str  # names the message over retries
    id: str  # the reference that notices and the register show
    envelope: Envelope
    message: Message
    session: SessionFacts
    assessment: Assessment
    wishes: Wishes
    first_try: bool
    started: float

    def verdict(self, address: str) -> Verdict:
        """Give the verdict for one recipient."""
        return next(verdict for verdict in self.assessment.verdicts if verdict.address == address)


@dataclass(frozen=True, slots=True)
class Copy:
    """A protected copy for one recipient, ready to go: its share is in the store already."""

    recipient: Recipient
    envelope: Envelope
    raw: bytes
    share_id: str  # '' where only the subject was marked
    register_id: str = ""
    leaves_at: datetime | None = None  # None: at once
    secure: bool = False  # only over the next hop that demands verified TLS


@dataclass(frozen=True, slots=True)
class Done:
    """What was done with one message in this try."""

    plan: Plan
    results: dict[str, RecipientResult]  # of the next hop, by recipient
    copies: tuple[Copy, ...] = ()
    impossible: tuple[tuple[Recipient, Verdict], ...] = field(default=())  # could not be protected: held
    spent: float = 0.0  # seconds

    @property
    def held(self) -> tuple[tuple[Recipient, Verdict], ...]:
        """Everyone for whom the message goes into quarantine."""
        return self.plan.held + self.impossible

    @property
    def taken(self) -> tuple[str, ...]:
        """Whom the next hop answers for."""
        return tuple(address for address, result in self.results.items() if result.taken)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Whose protected copy is kept until the undo window ends; the store answers for it."""
        return tuple(copy.recipient.address for copy in self.copies if copy.leaves_at is not None)

    @property
    def bounced(self) -> tuple[RecipientResult, ...]:
        """Whom the next hop refused for good."""
        return tuple(result for result in self.results.values() if result.code >= 500)

    @property
    def deferred(self) -> tuple[RecipientResult, ...]:
        """Who has to be tried again."""
        return tuple(result for result in self.results.values() if 400 <= result.code < 500)
