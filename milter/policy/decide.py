"""DECIDE: the facts and the people in, a verdict for each recipient out. Pure; the same in every caller.

All rules run. The policy gives each reason its action; the gravest enforced one wins, for each recipient.
Mail that no person wrote is never bounced: what would be refused is held (pitfall 16).
"""

from dataclasses import replace

from milter.detect.finding import Grade
from milter.policy.case import Case, Contents, Found, case_for, contents_of
from milter.policy.facts import Facts
from milter.policy.model import Action, People, Person, Reason, Verdict
from milter.policy.policy import Policy, Row
from milter.policy.reasons import BY_CODE, ORDER
from milter.policy.rules import RULES

# What a reason obliges to when it is enforced and asks for more than to be recorded.
OBLIGATIONS: dict[str, tuple[str, ...]] = {
    "subject-not-marked": ("mark-subject",),
    "body-personal-data": ("protect-body",),
    "attachment-not-encrypted": ("protect-attachments",),
    "attachment-weakly-encrypted": ("protect-attachments",),
    "attachment-not-read-only": ("protect-attachments",),
    "protection-requested": ("mark-subject", "protect-body", "protect-attachments"),
    "telephone-only": ("password-by-telephone",),
    "many-outside-recipients": ("separate-copies",),
    "portal-only": ("portal",),
}
PROTECTING = frozenset({"protect-body", "protect-attachments"})
ORDER_OF_OBLIGATIONS = (
    "mark-subject",
    "protect-body",
    "protect-attachments",
    "receipt",
    "password-apart",
    "password-by-telephone",
    "portal",
    "verified-tls",
    "separate-copies",
    "record",
)


def decide(facts: Facts, people: People, policy: Policy) -> tuple[Verdict, ...]:
    """Judge a message for each recipient, in the envelope's order."""
    contents = contents_of(facts, people, policy)
    known: dict[Person, Verdict] = {}
    verdicts = []
    for person in people.recipients:
        # What is known of two people being equal, so is what becomes of them: a thousand cost little more.
        alike = replace(person, address="", name="", job_title="", department="", telephone="")
        if alike not in known:
            known[alike] = _verdict(case_for(facts, person, people, policy, contents), contents)
        verdicts.append(replace(known[alike], address=person.address))
    return _all_or_nothing(tuple(verdicts), policy) if policy.all_or_nothing else tuple(verdicts)


def deciding_rows(facts: Facts, people: People, policy: Policy) -> tuple[tuple[Row, ...], ...]:
    """Give the rows of the route table that decide for each recipient, one for each thing it carries."""
    contents = contents_of(facts, people, policy)
    cases = (case_for(facts, person, people, policy, contents) for person in people.recipients)
    return tuple(tuple(row for _, row, _ in case.rows) for case in cases)


def _verdict(case: Case, contents: Contents) -> Verdict:
    found: dict[tuple[str, str], Reason] = {}
    for rule in RULES:
        for item in rule(case):
            reason = _reason(item, case)
            known = found.get((item.code, item.part))
            if known is None or reason.action > known.action:
                found[item.code, item.part] = reason
    reasons = tuple(sorted(found.values(), key=_gravest_first))
    return Verdict(case.person.address, _gravest(reasons), reasons, _obligations(reasons, case, contents))


def _reason(item: Found, case: Case) -> Reason:
    policy, response = case.policy, case.policy.response(item.code)
    action = item.action if item.action is not None else response.action_for(case.person.kind)
    if action == Action.REFUSE and (case.facts.automatic or not case.people.sender.address):
        action = Action.HOLD
    enforced = response.enforced and policy.mode == "enforce"
    return Reason(item.code, action, enforced, item.part, item.detail, BY_CODE[item.code].rules)


def _gravest(reasons: tuple[Reason, ...]) -> Action:
    return max((reason.action for reason in reasons if reason.enforced), default=Action.PASS)


def _gravest_first(reason: Reason) -> tuple[int, int, int, int, str]:
    gravity = BY_CODE[reason.code].gravity
    return (-reason.action, -reason.enforced, -gravity, ORDER[reason.code], reason.part)


def _obligations(reasons: tuple[Reason, ...], case: Case, contents: Contents) -> tuple[str, ...]:
    """Give what enforced reasons oblige to, on held messages too: a reviewer may release them."""
    owed: set[str] = set()
    for reason in reasons:
        if reason.enforced and reason.action > Action.PASS:
            owed.update(OBLIGATIONS.get(reason.code, ()))
        if reason.enforced and reason.code == "secure-connection":
            owed.add("verified-tls")
    if owed & PROTECTING:
        owed |= {"receipt", "password-apart"}
    carries = contents.personal or contents.locked or case.facts.examination.grade != Grade.NONE
    if carries and not case.inside:
        owed.add("record")
    return tuple(obligation for obligation in ORDER_OF_OBLIGATIONS if obligation in owed)


def _all_or_nothing(verdicts: tuple[Verdict, ...], policy: Policy) -> tuple[Verdict, ...]:
    """Stop a message for everyone that is stopped for one (pitfall 18)."""
    gravest = max((verdict.action for verdict in verdicts), default=Action.PASS)
    if gravest < Action.HOLD:
        return verdicts
    enforced = policy.response("all-or-nothing").enforced
    reason = Reason("all-or-nothing", gravest, enforced, rules=BY_CODE["all-or-nothing"].rules)
    return tuple(
        replace(verdict, action=gravest if enforced else verdict.action, reasons=(reason, *verdict.reasons))
        if verdict.action < gravest
        else verdict
        for verdict in verdicts
    )
