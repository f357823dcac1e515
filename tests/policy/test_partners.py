"""Who the sender and the recipients are, as far as the policy knows."""

import pytest

from milter.message.envelope import Envelope, Recipient
from milter.policy.model import Person
from milter.policy.partners import kind_of, organisation_of, people
from milter.policy.policy import Policy

COUNCIL = "amira.khan@borchester.gov.uk"


def recipient(policy: Policy, address: str, sender: str = COUNCIL) -> Person:
    """Give one recipient as the policy sees it."""
    return people(Envelope(sender, (Recipient(address),)), policy).recipients[0]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("jill@borchester.gov.uk", "own"),
        ("duty@social.borchester.gov.uk", "own"),
        ("head@lakeyhill.borchester.sch.uk", "school"),
        ("office@oak.borchester.sch.uk", "school"),
        ("jim@felpersham.gov.uk", "council"),
        ("someone@cabinet.gov.uk", "government"),
        ("a@ward.trust.nhs.uk", "nhs"),
        ("a@nhs.net", "nhs"),
        ("a@kent.police.uk", "police"),
        ("a@solicitor.cjsm.net", "justice"),
        ("dave@hotmail.co.uk", "personal"),
        ("dave@HOTMAIL.co.UK", "personal"),
        ("dave@mail.btinternet.com", "personal"),
        ("duty@felpersham.gcsx.gov.uk", "retired"),
        ("duty@gsi.gov.uk", "retired"),
        ("x@stationery.example", "unknown"),
        ("no-domain", "unknown"),
        ("", "unknown"),
        ('"a@borchester.gov.uk"@hotmail.com', "personal"),
    ],
)
def test_kind(policy: Policy, address: str, kind: str) -> None:
    """The kind of a recipient is that of the domain behind the last '@'."""
    assert recipient(policy, address).kind == kind


def test_own_is_the_senders_own(policy: Policy) -> None:
    """The council is inside for its own staff, and a council for the school that it hosts."""
    assert recipient(policy, COUNCIL, sender="head@lakeyhill.borchester.sch.uk").kind == "council"
    assert recipient(policy, "jill@borchester.gov.uk").route == "internal"


def test_sender_is_known_by_the_domain(policy: Policy) -> None:
    """A sender's organisation is the own one with the domain; anyone else has none."""
    sender = people(Envelope(COUNCIL, ()), policy).sender
    assert (sender.kind, sender.partner and sender.partner.name) == ("council", "Borchester Borough Council")
    assert organisation_of("a@lakeyhill.borchester.sch.uk", policy) == "Lakey Hill School"
    assert organisation_of("a@felpersham.gov.uk", policy) == ""


def test_null_sender_is_our_own_server(policy: Policy) -> None:
    """A bounce or a notice has no sender, and what it brings to our own people is inside mail."""
    known = people(Envelope("", (Recipient(COUNCIL), Recipient("a@felpersham.gov.uk"))), policy)
    assert known.sender.kind == "own"
    assert [person.kind for person in known.recipients] == ["own", "council"]


@pytest.mark.parametrize(
    ("address", "successor"),
    [
        ("duty@felpersham.gcsx.gov.uk", "felpersham.gov.uk"),
        ("duty@social.felpersham.gcsx.gov.uk", "social.felpersham.gov.uk"),
        ("x@dwp.gsi.gov.uk", "dwp.gov.uk"),
        ("x@gsi.gov.uk", ""),
        ("x@oldtrust.nhs.uk", "felpershamhospitals.nhs.uk"),
    ],
)
def test_successor(policy: Policy, address: str, successor: str) -> None:
    """A retired domain's successor is suggested, none where nothing can be reckoned (E4)."""
    assert recipient(policy, address).successor == successor


def test_look_alike_is_a_fact_with_its_model(policy: Policy) -> None:
    """An unknown domain that resembles an approved one says which (E2)."""
    person = recipient(policy, "care@brookfeildcarers.org.uk")
    assert (person.kind, person.facts, person.successor) == (
        "unknown",
        {"look-alike"},
        "brookfieldcarers.org.uk",
    )


def test_a_wildcard_lends_nothing_to_confusable_letters(policy: Policy) -> None:
    """A Cyrillic letter under *.gov.uk is no government body where it imitates a listed one."""
    person = recipient(policy, "a@felpersh\u0430m.gov.uk")
    assert (person.kind, person.successor) == ("unknown", "felpersham.gov.uk")


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("amira.khan@gmail.com", True),
        ("AmiraKhan1988@gmail.com", True),
        ("amira@gmail.com", False),
        ("amira.khan@stationery.example", False),
    ],
)
def test_forwarding_home(policy: Policy, address: str, home: bool) -> None:
    """A personal account with the letters of the sender's own name is a fact (E1)."""
    assert ("forwarding-home" in recipient(policy, address).facts) is home


def test_kind_of_a_partner_is_never_personal(policy: Policy) -> None:
    """What partners.toml names is what it says there."""
    assert kind_of("brookfieldcarers.org.uk", policy) == "charity"
    assert kind_of("hotmail.com", policy) == "personal"
