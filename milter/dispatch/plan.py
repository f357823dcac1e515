"""What dispatch will do with one message, from its verdicts and from what an earlier try already did. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from milter.message.envelope import Envelope, Recipient
from milter.policy.model import Action, Reason, Verdict
from milter.policy.reasons import BY_CODE

NO_SECURE_HOP = "nothing is set up here that would enforce a verified connection (secure-next-hop)"


@dataclass(frozen=True, slots=True)
class Plan:
    """The recipients still to be dealt with, by what is to be done for them; each is in exactly one group."""

    plain: tuple[Recipient, ...]  # the very bytes that came
    secure: tuple[Recipient, ...]  # the same, but over the next hop that demands verified TLS
    protected: tuple[tuple[Recipient, Verdict], ...]
    held: tuple[tuple[Recipient, Verdict], ...]
    refused: tuple[tuple[Recipient, Verdict], ...]

    @property
    def only_relays(self) -> bool:
        """True where nothing needs to be kept, edited or explained."""
        return not (self.protected or self.held or self.refused)

    @property
    def empty(self) -> bool:
        """True where an earlier try did everything."""
        return self.only_relays and not (self.plain or self.secure)


def plan_for(
    envelope: Envelope, verdicts: Sequence[Verdict], done: Mapping[str, str], *, secure_hop: bool
) -> Plan:
    """Sort the envelope's recipients by verdict; those in `done` are accounted for already (law 1).

    Without a next hop that demands verified TLS, what must go over one is held (law 7).
    """
    groups: dict[str, list[tuple[Recipient, Verdict]]] = {
        name: [] for name in ("plain", "secure", "protected", "held", "refused")
    }
    for recipient, verdict in zip(envelope.recipients, verdicts, strict=True):
        if recipient.address not in done:
            final = verdict if secure_hop else _without_secure_hop(verdict)
            groups[_group(final)].append((recipient, final))
    return Plan(
        plain=tuple(recipient for recipient, _ in groups["plain"]),
        secure=tuple(recipient for recipient, _ in groups["secure"]),
        protected=tuple(groups["protected"]),
        held=tuple(groups["held"]),
        refused=tuple(groups["refused"]),
    )


def only_for(envelope: Envelope, recipients: Sequence[Recipient]) -> Envelope:
    """Give the envelope for some of its recipients, all parameters kept."""
    return replace(envelope, recipients=tuple(recipients))


def _without_secure_hop(verdict: Verdict) -> Verdict:
    """Hold what may go over verified TLS only, and say why."""
    if "verified-tls" not in verdict.obligations or verdict.action >= Action.HOLD:
        return verdict
    code = "route-not-verified"
    reason = Reason(code, Action.HOLD, detail=NO_SECURE_HOP, rules=BY_CODE[code].rules)
    return replace(verdict, action=Action.HOLD, reasons=(reason, *verdict.reasons))


def _group(verdict: Verdict) -> str:
    if verdict.action is Action.PASS:
        return "secure" if "verified-tls" in verdict.obligations else "plain"
    return {Action.PROTECT: "protected", Action.HOLD: "held", Action.REFUSE: "refused"}[verdict.action]
