"""The pane in Chromium over a stub of Office.js and the real service: every fix tried, axe clean, at 320 pixels."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from addin_backend.outlook.manifest import PANE_PAGE
from milter.cli.samples import document
from milter.store import shares
from tests.addin import tokens
from tests.addin.asking import SCHOOL, Asking, asking
from tests.addin.test_people import DIRECTORY, MESSAGE_ID, sent
from tests.outlook.engine import file, mailbox
from tests.outlook.window import pane, state
from tests.web.chromium import chromium, faults, missing
from tests.web.shares import PASSWORD

NOTE = "Jamie Osborne, born 12/03/2015, NHS No 943 476 5919, was seen for autism and self-harm."
PARENT = "dave.archer.family@hotmail.co.uk"
RETIRED = "duty.team@felpersham.gcsx.gov.uk"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CASE = {"subject": "case", "body": f"<p>{NOTE}</p>", "to": [mailbox(SCHOOL, "Ambridge Primary")]}
CLEAN = {"subject": "Term dates", "body": "<p>Term starts on 4 September.</p>", "to": [mailbox(SCHOOL)]}

# Waits until the event code has told Outlook what to do; the page's own policy lets no text be run as a script.
COMPLETED = """() => new Promise(function (done) {
  (function look() { if (STATE.completed.length) { done(); } else { setTimeout(look, 20); } })();
})"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """A service with a directory of two."""
    folder = tmp_path_factory.mktemp("pane")
    (folder / "people.csv").write_text(DIRECTORY, encoding="utf-8")
    with asking(
        folder / "etc", more=f'[directory]\nkind = "csv"\nfile = "{folder / "people.csv"}"\n'
    ) as made:
        yield made


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def expect_said(page: Page, words: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(words)


def box(page: Page, title: str) -> Any:
    return page.get_by_role("region", name=title)


@pytest.mark.parametrize(
    "look", [{}, {"scheme": "dark"}, {"forced": "active"}, {"theme": {"bodyBackgroundColor": "#1f1f1f"}}]
)
def test_a_message_with_faults_at_320_pixels(browser: Browser, staffed: Asking, look: dict[str, Any]) -> None:
    """Everything is there and readable: light, dark, with high contrast, in Outlook's own dark theme; axe is clean."""
    note = file(1, "case note.docx", document("Case note", NOTE), DOCX)
    people = [mailbox(SCHOOL), mailbox(PARENT), mailbox(RETIRED)]
    with pane(browser, staffed, **CASE | {"to": people}, attachments=[note], **look) as page:
        expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
        expect(page.get_by_text("Will be locked with a password")).to_be_visible()
        expect(page.get_by_text("Will not be sent")).to_have_count(2)
        expect(page.get_by_text("NHS number 94* *** **19 in case note.docx")).to_be_visible()
        assert "5919" not in page.content()
        assert "route row" not in page.content()
        assert faults(page) == []


def test_a_clean_message(browser: Browser, staffed: Asking) -> None:
    """Nothing to put right is said in so many words."""
    with pane(browser, staffed, **CLEAN) as page:
        expect(page.get_by_text("Nothing to put right.")).to_be_visible()
        assert faults(page) == []


def test_marking_the_subject(browser: Browser, staffed: Asking) -> None:
    """The subject gets the mark, and the reason is gone at the next look."""
    with pane(browser, staffed, **CASE) as page:
        press(page, "Mark the subject")
        expect_said(page, "Done.")
        assert state(page, "subject") == "Private and Confidential - case"
        expect(box(page, "The subject does not say")).to_have_count(0)


def test_removing_a_recipient(browser: Browser, staffed: Asking) -> None:
    """A recipient who may not have it is taken out, wherever they stand, and the others stay."""
    with pane(browser, staffed, **CASE | {"cc": [mailbox(PARENT.upper())]}) as page:
        press(page, "Remove DAVE")
        expect_said(page, "Done.")
        assert state(page, "cc") == []
        assert [one["emailAddress"] for one in state(page, "to")] == [SCHOOL]


def test_using_the_address_that_was_meant(browser: Browser, staffed: Asking) -> None:
    """A closed network's address is changed for the present one."""
    with pane(browser, staffed, **CASE | {"to": [mailbox(RETIRED)]}) as page:
        press(page, "Use duty.team@felpersham.gov.uk instead")
        expect_said(page, "Done.")
        assert [one["emailAddress"] for one in state(page, "to")] == ["duty.team@felpersham.gov.uk"]


def test_the_card_of_a_recipient(browser: Browser, staffed: Asking) -> None:
    """Who stands behind an address is looked up, so that the sender can confirm it (E2)."""
    with pane(browser, staffed, **CASE | {"to": [mailbox("clerk@unheard-of.example")]}) as page:
        press(page, "Who is clerk@unheard-of.example?")
        expect(page.get_by_text("Not in the directory.")).to_be_visible()
        assert faults(page) == []


def test_a_colleague_instead_of_a_stranger(browser: Browser, staffed: Asking) -> None:
    """Where a stranger bears a colleague's name, the colleague is one press away."""
    stranger = mailbox("jane.smith@unheard-of.example", "Jane Smith")
    with pane(browser, staffed, **CASE | {"to": [stranger]}) as page:
        card = box(page, "The name is a colleague's, the address is outside")
        card.get_by_role("button", name="Who is").click()
        press(page, "Write to Jane Smith instead")
        expect_said(page, "Done.")
        assert [one["emailAddress"] for one in state(page, "to")] == ["jane.smith@borchester.gov.uk"]


def test_many_outside_recipients_go_into_bcc(browser: Browser, staffed: Asking) -> None:
    """Everyone outside is moved to Bcc, colleagues stay where they are, and nobody is lost."""
    crowd = [mailbox(f"person{n}@example{n}.org") for n in range(15)]
    colleague = mailbox("jane.smith@borchester.gov.uk")
    given = CLEAN | {"to": [colleague, *crowd[:10]], "cc": crowd[10:]}
    with pane(browser, staffed, **given) as page:
        press(page, "Put outside recipients into Bcc")
        expect_said(page, "Done.")
        assert [one["emailAddress"] for one in state(page, "to")] == [colleague["emailAddress"]]
        assert state(page, "cc") == []
        assert len(state(page, "bcc")) == 15


def test_removing_an_attachment(browser: Browser, staffed: Asking) -> None:
    """The document that a reason speaks of can be taken off."""
    note = file(1, "case note.docx", document("Case note", NOTE), DOCX)
    with pane(browser, staffed, **CLEAN, attachments=[note]) as page:
        press(page, "Remove case note.docx")
        expect_said(page, "Done.")
        expect(page.get_by_text("Nothing to put right.")).to_be_visible()
        assert state(page, "attachments") == []


def test_protect_it_for_me(browser: Browser, staffed: Asking) -> None:
    """The wish goes out as a header, and can be taken back."""
    with pane(browser, staffed, **CASE) as page:
        press(page, "Protect it for me")
        expect_said(page, "Done.")
        assert state(page, "headers") == {"X-Sealgate-Protect": "yes"}
        press(page, "Don't protect it")
        expect_said(page, "Done.")
        assert state(page, "headers") == {}


def test_what_is_told_for_the_record(browser: Browser, staffed: Asking) -> None:
    """Why, who authorised it, limits of consent and how the password travels go out as headers, and are read back."""
    with pane(browser, staffed, **CASE) as page:
        page.get_by_label("Why is it shared?").fill("EHC plan review")
        page.get_by_label("Who authorised it?").fill("J Sm\u0177th")
        page.get_by_label("Limits of consent").fill("School staff only")
        page.get_by_label("How is the password told?").select_option("telephone")
        press(page, "Save")
        expect_said(page, "Saved.")
        headers = state(page, "headers")
    assert headers["X-Sealgate-Purpose"] == "EHC plan review"
    assert headers["X-Sealgate-Consent"] == "School staff only"
    assert headers["X-Sealgate-Password-By"] == "telephone"
    assert headers["X-Sealgate-Authorised-By"].startswith("=?utf-8?b?")
    with pane(browser, staffed, **CASE, headers=headers) as page:
        expect(page.get_by_label("Who authorised it?")).to_have_value("J Sm\u0177th")
        expect(page.get_by_label("How is the password told?")).to_have_value("telephone")


def test_reporting_a_false_positive(browser: Browser, staffed: Asking) -> None:
    """A finding and a reason can be called a mistake, once each."""
    with pane(browser, staffed, **CASE) as page:
        press(page, "Not personal information")
        expect_said(page, "Thank you.")
        expect(page.get_by_role("button", name="Not personal information").first).to_be_disabled()
        press(page, "This is a mistake")
        expect(page.get_by_role("button", name="This is a mistake").first).to_be_disabled()


def test_sending_it_as_it_is(browser: Browser, staffed: Asking) -> None:
    """Who has seen what will happen may send all the same: the event code finds the judgement in the session."""
    with pane(browser, staffed, **CASE) as page:
        press(page, "Send it as it is")
        expect_said(page, "Press Send again.")
        session = state(page, "session")
    with pane(browser, staffed, **CASE, session=session, page_name="events.html") as page:
        page.evaluate("RAISE('onSend')")
        page.evaluate(COMPLETED)
        assert state(page, "completed") == [{"allowEvent": True}]


def test_the_event_code_in_a_page(browser: Browser, staffed: Asking) -> None:
    """On the web the same code runs in a page, and says the same."""
    with pane(browser, staffed, **CASE, page_name="events.html") as page:
        page.evaluate("RAISE('onSend')")
        page.evaluate(COMPLETED)
        (told,) = state(page, "completed")
    assert told["allowEvent"] is False
    assert told["cancelLabel"] == "Fix it"


def test_a_fix_that_outlook_refuses(browser: Browser, staffed: Asking) -> None:
    """What Outlook does not do is said, and nothing is lost."""
    with pane(browser, staffed, **CASE, fails={"subject.set": "AccessDenied"}) as page:
        press(page, "Mark the subject")
        expect_said(page, "Outlook could not do this.")


def test_a_sign_in_that_fails(browser: Browser, staffed: Asking) -> None:
    """The pane says that the message can be sent, since the gateway checks it."""
    with pane(browser, staffed, **CASE, token="") as page:
        expect(page.get_by_text("Outlook could not sign you in to Sealgate.")).to_be_visible()
        expect(page.get_by_text("You can send it.")).to_be_visible()
        assert faults(page) == []


def test_a_service_that_is_down(browser: Browser, staffed: Asking) -> None:
    """So it does where the service does not answer; checking again is one press."""
    with pane(browser, staffed, **CASE) as page:
        expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
        page.route(re.compile("/api/"), lambda route: route.abort())
        press(page, "Check again")
        expect(page.get_by_text("This message could not be checked just now.")).to_be_visible()
        page.unroute(re.compile("/api/"))


def test_an_older_outlook(browser: Browser, staffed: Asking) -> None:
    """Mailbox 1.5 has neither headers nor attachments to read: the pane does what it can, and says so."""
    with pane(browser, staffed, **CASE, version="1.5") as page:
        expect(page.get_by_text("This version of Outlook can't show all of it.")).to_be_visible()
        press(page, "Mark the subject")
        expect_said(page, "Done.")


def test_an_appointment(browser: Browser, staffed: Asking) -> None:
    """An invitation is shown with its reasons; there is no record to fill, since it has no such headers."""
    with pane(browser, staffed, **CASE, kind="appointment") as page:
        expect(box(page, "An invitation carries personal information")).to_be_visible()
        expect(page.get_by_label("Why is it shared?")).to_have_count(0)
        assert faults(page) == []


def test_the_keyboard_reaches_everything(browser: Browser, staffed: Asking) -> None:
    """Tab goes through the fixes in their order, and Enter does them."""
    with pane(browser, staffed, **CASE) as page:
        mark = page.get_by_role("button", name="Mark the subject")
        expect(mark).to_be_visible()
        for _ in range(40):
            page.keyboard.press("Tab")
            if mark.evaluate("one => one === document.activeElement"):
                break
        page.keyboard.press("Enter")
        expect_said(page, "Done.")


def test_a_sent_message_is_taken_back(browser: Browser, staffed: Asking) -> None:
    """Among the sent items, a locked copy can be withdrawn, after one more question."""
    share = sent(staffed)
    with pane(browser, staffed, sent=MESSAGE_ID) as page:
        section = page.locator("section", has=page.locator(f"[id='{share}']"))
        expect(section.get_by_text("Nobody has confirmed it yet.")).to_be_visible()
        section.get_by_role("button", name="Take it back").click()
        assert faults(page) == []
        section.get_by_role("button", name="Yes, take it back").click()
        expect_said(page, "It is taken back.")
    with staffed.site.store.read() as tx:
        assert shares.get(tx, share).state == "withdrawn"


def test_the_telephone_card_of_a_sent_message(browser: Browser, staffed: Asking) -> None:
    """The card shows whom to ring and the password; whom it was told is written down."""
    share = sent(staffed, way="telephone")
    with pane(browser, staffed, sent=MESSAGE_ID) as page:
        section = page.locator("section", has=page.locator(f"[id='{share}']"))
        section.get_by_role("button", name="Show the telephone card").click()
        expect(section.get_by_text(PASSWORD)).to_be_visible()
        assert faults(page) == []
        section.get_by_role("button", name="I have told them the password").click()
        expect_said(page, "Write down the name and the job title.")
        section.get_by_label("Full name").fill("Jill Archer")
        section.get_by_label("Job title").fill("Head teacher")
        section.get_by_role("button", name="I have told them the password").click()
        expect_said(page, "It is recorded.")
    with staffed.site.store.read() as tx:
        assert shares.get(tx, share).state == "released"


def test_a_sent_message_without_locked_copies(browser: Browser, staffed: Asking) -> None:
    """Any other message says that there is nothing to do."""
    with pane(browser, staffed, sent="<another@borchester.gov.uk>") as page:
        expect(page.get_by_text("Sealgate has locked nothing in this message.")).to_be_visible()
        assert faults(page) == []


def test_every_language_has_every_text() -> None:
    """A catalogue with a missing sentence would leave a hole in the pane."""
    folder = Path(__file__).parents[2] / "addin_backend" / "outlook" / "site"
    names = {
        one.name: set(re.findall(r"^\s+\"?([\w-]+)\"?:", one.read_text(encoding="utf-8"), re.MULTILINE))
        for one in folder.glob("texts.*.js")
    }
    english = names["texts.en.js"]
    assert english
    assert all(keys == english for keys in names.values())
    used = set(re.findall(r"words\.\w+\.(\w+)", (folder / "pane.js").read_text(encoding="utf-8")))
    assert used <= english


def test_the_pane_has_the_address_that_tokens_name() -> None:
    """Exchange's tokens are made for the pane's own address."""
    assert PANE_PAGE == "/pane.html"
    assert tokens.URL.startswith("https://")
