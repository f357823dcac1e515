"""What dispatch works with: the parts of one gateway process, made by the daemon."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from milter.assess.inspector import Children
from milter.assess.judge import Assessment
from milter.assess.known import Known
from milter.assess.seen import Seen
from milter.clock import Clock
from milter.message.envelope import Envelope
from milter.message.model import Message
from milter.policy.model import People
from milter.relay.result import RecipientResult
from milter.store.engine import Store
from milter.store.transaction import Transaction

T = TypeVar("T")
Learn = Callable[[People, Iterable[str], Message | None], Callable[[Transaction], None] | None]


class NextHop(Protocol):
    """The way on, as `milter.relay.client.NextHopClient` gives it."""

    async def send(
        self, envelope: Envelope, raw: bytes, *, as_received: bool = False
    ) -> tuple[RecipientResult, ...]:
        """Send one message; give a result for each recipient and never raise for what the next hop does."""


@dataclass(slots=True)
class Surroundings:
    """The parts of one gateway process. `known` and `children` are replaced together on a reload."""

    known: Known
    children: Children
    store: Store
    next_hop: NextHop
    secure_next_hop: NextHop | None
    clock: Clock
    wake_outbox: Callable[[], None]  # tells the outbox that there is something to send
    judged: Callable[[Assessment], None] = lambda _: None  # is shown each judgement, for the demonstration
    entry_secret: str = ""  # what mail from shared servers must carry
    find_people: "Sequence[Any]" = ()  # what adds evidence and directory facts to people, in order
    learn: Learn = lambda _people, _left, _message: None  # gives what learns from mail that left
    seen: Seen | None = None  # what was found in files before, under this policy; replaced with `children`
    way_tried: Callable[[str, bool], None] = lambda _domain, _refused: None  # how a verified connection went

    def commit(self, work: Callable[[Transaction], T]) -> "Future[T]":
        """Have one unit of work committed; the future resolves behind the commit."""
        return self.store.submit(work)
