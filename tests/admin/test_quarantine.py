"""Held messages: found, judged, released or refused, once, by those who may."""

import pytest

from milter.store import contents, decisions, outbox, quarantine, talk, trail
from milter.store.quarantine import Search
from tests.admin.office import COUNCIL, hold, open_office

QUESTION = "Who authorised this?"


def held(office):
    with office.store.read() as tx:
        found, _ = quarantine.search(tx, Search(waiting_only=False))
        return quarantine.get(tx, found[0].id)


def decide(browser, full, what, **more):
    fields = {"act": what, "reason": "The school asked for it", "recipients": full.recipients[0].recipient}
    return browser.post(f"/quarantine/{full.held.id}/decide", **(fields | more))


def asked(office, subject, kind):
    with office.store.read() as tx:
        return [item for item in outbox.about(tx, subject) if item.kind == kind]


def test_the_list_shows_who_to_whom_and_why(office):
    """A reviewer sees sender, recipients, reasons in words, age and the day by which to decide."""
    page = office.as_("reviewer").get("/quarantine").text
    full = held(office)
    for words in (full.held.sender, full.recipients[0].recipient, "could not be read", "in 1"):
        assert words in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=amira", True),
        ("q=nobody", False),
        ("reason=could-not-be-read", True),
        ("reason=personal-account", False),
        ("grade=high", False),
        ("state=refused", False),
        ("mine=yes", False),
        ("soon=yes", False),
        (f"organisation={COUNCIL.replace(' ', '+')}", True),
        ("organisation=Another", False),
        ("after=99999999999999999999999.SG", True),
    ],
)
def test_filters_narrow_the_list(office, query, found):
    """Each filter finds what it says, and nonsense in an address breaks nothing."""
    page = office.as_("reviewer").get(f"/quarantine?{query}").text
    assert (held(office).held.id in page) is found


def test_a_release_is_asked_for_once(office):
    """The daemon is asked to send it, with the reason kept; a second reviewer is told that it was decided."""
    full, one, other = held(office), office.as_("reviewer"), office.as_("reviewer")
    assert decide(one, full, "release").status_code == 303
    assert decide(other, full, "release").status_code == 409
    (item,) = asked(office, full.held.id, "release")
    assert item.payload["how"] == "as-it-is"
    assert held(office).recipients[0].reason == "The school asked for it"


def test_a_protected_release_says_so(office):
    """The daemon is told to protect it."""
    full = held(office)
    decide(office.as_("reviewer"), full, "release-protected")
    (item,) = asked(office, full.held.id, "release")
    assert item.payload["how"] == "protected"


def test_a_refusal_explains(office):
    """The sender is told, in the reviewer's words."""
    full = held(office)
    decide(office.as_("reviewer"), full, "refuse")
    (item,) = asked(office, full.held.id, "held-refused")
    assert item.payload["reason"] == "The school asked for it"


@pytest.mark.parametrize("missing", ["reason", "act", "recipients"])
def test_nothing_is_decided_without_a_reason(office, missing):
    """What is missing is asked for, and nothing is done."""
    full = held(office)
    answer = decide(office.as_("reviewer"), full, "release", **{missing: ""})
    assert answer.status_code in {409, 422}
    assert held(office).held.waiting == 1


def test_four_eyes_take_two_people(office):
    """Where the policy says so, the first approves, the same person can't release, the second does."""
    holding = office.site.known.policy.holding.__class__(four_eyes=True)
    strict = open_office(office.site.folder, holding=holding)
    full, one, other = held(strict), strict.as_("reviewer"), strict.as_("governance")
    assert "second person" in decide(one, full, "release").headers["location"].replace("+", " ")
    assert decide(one, full, "release").status_code == 409
    assert asked(strict, full.held.id, "release") == []
    decide(other, full, "release")
    assert len(asked(strict, full.held.id, "release")) == 1
    strict.close()


def test_many_at_once_are_confirmed_first(office):
    """Ticking and choosing does nothing yet; the page after it does, with one reason for all."""
    full, here = held(office), office.as_("reviewer")
    page = here.post("/quarantine/bulk", held=full.held.id, act="refuse")
    assert "Nothing has been done yet" in page.text
    assert held(office).held.waiting == 1
    done = here.post("/quarantine/bulk/do", held=full.held.id, act="refuse", reason="Sent by mistake")
    assert "Refused" in done.text
    assert held(office).held.waiting == 0


def test_the_text_is_masked_and_unmasked_only_with_the_right(office):
    """A reviewer reads masked text; seeing it unmasked is a right of its own, and leaves a trace."""
    full = held(office)
    reviewer = office.as_("reviewer")
    assert reviewer.get(f"/quarantine/{full.held.id}/content").status_code == 403
    eyes = office.as_("reviewer", "unmask")
    assert eyes.post(f"/quarantine/{full.held.id}/content").status_code == 422
    page = eyes.post(f"/quarantine/{full.held.id}/content", reason="To tell which pupil")
    assert page.status_code == 200
    with office.store.read() as tx:
        rows = [row.event for row in trail.rows_about(tx.connection, full.held.id)]
    assert rows.count("content-seen") == 1


def test_what_is_given_to_somebody_shows_at_their_deputy(office):
    """A deputy's own list holds what waits for the person they stand in for."""
    full = held(office)
    away, deputy = office.person("reviewer", name="Away"), office.person("reviewer", name="Deputy")
    office.enter(away).post("/me", deputy=deputy.id)
    office.as_("reviewer").post(f"/quarantine/{full.held.id}/assign", to=away.id)
    assert full.held.id in office.enter(deputy).get("/quarantine?mine=yes").text


def test_it_is_given_only_to_somebody_who_may_decide(office):
    """An auditor, or a reviewer of another organisation, can't be given a message."""
    full, here = held(office), office.as_("reviewer")
    for other in (office.person("auditor"), office.person("reviewer", scope=("Another",))):
        assert here.post(f"/quarantine/{full.held.id}/assign", to=other.id).status_code == 409


def test_the_sender_answers_a_question_by_their_own_link(office):
    """The question goes out by the daemon; its link takes one answer, which the reviewer then reads."""
    full, here = held(office), office.as_("reviewer")
    here.post(f"/quarantine/{full.held.id}/ask", question=QUESTION)
    (item,) = asked(office, full.held.id, "question")
    path = item.payload["page"].removeprefix("http://localhost")
    anybody = office.as_()
    assert QUESTION in anybody.get(path).text
    assert anybody.post(path, purpose="Transition plan", authorised="Helen Archer").status_code == 200
    assert anybody.get(path).status_code == 404
    page = here.get(f"/quarantine/{full.held.id}").text
    assert "Transition plan" in page
    assert "Helen Archer" in page


def test_only_who_got_the_notice_asks_for_another_look(office):
    """The link of a notice carries a proof; a reference alone, or a wrong proof, opens nothing."""
    full, anybody = held(office), office.as_()
    proof = talk.proof_of(office.store.vault, full.held.judged_id)
    path = f"/ask/{full.held.judged_id}/{proof}"
    assert anybody.get(f"/ask/{full.held.judged_id}/{'0' * 40}").status_code == 404
    assert full.recipients[0].recipient in anybody.get(path).text
    anybody.post(path, kind="wrong", more="It is the published brochure")
    with office.store.read() as tx:
        (request,) = talk.listed(tx)
    assert request.kind == "wrong"
    here = office.as_("reviewer")
    assert "published brochure" in here.get(f"/requests/{request.id}").text
    here.post(f"/requests/{request.id}", answer="You are right", false_positive="could-not-be-read")
    (item,) = asked(office, full.held.judged_id, "answered")
    assert item.payload["text"] == "You are right"
    assert "You are right" in anybody.get(path).text
    with office.store.read() as tx:
        assert talk.feedback_counts(tx, full.held.at) == (("could-not-be-read", "false-positive", 1),)


def test_who_asks_again_and_again_is_told_to_wait(office):
    """Three open requests about one message are enough."""
    full, anybody = held(office), office.as_()
    path = f"/ask/{full.held.judged_id}/{talk.proof_of(office.store.vault, full.held.judged_id)}"
    answers = [anybody.post(path, kind="look-again", more="Please").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 409]


def test_notes_stay_with_the_message(office):
    """A note shows with the name of who wrote it."""
    full, person = held(office), office.person("reviewer", name="Jim Lloyd")
    office.enter(person).post(f"/quarantine/{full.held.id}/note", note="Rang the school")
    page = office.as_("auditor").get(f"/quarantine/{full.held.id}").text
    assert "Rang the school" in page
    assert "Jim Lloyd" in page


def test_content_that_was_destroyed_is_said_so(office):
    """After its time the record stays, without text."""
    full = held(office)
    recipients = [full.recipients[0].recipient]
    office.store.submit(lambda tx: decisions.refuse(tx, full.held.id, recipients, "test", "x")).result()
    office.store.submit(lambda tx: contents.destroy(tx, full.held.content_id, "gateway")).result()
    page = office.as_("reviewer").get(f"/quarantine/{full.held.id}")
    assert "was destroyed" in page.text


def test_once_decided_there_is_nothing_to_ask_or_give(office):
    """The forms that serve a decision go with it; what was asked and noted stays."""
    here = office.as_("reviewer")
    held_id = hold(office, b"Subject: x\r\n\r\nHello\r\n", "x", ("a@b.example",))
    assert "Ask the sender</h2>" in here.get(f"/quarantine/{held_id}").text
    here.post(f"/quarantine/{held_id}/decide", act="refuse", recipients="a@b.example", reason="No")
    page = here.get(f"/quarantine/{held_id}").text
    assert "Ask the sender</h2>" not in page
    assert "Give it to somebody" not in page
    assert here.post(f"/quarantine/{held_id}/ask", question="Why?").status_code == 409
