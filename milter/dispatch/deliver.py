"""The way of one message through the gateway, from the last octet of DATA to the reply.

Guarantees (law 1): 250 only when every recipient was taken by the next hop, is held in the store, or has its
refusal committed; anything else is 451, and the upstream server's next try repeats nothing. What can't be
recorded is not relayed a second time: after a failed commit, a claim is written before anything leaves.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TypeVar

from milter import log, metrics
from milter.dispatch import answer, recording
from milter.dispatch.case import Case, Copy, Done
from milter.dispatch.judging import judge
from milter.dispatch.plan import Plan, only_for, plan_for
from milter.dispatch.protecting import protect_for
from milter.dispatch.receiving import apart, receive
from milter.dispatch.surroundings import Surroundings
from milter.dispatch.wishes import wishes_of
from milter.errors import StoreError
from milter.message import trace
from milter.message.envelope import Envelope
from milter.message.parse import parse
from milter.policy.model import Action, Verdict
from milter.relay.reply import Reply
from milter.relay.result import RecipientResult
from milter.relay.session import SessionFacts
from milter.store import ids, owners, progress
from milter.store.transaction import Transaction

_LEASE_SECONDS = 900  # after which a claim is over by itself

_log = log.logger("dispatch")


T = TypeVar("T")

# What a next hop says that had no verified connection to pass a message on by: RFC 3463 and RFC 7504 codes, and
# those of Exchange Online (no STARTTLS, bad certificate, DANE). 4.7.5 is not among them: it is also said where our
# own connection to the next hop fails.
NO_VERIFIED_TLS = frozenset(
    f"{digit}.7.{detail}" for digit in (4, 5) for detail in (4, 10, 321, 322, 323, 324)
)


def reason_given(verdict: Verdict, code: str) -> bool:
    """Whether an enforced reason of this code stands in a verdict."""
    return any(reason.code == code and reason.enforced for reason in verdict.reasons)


class Dispatch:
    """Deals with messages for one gateway process."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._with = surroundings
        self._trace_key = bytes.fromhex(surroundings.store.vault.digest("trace"))
        self._owed: set[asyncio.Task[None]] = set()  # claims to be let go of when the store is back
        self._careful = False  # the last commit failed: see that the store can be written before relaying

    async def deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        """Deal with one message and give the reply to its DATA."""
        try:
            return await self._deliver(envelope, raw, session)
        except StoreError as error:
            self._careful = True
            _log.error("store-unavailable", queue_id=envelope.queue_id, cause=str(error))
            return answer.STORE_DOWN

    async def _deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        started = perf_counter()
        key = progress.message_key(self._with.store.vault, envelope.sender, raw)
        done, earlier = await self._done_before(key)
        receipts, others = apart(envelope, self._with.known.settings.receipts.domain)
        if receipts is not None:
            taken = await receive(receipts, raw, key, self._with)
            if others is None:
                return taken
            envelope = others
        if all(recipient.address in done for recipient in envelope.recipients):
            return answer.taken(earlier)
        known = self._with.known
        message = parse(raw, known.caps)
        if session.shared and not trace.proves(message, self._with.entry_secret):
            return answer.NOT_OURS
        if trace.loops(message, self._trace_key, known.settings.smtp.hops):
            return answer.LOOP
        assessment = await judge(envelope, message, self._with)
        self._with.judged(assessment)
        case = Case(
            key=key,
            id=earlier or ids.reference(),
            envelope=envelope,
            message=message,
            session=session,
            assessment=assessment,
            wishes=wishes_of(message),
            first_try=not earlier,
            started=started,
        )
        if self._refused_in_session(case):
            return await self._refuse_in_session(case)
        plan = self._plan(case, done)
        if plan.only_relays and not self._careful:
            return await self._act(case, plan)
        return await self._act_claimed(case)

    async def _done_before(self, key: str) -> tuple[Mapping[str, str], str]:
        """Look up what an earlier try of the same message did, and under which reference."""

        def look() -> tuple[Mapping[str, str], str]:
            with self._with.store.read() as tx:
                return progress.outcomes(tx, key)

        return await asyncio.to_thread(look)

    def _refused_in_session(self, case: Case) -> bool:
        """Whether the reply itself refuses: as the policy asks, and always to senders who may be forged (E1)."""
        verdicts = case.assessment.verdicts
        forged = all(reason_given(verdict, "sender-not-approved") for verdict in verdicts)
        asked = self._with.known.policy.refuse_in_session or forged
        return asked and all(verdict.action is Action.REFUSE for verdict in verdicts)

    async def _refuse_in_session(self, case: Case) -> Reply:
        """Refuse by reply: the client's own server tells the sender. Nothing was taken, nothing is owed."""
        policy = self._with.known.policy
        await self._commit(lambda tx: recording.record_refused_in_session(tx, case, policy))
        return answer.refused(case.assessment, case.id)

    def _plan(self, case: Case, done: Mapping[str, str]) -> Plan:
        secure_hop = self._with.secure_next_hop is not None
        return plan_for(case.envelope, case.assessment.verdicts, done, secure_hop=secure_hop)

    async def _act_claimed(self, case: Case) -> Reply:
        """Act with the message claimed, so that no other node or connection acts on it at the same time."""
        owner = owners.new_owner()
        claim = await self._commit(lambda tx: progress.claim(tx, case.key, owner))
        if claim is None:
            return answer.BUSY
        self._careful = False
        try:
            return await self._act(case, self._plan(case, claim.done))
        finally:
            await self._let_go(case.key, owner)

    async def _let_go(self, key: str, owner: str) -> None:
        """End a claim; where the store is away just now, when it is back, so that the next try waits for no lease."""
        try:
            await self._commit(lambda tx: progress.let_go(tx, key, owner))
        except StoreError:
            task = asyncio.get_running_loop().create_task(self._let_go_later(key, owner))
            self._owed.add(task)
            task.add_done_callback(self._owed.discard)
            raise

    async def _let_go_later(self, key: str, owner: str) -> None:
        for _ in range(_LEASE_SECONDS):
            await asyncio.sleep(1.0)
            try:
                await self._commit(lambda tx: progress.let_go(tx, key, owner))
            except StoreError:
                continue
            return

    async def _act(self, case: Case, plan: Plan) -> Reply:
        """Relay what may go, then record all that was done in one transaction, then answer."""
        if plan.empty:
            return answer.taken(case.id)
        trail = self._trace_of(case)
        copies, impossible = await protect_for(case, plan.protected, trail, self._with)
        results = await self._relay(case, plan, trail) | await self._relay_copies(copies)
        done = Done(plan, results, copies, impossible, spent=perf_counter() - case.started)
        self._learn(case, done)
        if answer.nothing_done(done):
            await self._take_back(copies)
            return answer.of_next_hop(done)
        owes_mail = await self._commit(recording.work_for(case, done, self._with))
        if owes_mail:
            self._with.wake_outbox()
        self._log(case, done)
        return answer.for_done(case, done)

    async def _relay(self, case: Case, plan: Plan, trail: trace.Trace) -> dict[str, RecipientResult]:
        """Hand the bytes that came, plus trace fields, to the next hop for those who may have them so."""
        results: dict[str, RecipientResult] = {}
        for recipients, hop in (
            (plan.plain, self._with.next_hop),
            (plan.secure, self._with.secure_next_hop),
        ):
            if recipients and hop is not None:
                raw = trace.traced(case.message, trail)
                sent = await hop.send(only_for(case.envelope, recipients), raw, as_received=True)
                results |= {result.address: result for result in sent}
        return results

    async def _relay_copies(self, copies: tuple[Copy, ...]) -> dict[str, RecipientResult]:
        """Hand on the protected copies that need not wait for the end of the undo window."""
        results: dict[str, RecipientResult] = {}
        for copy in copies:
            hop = self._with.secure_next_hop if copy.secure else self._with.next_hop
            if copy.leaves_at is None and hop is not None:
                sent = await hop.send(copy.envelope, copy.raw)
                results |= {result.address: result for result in sent}
        return results

    def _learn(self, case: Case, done: Done) -> None:
        """Tell where the next hop that enforces could, or could not, deliver over verified TLS."""
        secure = {recipient.address for recipient in done.plan.secure}
        secure |= {copy.recipient.address for copy in done.copies if copy.secure}
        for person in case.assessment.people.recipients:
            result = done.results.get(person.address) if person.address in secure else None
            if result is not None:
                self._with.way_tried(person.domain, result.enhanced in NO_VERIFIED_TLS)

    def _trace_of(self, case: Case) -> trace.Trace:
        session = case.session
        return trace.Trace(
            id=case.id,
            key=self._trace_key,
            helo=session.helo,
            peer=session.peer,
            hostname=session.hostname,
            protocol=session.protocol,
            at=self._with.clock(),
            recipient=case.envelope.recipients[0].address if len(case.envelope.recipients) == 1 else "",
        )

    async def _take_back(self, copies: tuple[Copy, ...]) -> None:
        """End the shares of copies that did not leave; the next try makes new ones."""
        if begun := [copy for copy in copies if copy.share_id]:
            await self._commit(lambda tx: recording.take_back(tx, begun))

    async def _commit(self, work: Callable[[Transaction], T]) -> T:
        return await asyncio.wrap_future(self._with.commit(work))

    def _log(self, case: Case, done: Done) -> None:
        facts = case.assessment.facts
        for verdict in case.assessment.verdicts:
            metrics.add("sealgate_recipients_total", verdict.action.name.lower())
        unread = sum(part.status in {"unreadable", "limit"} for part in facts.parts)
        metrics.add("sealgate_unreadable_total", by=unread)
        _log.info(
            "message",
            id=case.id,
            queue_id=case.envelope.queue_id,
            action=case.assessment.action.name,
            grade=facts.examination.grade.value,
            recipients=len(case.envelope.recipients),
            size=len(case.message.raw),
            ms=round(1000 * done.spent),
            reasons=sorted({r.code for v in case.assessment.verdicts for r in v.reasons}),
        )
