"""What the directory adds to the people of a message: who they are, and what speaks against an address (E2).

Facts: `group-with-outside-members`, and `internal-name-outside` where a colleague bears the name that stands beside an
address of nobody known. What the directory does not say in time stays unknown.
"""

from collections.abc import Mapping
from dataclasses import replace

from milter.directory.entry import Entry
from milter.directory.look_up import Directory
from milter.message.address import header_mailboxes
from milter.message.model import Message
from milter.policy.domains import domain_of
from milter.policy.model import People, Person
from milter.policy.names import name_key
from milter.policy.policy import Policy

STRANGERS = ("personal", "unknown")  # kinds whose addresses nobody vouches for


def shown_names(message: Message) -> dict[str, str]:
    """Give the name that the message shows beside each address of To and Cc, by address in lower case."""
    shown: dict[str, str] = {}
    for field in message.fields:
        if field.name in {"to", "cc", "resent-to", "resent-cc"}:
            shown |= {address.lower(): name for name, address in header_mailboxes(field.value) if name}
    return shown


async def told_by(directory: Directory, people: People, message: Message, policy: Policy) -> People:
    """Give the people with what the directory says of them."""
    asked = (people.sender.address, *(one.address for one in people.recipients))
    entries = await directory.entries(address for address in asked if address)
    shown = shown_names(message)
    recipients = tuple(
        _known(one, entries.get(one.address), people.sender, policy) for one in people.recipients
    )
    names = {one.address: _suspect(one, entries, shown, people.sender) for one in recipients}
    wanted = {name for name in names.values() if name}
    colleagues = await directory.named(wanted) if wanted else {}
    recipients = tuple(_not_colleague(one, names[one.address], colleagues, policy) for one in recipients)
    return People(
        _known(people.sender, entries.get(people.sender.address), people.sender, policy), recipients
    )


def _known(person: Person, entry: Entry | None, sender: Person, policy: Policy) -> Person:
    if entry is None:
        return person
    known = replace(
        person,
        name=entry.name or person.name,
        job_title=entry.job_title,
        department=entry.department,
        telephone=entry.telephone,
        organisation=entry.organisation,
    )
    outside = [member for member in entry.members or () if _outside(member, sender, policy)]
    if not outside:
        return known
    count = f"{len(outside)} of {'' if entry.whole else 'more than '}{len(entry.members or ())} members"
    places = sorted({domain_of(member) for member in outside})
    more = f" and {len(places) - 3} other domains" if len(places) > 3 else ""
    return with_fact(
        known, "group-with-outside-members", f"{count} are outside, at {', '.join(places[:3])}{more}"
    )


def _outside(member: str, sender: Person, policy: Policy) -> bool:
    partner = policy.domains.find(domain_of(member))
    return partner is None or (partner is not sender.partner if sender.partner else not partner.own)


def with_fact(person: Person, fact: str, remark: str) -> Person:
    """Give a person with one fact more, and what is to be said of it."""
    return replace(person, facts=person.facts | {fact}, remarks=(*person.remarks, (fact, remark)))


def _suspect(person: Person, entries: Mapping[str, Entry], shown: Mapping[str, str], sender: Person) -> str:
    """Give the name to ask for among colleagues: of a stranger whom the directory does not know; '' for none."""
    if person.kind not in STRANGERS or person.address in entries:
        return ""
    name = shown.get(person.address.lower(), "")
    key = name_key(name) or name_key(person.address)
    return "" if key in {name_key(sender.name), name_key(sender.address)} else key


def _not_colleague(
    person: Person, name: str, colleagues: Mapping[str, tuple[Entry, ...]], policy: Policy
) -> Person:
    for entry in colleagues.get(name, ()) if name else ():
        partner = policy.domains.find(domain_of(entry.address))
        if partner and partner.own:
            return with_fact(person, "internal-name-outside", _colleague(entry))
    return person


def _colleague(entry: Entry) -> str:
    role = ", ".join(word for word in (entry.job_title, entry.department) if word)
    return (
        f"a colleague of this name ({role}) is in the directory"
        if role
        else "a colleague of this name is in the directory"
    )
