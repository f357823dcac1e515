"""A real Chromium does each role's work: with the keyboard alone, without JavaScript, and under axe-core's eyes."""

import os
import re
import shutil
import socket
import threading
from datetime import timedelta

import pyotp
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from addin_backend.admin.application import application_of
from addin_backend.admin.channels import CHANNELS
from addin_backend.admin.roles import ROLES
from milter.store import doors, ids, incidents, outbox, quarantine, register, talk
from milter.store.quarantine import Search
from tests.admin.office import COUNCIL, copied, hold, open_office
from tests.gateway.harness import OFFICER
from tests.web.chromium import cut
from tests.web.shares import begin

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Axe().axe_script
PHRASE = "correct horse battery staple"
STEP_MS = 20_000
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def chromium():
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *sandbox])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office(filled, children, tmp_path_factory):
    """Give one office for all tests; each holds a message of its own where it decides about one."""
    opened = open_office(copied(filled, tmp_path_factory.mktemp("browser") / "office"))
    opened.desk.ask_child = children.call
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(office):
    """Serve the office's pages, and give where."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    office.desk.url = ""  # any origin that matches the Host field
    server = uvicorn.Server(uvicorn.Config(application_of(office.desk), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    yield f"http://localhost:{door.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    door.close()


def tab(chromium, address, office=None, person=None, **options):
    """Open a tab, signed in as a person where one is given."""
    context = chromium.new_context(**options)
    context.set_default_timeout(STEP_MS)
    if office is not None and person is not None:
        office.enter(person)
        context.add_cookies([{"name": "sealgate", "value": office.tokens[person.id], "url": address}])
    return context.new_page()


def held(office):
    """Give the message that the gateway held; no test decides about it."""
    with office.store.read() as tx:
        found = quarantine.search(tx, Search(waiting_only=False))[0]
        return quarantine.get(tx, found[-1].id)


def fresh(office):
    """Hold one more message, the latest of the list, and give it."""
    raw = b"From: amira.khan@borchester.gov.uk\r\nSubject: Care plan\r\n\r\nPlease see the plan.\r\n"
    held_id = hold(office, raw, "Care plan", ("head@felpersham.example",))
    with office.store.read() as tx:
        return quarantine.get(tx, held_id)


def invited(office, email, *roles):
    """Give the token of an invitation."""
    token = ids.token()
    later = {"roles": roles, "expires_at": office.site.clock() + timedelta(days=1)}
    office.store.submit(lambda tx: doors.invite(tx, token, "test", email=email, **later)).result()
    return token


def faults(page):
    """Say what axe finds on a page, and what is lost when it is enlarged (WCAG 1.4.4, 1.4.10, 1.4.12)."""
    page.evaluate(AXE)
    run = "axe.run({resultTypes: ['violations']}).then(found => found.violations.map(one => one.id))"
    return [(page.url, one) for one in (*page.evaluate(run), *cut(page))]


def type_into(page, field, text):
    """Reach a field by the Tab key alone, and type."""
    reach(page, f"document.activeElement.id === '{field}'")
    page.keyboard.type(text)


def reach(page, here):
    for _ in range(150):
        if page.evaluate(here):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key never gets there: {here}")


def press(page, words):
    """Reach a button or link by its words, and press Enter."""
    reach(page, f"document.activeElement.textContent.trim().startsWith({words!r})")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_reviewer_signs_in_finds_judges_and_releases_by_keyboard(office, chromium, address):
    """From the invitation to the release, with no mouse: every step can be reached and is announced by a heading."""
    token = invited(office, "lynda@borchester.gov.uk", "reviewer")
    full = fresh(office)
    page = tab(chromium, address)
    page.goto(f"{address}/invitation/{token}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    type_into(page, "name", "Lynda Snell")
    type_into(page, "pass-phrase", PHRASE)
    type_into(page, "again", PHRASE)
    press(page, "Continue")
    secret = page.locator(".seal-key").inner_text().replace(" ", "")
    type_into(page, "code", pyotp.TOTP(secret).now())
    press(page, "Finish")
    assert page.locator("h1").inner_text() == "What waits for you"
    press(page, "Held messages")
    press(page, full.held.sender)
    assert "Why it is held" in page.locator("main").inner_text()
    reach(page, "document.activeElement.id === 'act'")
    page.keyboard.press("Space")
    type_into(page, "reason", "The therapist asked for it")
    press(page, "Decide")
    assert "Released" in page.locator(".govuk-notification-banner").inner_text()
    with office.store.read() as tx:
        assert [item.kind for item in outbox.about(tx, full.held.id)].count("release") == 1
    page.context.close()


def test_a_recorder_records_a_call_and_prints_a_cover_sheet(office, chromium, address):
    """A telephone call is recorded with a mistake put right on the way; a fax has its cover sheet, without menus."""
    page = tab(chromium, address, office, office.person("recorder", name="Ed Grundy"))
    for channel, place in (("telephone", "0118 496 0150"), ("fax", "0118 496 0151")):
        page.goto(f"{address}/register/new/{channel}")
        page.get_by_role("button", name="Record it").click()
        assert page.locator(".govuk-error-summary").is_visible()
        for label, words in (
            ("Recipient's name", "Jo Marsh"),
            ("Recipient's job title", "SENCO"),
            ("Recipient's organisation", "Ambridge Primary School"),
            ("Recipient's telephone number", "0118 496 0150"),
            ("Reason for sharing", "Transition plan"),
            ("Type of information", "health"),
        ):
            page.get_by_label(label, exact=True).fill(words)
        page.locator("#where").fill(place)
        page.get_by_role("button", name="Record it").click()
        assert "It is recorded" in page.locator(".govuk-notification-banner").inner_text()
    page.get_by_role("link", name="Cover sheet").click()
    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="Private and Confidential").is_visible()
    assert not page.locator(".seal-header").is_visible()
    assert not page.locator("nav").first.is_visible()
    page.context.close()


def test_governance_replays_a_policy_and_finds_a_record(office, chromium, address):
    """A changed policy is tried against last weeks' facts; a record is found by organisation."""
    page = tab(chromium, address, office, office.person("governance"))
    page.goto(f"{address}/reports/replay")
    text = page.get_by_label("Or change it here").input_value()
    page.get_by_label("Or change it here").fill(text.replace('mode = "enforce"', 'mode = "monitor"', 1))
    page.get_by_role("button", name="Replay").click()
    assert re.search(r"\d+\s+freed that were stopped", page.locator("main").inner_text())
    page.goto(f"{address}/register")
    page.get_by_label("Person, organisation").fill("ambridge")
    page.get_by_role("button", name="Search").click()
    assert "Ambridge Primary School" in page.locator("table").inner_text()
    page.context.close()


def test_a_refusal_and_a_help_desk_call_need_no_script(office, chromium, address):
    """Without JavaScript a reviewer refuses, and the help desk finds what became of a message."""
    page = tab(chromium, address, office, office.person("reviewer"), java_script_enabled=False)
    full = fresh(office)
    page.goto(f"{address}/quarantine/{full.held.id}")
    page.get_by_label("Refuse, and explain to the sender").check()
    page.locator("#reason").fill("Ask the school for its secure pages")
    page.get_by_role("button", name="Decide").click()
    assert "Refused" in page.locator(".govuk-notification-banner").inner_text()
    page.context.close()
    page = tab(chromium, address, office, office.person("help-desk"), java_script_enabled=False)
    page.goto(address)
    full = held(office)
    page.get_by_label("Reference").fill(full.held.judged_id.lower())
    page.get_by_role("button", name="Find").click()
    assert full.recipients[0].recipient in page.locator("main").inner_text()
    page.context.close()


def everything(office):
    """Give the path of every page, with one thing of each kind behind it."""
    full = held(office)
    with office.store.read() as tx:
        shared = next(e for e in register.search(tx, register.Search()).entries if e.share_id)
    incident = office.store.submit(
        lambda tx: incidents.begin(tx, "mis-sent", "test", organisation=COUNCIL, register_id=shared.id)
    ).result()
    request = office.store.submit(
        lambda tx: talk.ask(
            tx, "wrong", "sender", "It is public", judged_id=full.held.judged_id, organisation=COUNCIL
        )
    ).result()
    person = office.person("auditor")
    proof = talk.proof_of(office.store.vault, full.held.judged_id)
    lists = "/ /me /help /accessibility /quarantine /requests /register /register/new /due /shares /incidents"
    lists += " /trail /reports /reports/replay /policy /policy/try /accounts /accounts/invite /nowhere"
    return [
        *lists.split(),
        *(f"/register/new/{channel.name}" for channel in CHANNELS),
        f"/quarantine/{full.held.id}",
        f"/quarantine/{full.held.id}/content",
        f"/messages/{full.held.judged_id}",
        f"/requests/{request}",
        f"/register/{shared.id}",
        f"/shares/{shared.share_id}",
        f"/incidents/{incident.id}",
        f"/policy/history/{office.site.known.policy.hash}",
        f"/accounts/{person.id}",
        f"/ask/{full.held.judged_id}/{proof}",
    ]


def test_axe_finds_no_violation_on_any_page(office, chromium, address):
    """Every page, and those with mistakes to mend, holds to what axe-core checks of WCAG 2.2 AA."""
    page = tab(chromium, address, office, office.person(*(role.name for role in ROLES), name="Ruth Archer"))
    found = []
    for path in everything(office):
        page.goto(f"{address}{path}")
        found += faults(page)
    for path, button in (("/register/new/post", "Record it"), ("/policy/try", "Judge it")):
        page.goto(f"{address}{path}")
        page.get_by_role("button", name=button).click()
        found += faults(page)
    page.context.clear_cookies()
    page.goto(f"{address}/sign-in")
    found += faults(page)
    page.context.close()
    assert found == []


def sheets(office):
    """Record what sheets are printed for, and give their paths."""
    paths = []
    for channel in (one for one in CHANNELS if one.prints):
        entry = register.Entry(
            ids.reference(), office.site.clock(), channel.name, sender_organisation=COUNCIL
        )
        office.store.submit(lambda tx, entry=entry: register.add(tx, (entry,))).result()
        paths += [f"/register/{entry.id}/print/{sheet}" for sheet, _ in channel.prints]
    return paths


def test_axe_finds_no_violation_behind_the_buttons(office, chromium, address):
    """What follows a press holds to it: confirmation, unmasked text, replay, trial, card; sheets and answers too."""
    page = tab(chromium, address, office, office.person(*(role.name for role in ROLES), name="Jim Lloyd"))
    full, token, found = fresh(office), ids.token(), []
    link = (token, office.site.clock() + timedelta(days=1))
    office.store.submit(
        lambda tx: talk.ask(tx, "question", "test", "Who authorised this?", link=link)
    ).result()
    for path in (*sheets(office), f"/answer/{token}"):
        assert page.goto(f"{address}{path}").ok
        found += faults(page)
    page.goto(f"{address}/quarantine")
    page.locator(f"#held-{full.held.id}").check()
    page.locator("#act").select_option("refuse")
    page.get_by_role("button", name="Continue").click()
    assert "Nothing has been done yet" in page.locator("main").inner_text()
    found += faults(page)
    page.locator("#reason").fill("Sent by mistake")
    page.get_by_role("button", name="Yes, do it").click()
    found += faults(page)
    page.goto(f"{address}/shares/{begin(office.store, way='telephone').id}")
    page.get_by_role("button", name="Show the telephone card").click()
    found += faults(page)
    page.goto(f"{address}/reports/replay")
    page.get_by_role("button", name="Replay", exact=True).click()
    assert "Every message would have fared the same" in page.locator("main").inner_text()
    found += faults(page)
    page.goto(f"{address}/policy/try")
    for field, words in (
        ("from", OFFICER),
        ("to", "dave@hotmail.co.uk"),
        ("text", "NHS number 943 476 5919"),
    ):
        page.locator(f"#{field}").fill(words)
    page.get_by_role("button", name="Judge it").click()
    assert "The judgement" in page.locator("h1").inner_text()
    found += faults(page)
    page.context.close()
    assert found == []


def test_axe_finds_no_violation_on_the_way_in(office, chromium, address):
    """Invitation, picture for the authenticator app, and the one-time code."""
    page, email = tab(chromium, address), "ed@borchester.gov.uk"
    page.goto(f"{address}/invitation/{invited(office, email, 'reviewer')}")
    found = faults(page)
    for field, words in (("name", "Ed Grundy"), ("pass-phrase", PHRASE), ("again", PHRASE)):
        page.locator(f"#{field}").fill(words)
    page.get_by_role("button", name="Continue").click()
    found += faults(page)
    secret = page.locator(".seal-key").inner_text().replace(" ", "")
    page.locator("#code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Finish").click()
    page.context.clear_cookies()
    page.goto(f"{address}/sign-in")
    page.locator("#email").fill(email)
    page.locator("#pass-phrase").fill(PHRASE)
    page.get_by_role("button", name="Continue").click()
    assert page.url.endswith("/sign-in/code")
    found += faults(page)
    page.context.close()
    assert found == []


def test_it_invites_somebody_and_an_auditor_checks_the_trail(office, chromium, address):
    """IT gives a link and sees no message; the auditor reads a held message, with no button to decide by."""
    page = tab(chromium, address, office, office.person("it"))
    page.goto(f"{address}/accounts/invite")
    page.get_by_label("E-mail address").fill("kate@borchester.gov.uk")
    page.get_by_label("Reviewer", exact=True).check()
    page.get_by_role("button", name="Invite").click()
    assert "/invitation/" in page.locator("main").inner_text()
    assert page.goto(f"{address}/quarantine").status == 403
    page.context.close()
    page = tab(chromium, address, office, office.person("auditor"))
    page.goto(f"{address}/quarantine/{held(office).held.id}")
    assert "Why it is held" in page.locator("main").inner_text()
    assert page.get_by_role("button", name="Decide").count() == 0
    page.goto(f"{address}/trail")
    page.get_by_role("button", name="Check that the whole trail holds").click()
    assert "The trail holds" in page.locator("main").inner_text()
    page.context.close()
