"""DECIDE: a message, its inspection, the people and the policy in; a verdict for each recipient out. Pure."""

from dataclasses import dataclass

from milter.assess.inspect import union
from milter.message.envelope import Envelope, Recipient
from milter.message.model import Message
from milter.policy.decide import decide
from milter.policy.facts import Facts, PartFacts
from milter.policy.load import Policy
from milter.policy.model import Action, People, Verdict


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is to be done with one message and why; the gateway, the add-in and the commands all get this."""

    facts: Facts
    people: People
    verdicts: tuple[Verdict, ...]  # in the envelope's order
    policy: str  # hash of the policy in force

    @property
    def action(self) -> Action:
        """The gravest action for any recipient."""
        return max((verdict.action for verdict in self.verdicts), default=Action.PASS)


def assess(message: Message, parts: tuple[PartFacts, ...], people: People, policy: Policy) -> Assessment:
    """Judge a message whose parts have been inspected. The same arguments give the same answer."""
    facts = Facts(
        subject=message.subject,
        envelope_sender=people.sender.address,
        header_from=message.header_from,
        visible_recipients=message.header_to + message.header_cc,
        reply_to=message.reply_to,
        automatic=message.automatic,
        seals=message.seals,
        dkim_domains=message.dkim_domains,
        ambiguities=message.ambiguities,
        limits=message.limits,
        calendar=any(part.declared == "text/calendar" for part in message.parts),
        parts=parts,
        examination=union([part for part in parts if not part.covered]),
        words=frozenset(f.name for f in message.fields if f.name.startswith("x-sealgate-")),
    )
    return Assessment(facts, people, decide(facts, people, policy), policy.hash)


def envelope_of(message: Message, sender: str | None, recipients: tuple[str, ...]) -> Envelope:
    """Make an envelope from the headers where none is given, for the commands and the add-in."""
    given = recipients or tuple(dict.fromkeys(message.header_to + message.header_cc))
    origin = sender if sender is not None else next(iter(message.header_from), "")
    return Envelope(origin, tuple(Recipient(address) for address in given))
