"""A share goes only where its table leads, and gives its password out once, to the right person."""

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest

from milter.receipts.evidence import GRADES, Grade
from milter.receipts.share import ENDED, TRANSITIONS, Event, Standing, State, Step, Way, begin, step

STATES = tuple(TRANSITIONS)
EVENTS: tuple[Event, ...] = get_args(Event)
WAYS: tuple[Way, ...] = get_args(Way)
PASSWORD = ("password", "recipient")


def standings() -> Iterator[Standing]:
    for state, evidence, needed, way in product(STATES, GRADES, GRADES[1:], WAYS):
        yield Standing(state, evidence, needed, way)


def follow(standing: Standing, step: Step) -> Standing:
    state = step.to[-1] if step.to else standing.state
    return Standing(state, step.evidence, standing.needed, standing.way)


def test_table_names_every_state_and_leads_nowhere_from_an_end() -> None:
    """Each state has its row, and only 'released' may still be followed by 'refused'."""
    assert set(STATES) == set(get_args(State))
    assert all(set(row) <= set(STATES) for row in TRANSITIONS.values())
    assert {state for state, row in TRANSITIONS.items() if not row} == ENDED
    assert TRANSITIONS["released"] == ("refused",)


def test_store_keeps_the_same_table() -> None:
    """The store enforces what is decided here: the two tables are one."""
    from milter.store.shares import TRANSITIONS as STORED

    assert {state: set(row) for state, row in STORED.items()} == {
        state: set(row) for state, row in TRANSITIONS.items()
    }


def test_no_event_leads_where_the_table_does_not() -> None:
    """Whatever happens in whatever state, each move of a step is in the table."""
    for standing, event in product(standings(), EVENTS):
        at = standing.state
        for to in step(standing, event).to:
            assert to in TRANSITIONS[at], (standing, event)
            at = to


def test_evidence_never_weakens() -> None:
    """No later, weaker event takes away what a stronger one proved."""
    for standing, event in product(standings(), EVENTS):
        after = step(standing, event).evidence
        assert GRADES.index(after) >= GRADES.index(standing.evidence)


def test_password_is_sent_only_by_releasing_and_only_on_enough_evidence() -> None:
    """No password notice without release, where the way is telephone, or on weak evidence."""
    for standing, event in product(standings(), EVENTS):
        found = step(standing, event)
        if PASSWORD in found.notices:
            assert found.to[-1] == "released"
            assert standing.way != "telephone"
            assert GRADES.index(found.evidence) >= GRADES.index(standing.needed)
            assert event in GRADES


def test_password_is_sent_once_whatever_follows() -> None:
    """No two events in a row send it twice."""
    for standing, first, second in product(standings(), EVENTS, EVENTS):
        one = step(standing, first)
        two = step(follow(standing, one), second)
        assert (PASSWORD in one.notices) + (PASSWORD in two.notices) <= 1


def test_after_an_end_nothing_sends_the_password() -> None:
    """Refused, bounced, expired or withdrawn: nobody may have it any more."""
    for standing, event in product(standings(), EVENTS):
        if standing.state in ENDED:
            found = step(standing, event)
            assert not found.to
            assert not found.notices
            assert found.why_not


@pytest.mark.parametrize(
    ("evidence", "needed", "released"),
    [
        ("delivered", "confirmed", False),
        ("displayed", "confirmed", False),
        ("confirmed", "confirmed", True),
        ("delivered", "displayed", False),
        ("displayed", "displayed", True),
        ("confirmed", "displayed", True),
        ("delivered", "delivered", True),
    ],
)
def test_grade_that_the_policy_names_releases(evidence: Grade, needed: Grade, released: bool) -> None:
    """Evidence at or above the policy's grade releases, evidence below it does not (pitfall 4)."""
    found = step(Standing(needed=needed), evidence)  # type: ignore[arg-type]
    assert found.to == ((evidence, "released") if released else (evidence,))
    assert (PASSWORD in found.notices) is released


def test_second_press_of_the_button_changes_nothing() -> None:
    """A released share answers another confirmation in words, and sends nothing."""
    found = step(Standing("released", "confirmed"), "confirmed")
    assert (found.to, found.notices, found.why_not) == ((), (), "This share is released already.")


def test_telephone_way_confirms_without_sending_and_is_released_by_telling() -> None:
    """Confirmation is recorded, the password waits for the call (E8, T1)."""
    confirmed = step(Standing(way="telephone"), "confirmed")
    assert confirmed.to == ("confirmed",)
    assert confirmed.notices == ()
    assert step(Standing("confirmed", "confirmed", way="telephone"), "told").to == ("released",)


def test_card_goes_out_at_once_where_the_way_is_telephone() -> None:
    """The sender can ring as soon as the document is out; for e-mail there is no card."""
    card = (("telephone-card", "sender"),)
    assert (begin("telephone").notices, begin("both").notices, begin("email").notices) == (card, card, ())


def test_telling_is_refused_where_the_way_is_email() -> None:
    """A password that goes by e-mail is not marked as told."""
    assert step(Standing("sent"), "told").why_not.startswith("This password goes by e-mail")


@pytest.mark.parametrize("state", ["sent", "delivered", "displayed", "confirmed", "released"])
def test_not_for_me_destroys_tells_and_opens_an_incident_at_any_time(state: State) -> None:
    """The wrong person's word ends it, even after release; sender and governance are told, the clock runs."""
    found = step(Standing(state), "not-for-me")
    assert found.to == ("refused",)
    assert found.destroys_password
    assert found.opens_incident
    assert found.notices == (("not-for-me", "sender"), ("incident", "governance"))


def test_only_not_for_me_opens_an_incident() -> None:
    """A bounce, an expiry and a withdrawal are no incident: nobody has the password."""
    for standing, event in product(standings(), EVENTS):
        if event != "not-for-me":
            assert not step(standing, event).opens_incident


def test_withdrawal_before_release_takes_all_back_and_after_it_is_refused() -> None:
    """The sender may take it back until the password is out."""
    found = step(Standing("displayed", "displayed"), "withdrawn")
    assert (found.to, found.destroys_password) == (("withdrawn",), True)
    assert found.notices == (("withdrawn", "recipient"),)
    assert step(Standing("released", "confirmed"), "withdrawn").why_not == "This share is released already."


def test_withdrawal_within_the_undo_window_tells_nobody() -> None:
    """Nothing has left, so the recipient need not be told that it was taken back."""
    assert step(Standing(left=False), "withdrawn").notices == ()


def test_late_bounce_of_a_confirmed_share_changes_nothing() -> None:
    """A forwarding copy that bounces after the person confirmed does not end the share."""
    assert step(Standing("confirmed", "confirmed"), "bounced").to == ()
