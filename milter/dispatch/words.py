"""Reasons and outcomes in the words of notices: what a sender reads."""

from collections.abc import Iterable, Sequence

from milter.notices.model import Became, Outcome, ReasonInWords
from milter.policy.model import Action, People, Person, Reason, Verdict
from milter.policy.reasons import BY_CODE

BECAME: dict[Action, Became] = {
    Action.PASS: "delivered",
    Action.PROTECT: "protected",
    Action.HOLD: "held",
    Action.REFUSE: "refused",
}
LOCKING = frozenset({"protect-body", "protect-attachments"})


def outcomes(verdicts: Sequence[Verdict], people: People) -> tuple[Outcome, ...]:
    """Say for every recipient who that is (E2), what became of the message, and why where it did not simply go."""
    who = {person.address: _who(person) for person in people.recipients if person.name}
    return tuple(Outcome(v.address, _became(v), _why(v), who.get(v.address, "")) for v in verdicts)


def _who(person: Person) -> str:
    organisation = person.partner.name if person.partner else person.organisation
    return ", ".join(
        word for word in (person.name, person.job_title, person.department, organisation) if word
    )


def _became(verdict: Verdict) -> Became:
    """Tell a locked copy from one that has only another subject or other addresses."""
    if verdict.action is not Action.PROTECT or LOCKING & set(verdict.obligations):
        return BECAME[verdict.action]
    return "apart" if "separate-copies" in verdict.obligations else "marked"


def reasons_in_words(verdicts: Sequence[Verdict], least: Action) -> tuple[ReasonInWords, ...]:
    """Give the enforced reasons from `least` upwards, gravest first, each once with all that it applies to."""
    applying: dict[str, list[tuple[str, Reason]]] = {}
    for verdict in verdicts:
        for reason in verdict.reasons:
            if reason.enforced and reason.action >= least:
                applying.setdefault(reason.code, []).append((verdict.address, reason))
    gravest_first = sorted(applying.items(), key=lambda item: -max(r.action for _, r in item[1]))
    everyone = {verdict.address for verdict in verdicts}
    return tuple(_in_words(code, cases, everyone) for code, cases in gravest_first)


def _in_words(code: str, cases: Sequence[tuple[str, Reason]], everyone: set[str]) -> ReasonInWords:
    entry = BY_CODE[code]
    addresses = tuple(dict.fromkeys(address for address, _ in cases))
    return ReasonInWords(
        title=entry.title,
        why=entry.why,
        steps=entry.steps,
        rules=entry.rules,
        details=_once(reason.detail for _, reason in cases),
        addresses=() if set(addresses) == everyone else addresses,
    )


def _once(details: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(detail for detail in details if detail))


def _why(verdict: Verdict) -> str:
    if verdict.action is Action.PASS:
        return ""
    deciding = next((r for r in verdict.reasons if r.enforced and r.action is verdict.action), None)
    return BY_CODE[deciding.code].title if deciding else ""
