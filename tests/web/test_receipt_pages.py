"""The recipient's pages: what a link shows, what its buttons do, and that nothing else does anything."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from addin_backend.receipt.app import build
from addin_backend.receipt.door import ACTS, VISITS
from addin_backend.site import Site
from milter import log, sharing
from milter.receipts.token import new_token
from milter.store import incidents, register, shares
from tests.web.shares import OFFICER, PASSWORD, PERSON, SCHOOL, Begun, asked, begin, share_of, site_in

URL = "https://testserver"
WAYS_IN = (("GET", ""), ("POST", ""), ("GET", "/not-for-me"), ("POST", "/not-for-me"), ("POST", "/again"))


class Clock:
    """A clock that tests set."""

    now = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def visitor(site: Site) -> TestClient:
    return TestClient(build(site), URL)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tmp_path: Path, clock: Clock) -> Iterator[Site]:
    made = site_in(tmp_path / "etc", clock)
    yield made
    made.store.close()


@pytest.fixture
def browser(site: Site) -> TestClient:
    return visitor(site)


@pytest.fixture
def begun(site: Site) -> Begun:
    return begin(site.store)


def rows(site: Site) -> int:
    """Count what the trail holds: any change of state leaves a row."""
    return site.store.verify().rows


def test_the_link_shows_who_sent_what_kind_of_thing_and_when_and_nothing_else(
    browser: TestClient, begun: Begun
) -> None:
    """No recipient, file name, kind of information, purpose or password stands on the page."""
    page = browser.get(f"/c/{begun.page}")
    assert page.status_code == 200
    for shown in (OFFICER, "Borchester Borough Council", "One document", "Wednesday 1 July 2026 at 10:00"):
        assert shown in page.text
    for hidden in (SCHOOL, "case note", "child", "EHC plan", PASSWORD):
        assert hidden not in page.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["", "/not-for-me"])
def test_following_a_link_changes_nothing(
    method: str, path: str, browser: TestClient, begun: Begun, site: Site
) -> None:
    """Scanners fetch every link, some of them twice, some with HEAD (pitfall 2)."""
    before = rows(site)
    for _ in range(3):
        assert browser.request(method, f"/c/{begun.page}{path}").status_code == 200
    assert share_of(site.store, begun).state == "sent"
    assert rows(site) == before


def test_confirming_fills_the_register_and_asks_for_the_password_to_be_sent(
    browser: TestClient, begun: Begun, site: Site
) -> None:
    """The record of sharing is complete (R1), and the password goes to the recipient's address by itself."""
    page = browser.post(f"/c/{begun.page}", data=PERSON)
    with site.store.read() as tx:
        entry = register.get(tx, begun.register_id)
    assert "Thank you. You have confirmed" in page.text
    assert PASSWORD not in page.text
    assert share_of(site.store, begun).state == "released"
    assert asked(site.store, begun) == [("password", "recipient")]
    assert entry is not None
    assert entry.gaps == ()
    assert (entry.recipient_name, entry.recipient_job_title) == ("Jill Archer", "Head teacher")
    assert (entry.recipient_organisation, entry.recipient_telephone) == (
        "Ambridge Primary School",
        "0118 496 0150",
    )
    assert entry.status == "released"


def test_confirming_twice_is_confirming_once(browser: TestClient, begun: Begun, site: Site) -> None:
    """A double click, a reload or the back button sends no second password and changes no record."""
    for name in ("Jill Archer", "Somebody Else"):
        page = browser.post(f"/c/{begun.page}", data=PERSON | {"name": name})
        assert "Thank you. You have confirmed" in page.text
    with site.store.read() as tx:
        entry = register.get(tx, begun.register_id)
    assert asked(site.store, begun) == [("password", "recipient")]
    assert entry is not None
    assert entry.recipient_name == "Jill Archer"


def test_two_windows_at_once_are_one_confirmation(site: Site, begun: Begun) -> None:
    """Ten requests at the same moment end in one release and one password."""
    app = build(site)

    def press(_: int) -> int:
        return TestClient(app, URL).post(f"/c/{begun.page}", data=PERSON).status_code

    with ThreadPoolExecutor(10) as windows:
        answers = set(windows.map(press, range(10)))
    with site.store.read() as tx:
        released = [e for e in shares.history(tx, begun.id) if e.event == "released"]
    assert answers == {200}
    assert len(released) == 1
    assert asked(site.store, begun) == [("password", "recipient")]


def test_confirming_and_refusing_at_once_leaves_one_end(site: Site, begun: Begun) -> None:
    """Whichever comes last, 'not for me' stands: the password is destroyed."""
    app = build(site)

    def press(path: str) -> None:
        TestClient(app, URL).post(f"/c/{begun.page}{path}", data=PERSON)

    with ThreadPoolExecutor(8) as windows:
        list(windows.map(press, ["", "/not-for-me"] * 4))
    share = share_of(site.store, begun)
    assert share.state == "refused"
    assert share.password_destroyed_at is not None
    assert asked(site.store, begun).count(("password", "recipient")) <= 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Enter your full name"),
        ("name", "   \u200b ", "Enter your full name"),
        ("job_title", "", "Enter your job title"),
        ("organisation", "", "Enter the name of your organisation"),
        ("telephone", "", "Enter a telephone number"),
        ("telephone", "ring me", "Enter a telephone number, like"),
        ("telephone", "123", "Enter a telephone number, like"),
        ("name", "x" * 121, "Name must be 120 characters or fewer"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_released(
    field: str, value: str, words: str, browser: TestClient, begun: Begun, site: Site
) -> None:
    """The summary links to the field, the other answers stay, the title says that there is an error."""
    page = browser.post(f"/c/{begun.page}", data=PERSON | {field: value})
    assert page.status_code == 400
    assert "<title>Error: " in page.text
    assert f'<a href="#{field}">{words}' in page.text
    assert f'id="{field}-error"' in page.text
    kept = "Head teacher" if field != "job_title" else "Jill Archer"
    assert f'value="{kept}"' in page.text
    assert share_of(site.store, begun).state == "sent"
    assert asked(site.store, begun) == []


@pytest.mark.parametrize(
    "number",
    ["0118 496 0150", "+44 118 496 0150", "(0118) 4960150", "0118 496 0150 ext 214", "01632-960-001"],
)
def test_telephone_numbers_may_be_written_as_people_write_them(
    number: str, browser: TestClient, begun: Begun, site: Site
) -> None:
    """Spaces, brackets, hyphens, country codes and extensions are all right."""
    browser.post(f"/c/{begun.page}", data=PERSON | {"telephone": number})
    assert share_of(site.store, begun).state == "released"


def test_what_a_hostile_visitor_writes_is_shown_as_text(browser: TestClient, begun: Begun) -> None:
    """Markup in an answer does not become markup of the page."""
    page = browser.post(f"/c/{begun.page}", data=PERSON | {"name": '"><script>x', "telephone": ""})
    assert "<script>x" not in page.text
    assert "&lt;script&gt;x" in page.text


def test_not_for_me_destroys_the_password_tells_everyone_and_starts_the_clock(
    browser: TestClient, begun: Begun, site: Site, clock: Clock
) -> None:
    """Nobody can be given the password any more, sender and governance are told, an incident runs for 72 hours."""
    page = browser.post(f"/c/{begun.page}/not-for-me")
    share = share_of(site.store, begun)
    with site.store.read() as tx:
        (incident,) = incidents.listed(tx)
        entry = register.get(tx, begun.register_id)
    assert "Thank you for telling us" in page.text
    assert (share.state, share.password_destroyed_at) == ("refused", clock.now)
    assert sorted(asked(site.store, begun)) == [("incident", "governance"), ("not-for-me", "sender")]
    assert incident.share_id == begun.id
    assert incident.due_at == clock.now + timedelta(hours=72)
    assert entry is not None
    assert entry.status == "refused"


def test_not_for_me_twice_is_one_incident(browser: TestClient, begun: Begun, site: Site) -> None:
    """The second press finds nothing left to do, and says so calmly."""
    browser.post(f"/c/{begun.page}/not-for-me")
    page = browser.post(f"/c/{begun.page}/not-for-me")
    with site.store.read() as tx:
        assert len(incidents.listed(tx)) == 1
    assert page.status_code == 404
    assert len(asked(site.store, begun)) == 2


def test_not_for_me_after_the_password_went_out_opens_the_incident_all_the_same(
    browser: TestClient, begun: Begun, site: Site
) -> None:
    """The link still works for that: the password is out, so the clock matters more."""
    browser.post(f"/c/{begun.page}", data=PERSON)
    page = browser.post(f"/c/{begun.page}/not-for-me")
    with site.store.read() as tx:
        assert len(incidents.listed(tx)) == 1
    assert "If you have opened the document, tell" in page.text
    assert share_of(site.store, begun).state == "refused"


def test_a_lost_password_is_sent_again_to_the_same_address_a_limited_number_of_times(
    browser: TestClient, begun: Begun, site: Site
) -> None:
    """By the same link and button, three times more, each one logged (pitfall 9)."""
    browser.post(f"/c/{begun.page}", data=PERSON)
    for _ in range(5):
        page = browser.post(f"/c/{begun.page}/again")
    assert asked(site.store, begun) == [("password", "recipient")] * 4
    assert share_of(site.store, begun).reissues == 3
    assert "Send the password again" not in page.text
    with site.store.read() as tx:
        assert [e.event for e in shares.history(tx, begun.id)].count("reissued") == 3


def test_asking_again_before_confirming_sends_nothing(browser: TestClient, begun: Begun, site: Site) -> None:
    """Re-issue is no way round the confirmation."""
    page = browser.post(f"/c/{begun.page}/again")
    assert "I am the person this was meant for" in page.text
    assert asked(site.store, begun) == []


def test_by_telephone_confirming_says_that_the_sender_rings(browser: TestClient, site: Site) -> None:
    """No password goes by mail, whatever is pressed; the sender's call releases it."""
    begun = begin(site.store, way="telephone")
    page = browser.post(f"/c/{begun.page}", data=PERSON)
    browser.post(f"/c/{begun.page}/again")
    assert "The sender rings you through your organisation" in page.text
    assert share_of(site.store, begun).state == "confirmed"
    assert asked(site.store, begun) == []


def dead_links(site: Site, clock: Clock) -> Iterator[tuple[str, str]]:
    """Give links that open nothing, each by what is wrong with it."""
    yield "unknown", f"/c/{new_token()}"
    yield "misspelt", "/c/nonsense"
    yield "hostile", "/c/%3Cscript%3E"
    yield "long", "/c/" + "a" * 4000
    yield "another purpose", f"/c/{begin(site.store).sender}"
    for event in ("withdrawn", "not-for-me", "bounced", "expired"):
        begun = begin(site.store)
        with site.store.transaction() as tx:
            sharing.happened(tx, begun.id, event, "test")  # type: ignore[arg-type]
        yield event, f"/c/{begun.page}"
    released = begin(site.store)
    with site.store.transaction() as tx:
        sharing.confirmed(tx, released.id, "a", "b", "c", "d")
        shares.destroy_password(tx, released.id, "gateway")
    yield "password destroyed", f"/c/{released.page}"
    late = begin(site.store)
    clock.now += timedelta(days=15)
    yield "run out", f"/c/{late.page}"


def test_every_link_that_opens_nothing_gets_the_same_calm_page(site: Site, clock: Clock) -> None:
    """Unknown, misspelt, spent, expired: status, headers and words are the same, so nothing can be learnt."""
    browser = visitor(site)
    seen = {}
    for why, link in dead_links(site, clock):
        for method, path in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/not-for-me"),
            ("POST", "/not-for-me"),
            ("POST", "/again"),
        ):
            page = browser.request(method, link + path)
            seen[why, method, path] = (page.status_code, page.text, sorted(page.headers.items()))
    (only,) = {(status, text, tuple(headers)) for status, text, headers in seen.values()}
    assert only[0] == 404
    assert "There is nothing to do here any more" in only[1]
    assert len({why for why, _, _ in seen}) == 11


def test_pages_are_kept_by_nobody_and_found_by_no_search(browser: TestClient, begun: Begun) -> None:
    """No cache, no index, no referrer to other sites, no frame, no script but our own."""
    headers = browser.get(f"/c/{begun.page}").headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert "noindex" in headers["x-robots-tag"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "set-cookie" not in headers
    assert browser.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_another_site_cant_press_the_buttons(browser: TestClient, begun: Begun, site: Site) -> None:
    """A form on a foreign page changes nothing, even where it knows the link."""
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in ("", "/not-for-me", "/again"):
            assert browser.post(f"/c/{begun.page}{path}", data=PERSON, headers=headers).status_code == 403
    assert share_of(site.store, begun).state == "sent"


def test_a_flood_of_guesses_is_slowed_down_and_one_link_takes_few_presses(site: Site, begun: Begun) -> None:
    """One address may try so many links in ten minutes, and one link be pressed so often; with time it may again."""
    seconds = [0.0]
    application = build(site, lambda: seconds[0])
    guesser = TestClient(application, URL, client=("192.0.2.7", 1))
    assert [guesser.get(f"/c/{new_token()}").status_code for _ in range(VISITS[0] + 1)][-2:] == [404, 429]
    presser = TestClient(application, URL)
    answers = [presser.post(f"/c/{begun.page}", data={}).status_code for _ in range(ACTS[0] + 1)]
    assert answers[-2:] == [400, 429]
    seconds[0] = VISITS[1]
    assert guesser.get(f"/c/{new_token()}").status_code == 404


def test_the_log_has_routes_and_never_a_token_a_name_or_an_address(
    browser: TestClient, begun: Begun, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is logged is fit for anyone who reads logs (law 8)."""
    log.configure()
    capsys.readouterr()
    browser.get(f"/c/{begun.page}")
    browser.post(f"/c/{begun.page}", data=PERSON)
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    written = repr([{name: event[name] for name in event if name != "timestamp"} for event in events])
    assert "/c/{token}" in written
    for secret in (begun.page, "Jill", "Archer", SCHOOL, OFFICER, PASSWORD, "0150"):
        assert secret not in written


def test_a_form_that_is_far_too_large_is_refused(browser: TestClient, begun: Begun, site: Site) -> None:
    """Nothing of it is kept."""
    assert browser.post(f"/c/{begun.page}", data=PERSON | {"name": "x" * 50_000}).status_code == 413
    assert share_of(site.store, begun).state == "sent"


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b"a=1&" * 100, b"name=%00%ff", b'--x\r\nContent-Disposition: form-data; name="name"'],
)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_broken_form_is_answered_in_words(
    body: bytes, kind: str, browser: TestClient, begun: Begun, site: Site
) -> None:
    """Whatever is posted, the answer is a page and the share stays as it was."""
    page = browser.post(f"/c/{begun.page}", content=body, headers={"Content-Type": kind})
    assert page.status_code in {400, 413}
    assert "Traceback" not in page.text
    assert share_of(site.store, begun).state == "sent"


@pytest.mark.parametrize("path", ["/", "/privacy", "/accessibility"])
def test_pages_for_everyone(path: str, browser: TestClient) -> None:
    """What stands at the door, what is kept, and who is left out by accident and whom to tell."""
    page = browser.get(path)
    assert page.status_code == 200
    assert "Borchester Borough Council" in page.text
    assert re.search(r'href="/accessibility"', page.text)


# --- the sender's page


def test_the_sender_sees_where_it_stands_and_takes_it_back(
    browser: TestClient, begun: Begun, site: Site
) -> None:
    """Its password is destroyed, the recipient told, and all links are spent."""
    shown = browser.get(f"/s/{begun.sender}")
    assert SCHOOL in shown.text
    assert "Nobody has confirmed it yet" in shown.text
    assert "Take back what you sent" in browser.get(f"/s/{begun.sender}/take-back").text
    assert share_of(site.store, begun).state == "sent"
    page = browser.post(f"/s/{begun.sender}/take-back")
    share = share_of(site.store, begun)
    assert "It has been taken back" in page.text
    assert (share.state, share.password_destroyed_at is not None) == ("withdrawn", True)
    assert asked(site.store, begun) == [("withdrawn", "recipient")]
    assert browser.get(f"/c/{begun.page}").status_code == 404
    assert browser.get(f"/s/{begun.sender}").status_code == 404


def test_what_is_out_cant_be_taken_back(browser: TestClient, begun: Begun, site: Site) -> None:
    """The page says so, and whom to tell."""
    browser.post(f"/c/{begun.page}", data=PERSON)
    page = browser.post(f"/s/{begun.sender}/take-back")
    assert "The recipient has the password" in page.text
    assert (
        "It can&#39;t be taken back any more" in page.text or "It can't be taken back any more" in page.text
    )
    assert share_of(site.store, begun).state == "released"


def test_the_sender_writes_down_whom_the_password_was_told(browser: TestClient, site: Site) -> None:
    """The call releases the share, and the register has name and job title (T1, R1)."""
    begun = begin(site.store, way="telephone")
    missing = browser.post(f"/s/{begun.sender}/told", data={"name": "", "job_title": ""})
    assert missing.status_code == 400
    assert "Enter the name of the person you told" in missing.text
    page = browser.post(f"/s/{begun.sender}/told", data={"name": "Jill Archer", "job_title": "Head"})
    with site.store.read() as tx:
        entry = register.get(tx, begun.register_id)
    assert "The recipient has the password" in page.text
    assert entry is not None
    assert (entry.recipient_name, entry.recipient_job_title, entry.status) == (
        "Jill Archer",
        "Head",
        "released",
    )
    assert entry.way == sharing.WAY_BY_TELEPHONE


def test_a_password_that_goes_by_email_is_not_marked_as_told(
    browser: TestClient, begun: Begun, site: Site
) -> None:
    """The form is not there, and posting it does nothing."""
    assert "Whom did you tell" not in browser.get(f"/s/{begun.sender}").text
    browser.post(f"/s/{begun.sender}/told", data={"name": "Jill Archer", "job_title": "Head"})
    assert share_of(site.store, begun).state == "sent"


def test_the_recipients_link_is_not_the_senders(browser: TestClient, begun: Begun) -> None:
    """Each opens its own page only."""
    assert browser.get(f"/s/{begun.page}").status_code == 404
    assert browser.get(f"/c/{begun.sender}").status_code == 404
