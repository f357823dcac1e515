"""Who the sender and the recipients are, as far as the policy knows (E1, E2, E4). Pure: no look-ups.

Evidence of the route and what a directory knows are put in afterwards, where they come from.
"""

from dataclasses import replace

from milter.message.envelope import Envelope
from milter.policy.domains import domain_of
from milter.policy.model import Directorate, Kind, Partner, People, Person
from milter.policy.names import same_person
from milter.policy.policy import Policy


def people(envelope: Envelope, policy: Policy) -> People:
    """Give the sender and every recipient with their kinds, in the envelope's order.

    A recipient of the sender's own organisation is of the kind 'own', and so is the null sender. Another own
    organisation, such as a school that the council hosts, keeps its kind: E5 holds between them.
    """
    sender = sender_of(envelope.sender, policy)
    recipients = tuple(_recipient(given.address, sender, policy) for given in envelope.recipients)
    return People(sender, recipients)


def sender_of(address: str, policy: Policy) -> Person:
    """Give the sender; the null reverse-path ('') is the gateway's own servers speaking (RFC 5321 4.5.5)."""
    if not address:
        return Person("", "", "own")
    return _known(address, policy)


def kind_of(domain: str, policy: Policy) -> Kind:
    """Give the kind of a normalised domain. A partner's domain is never personal, whatever the list says."""
    partner = policy.domains.find(domain)
    if partner:
        return partner.kind
    return "personal" if is_personal(domain, policy) else "unknown"


def is_personal(domain: str, policy: Policy) -> bool:
    """Whether a domain, or one above it, is on the list of consumer mail services."""
    while domain:
        if domain in policy.personal_domains:
            return True
        domain = domain.partition(".")[2]
    return False


def organisation_of(address: str, policy: Policy) -> str:
    """Give the name of the own organisation that an address belongs to; '' for none."""
    partner = policy.domains.find(domain_of(address))
    return partner.name if partner and partner.own else ""


def place_of(sender: Person) -> tuple[str, str]:
    """Give the own organisation and the directorate that a sender belongs to; '' for each that is not known.

    A sender whom two directorates claim belongs to none: who sees one directorate only must not see the other's.
    """
    organisation = sender.partner
    if organisation is None:
        return "", ""
    claimed = [one.name for one in organisation.directorates if _is_one_of(sender.address, one.senders)]
    if not claimed and sender.department:
        claimed = [one.name for one in organisation.directorates if _is_of(sender.department, one)]
    return organisation.name, claimed[0] if len(claimed) == 1 else ""


def _is_of(department: str, directorate: Directorate) -> bool:
    return _is_one_of(department, (directorate.name, *directorate.departments))


def _is_one_of(text: str, patterns: tuple[str, ...]) -> bool:
    return any(_is_like(text.casefold(), pattern.casefold()) for pattern in patterns)


def _is_like(text: str, pattern: str) -> bool:
    """Whether a text is what a pattern says, in which '*' is any text. Linear in both."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    *inner, last = others
    if not text.startswith(first):
        return False
    at = len(first)
    for part in inner:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)


def _recipient(address: str, sender: Person, policy: Policy) -> Person:
    person = _known(address, policy)
    own = person.partner is not None and person.partner.own
    if own and (person.partner is sender.partner or not sender.address):
        return Person(address, person.domain, "own", person.partner, route="internal")
    if person.kind == "personal" and same_person(
        address.rpartition("@")[0], sender.address.rpartition("@")[0]
    ):
        return replace(person, facts=person.facts | {"forwarding-home"})
    return person


def _known(address: str, policy: Policy) -> Person:
    domain = domain_of(address)
    kind = kind_of(domain, policy)
    partner = policy.domains.find(domain)
    if kind == "retired" and partner:
        return Person(address, domain, kind, partner, successor=_successor(domain, partner, policy))
    if kind == "unknown" or (policy.domains.wildcard(domain) and "xn--" in domain):
        # A wildcard never lends its good name to letters that pass for others.
        resembled = policy.domains.looks_like(domain) if domain else ""
        kind = "unknown" if resembled else kind
        facts = frozenset({"look-alike"}) if resembled else frozenset()
        return Person(address, domain, kind, None if resembled else partner, facts=facts, successor=resembled)
    return Person(address, domain, kind, partner)


def _successor(domain: str, partner: Partner, policy: Policy) -> str:
    """Fill what the wildcard stood for into the partner's successor: 'name.gcsx.gov.uk' has 'name.gov.uk'."""
    if "*" not in partner.successor:
        return partner.successor
    stands_for = policy.domains.wildcard(domain)
    return partner.successor.replace("*", stands_for) if stands_for else ""
