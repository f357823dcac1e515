"""Rules on who sends: work accounts only, and no way around them (E1)."""

from collections.abc import Iterator

from milter.policy.case import Case, Found
from milter.policy.domains import domain_of
from milter.policy.model import Action
from milter.policy.partners import kind_of


def sender_not_approved(case: Case) -> Iterator[Found]:
    """E1: mail comes from a domain of an own organisation; the null sender is none and is let by."""
    sender = case.people.sender
    if sender.address and not (sender.partner and sender.partner.own):
        yield Found("sender-not-approved", detail=f"the domain {sender.domain or '(none)'} is not an own one")


def header_from_differs(case: Case) -> Iterator[Found]:
    """E1: a sender shown that is outside is forwarding past the rules; recorded only on clean mail."""
    if case.inside:
        return
    for address in case.facts.header_from:
        domain = domain_of(address)
        partner = case.policy.domains.find(domain)
        if not (partner and partner.own):
            shown = f"the message shows a sender at {domain or '(none)'}"
            yield Found("header-from-differs", detail=shown, action=None if case.sensitive else Action.PASS)


def reply_to_personal(case: Case) -> Iterator[Found]:
    """E1: answers, with what they quote, come back to work accounts; recorded only on clean mail."""
    if case.inside:
        return
    for address in case.facts.reply_to:
        domain = domain_of(address)
        if kind_of(domain, case.policy) == "personal":
            where = f"replies go to an account at {domain}"
            yield Found("reply-to-personal", detail=where, action=None if case.sensitive else Action.PASS)


def forwarding_home(case: Case) -> Iterator[Found]:
    """E1: a personal account of the sender's own name."""
    if "forwarding-home" in case.person.facts:
        yield Found("forwarding-home", detail=f"an account of the sender's name at {case.person.domain}")


RULES = (sender_not_approved, header_from_differs, reply_to_personal, forwarding_home)
