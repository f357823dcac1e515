"""Signing in: an invitation, a pass-phrase, an app; no way round any of them."""

import re
from datetime import timedelta

import pyotp
import pytest

from addin_backend.admin.first_start import set_up_link
from addin_backend.admin.sign_in import safe_path, step_of
from addin_backend.rate import Rate
from milter.store import accounts, doors, ids, trail
from tests.admin.office import Browser

PHRASE = "correct horse battery staple"


def browser(office):
    return Browser(office, ids.token())


def moved(office, answer):
    """Give the browser with the cookie that an answer set."""
    return Browser(office, re.search(r"sealgate=([a-z0-9]+)", answer.headers["set-cookie"])[1])


def invited(office, **given):
    token = ids.token()
    given = {"email": "lynda.snell@borchester.gov.uk", "roles": ("reviewer",)} | given
    office.store.submit(
        lambda tx: doors.invite(tx, token, "test", expires_at=tx.now + timedelta(days=1), **given)
    ).result()
    return token


def joined(office, **given):
    """Take an invitation all the way; give the browser, the app's secret and the code that was used."""
    token = invited(office, **given)
    here = browser(office)
    answer = here.post(f"/invitation/{token}", name="Lynda Snell", pass_phrase=PHRASE, again=PHRASE)
    assert answer.headers["location"] == "/sign-in/code"
    here = moved(office, answer)
    assert here.get("/sign-in/code").headers["location"] == "/sign-in/app"
    page = here.get("/sign-in/app").text
    secret = re.search(r"seal-key\">([A-Z2-7 ]+)<", page)[1].replace(" ", "")
    code = pyotp.TOTP(secret).now()
    answer = here.post("/sign-in/app", code=code)
    assert answer.headers["location"] == "/"
    return moved(office, answer), secret, code


def events(office, subject):
    with office.store.read() as tx:
        return [row.event for row in trail.rows_about(tx.connection, subject)]


def account(office, email="lynda.snell@borchester.gov.uk"):
    with office.store.read() as tx:
        return accounts.by_email(tx, email)


def start(office, phrase=PHRASE, email="lynda.snell@borchester.gov.uk", next_path=""):
    return browser(office).post("/sign-in", email=email, pass_phrase=phrase, next=next_path)


def test_an_invitation_makes_one_account_with_an_app(office):
    """Whoever is invited chooses a pass-phrase, sets up an app, and is in; the link is worth nothing then."""
    here, _, _ = joined(office)
    assert "What waits for you" in here.get("/").text
    assert account(office).roles == ("reviewer",)
    assert {"account-made", "account-changed", "signed-in"} <= set(events(office, account(office).id))


def test_an_invitation_works_once(office):
    """A link that was used, or never was one, opens nothing."""
    token = invited(office)
    browser(office).post(f"/invitation/{token}", name="Lynda", pass_phrase=PHRASE, again=PHRASE)
    assert browser(office).get(f"/invitation/{token}").status_code == 404
    assert browser(office).get("/invitation/abc").status_code == 404


@pytest.mark.parametrize(
    ("phrase", "again"),
    [
        ("short", "short"),
        ("password1234", "password1234"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa"),
        (PHRASE, "other"),
    ],
)
def test_a_weak_pass_phrase_is_not_taken(office, phrase, again):
    """What is short, common or not typed twice alike makes no account."""
    token = invited(office)
    answer = browser(office).post(f"/invitation/{token}", name="Lynda", pass_phrase=phrase, again=again)
    assert answer.status_code == 422
    assert account(office) is None


def test_signing_in_takes_both_factors_under_fresh_sessions(office):
    """Each stage has a session of its own, and the one before is worth nothing."""
    _, secret, used = joined(office)
    first = moved(office, start(office))
    assert first.get("/").headers["location"].startswith("/sign-in")
    again = first.post("/sign-in/code", code=used)
    assert again.status_code == 422, "a code works once"
    later = office.site.clock().timestamp() + 30
    answer = first.post("/sign-in/code", code=pyotp.TOTP(secret).at(later))
    second = moved(office, answer)
    assert second.get("/").status_code == 200
    assert first.get("/").status_code == 303
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=lax" in answer.headers["set-cookie"].lower()


def test_nobody_learns_who_has_an_account(office):
    """An address without an account and a wrong pass-phrase get the very same answer."""
    joined(office)

    def told(answer):
        bare = re.sub(r'value="[^"]*"', "", answer.text)
        return answer.status_code, bare

    wrong, unknown = start(office, "not the right one"), start(office, email="nobody@borchester.gov.uk")
    assert told(wrong) == told(unknown)


def test_five_failures_lock_for_a_while(office):
    """After five wrong pass-phrases even the right one does not open, and the trail has them."""
    joined(office)
    for _ in range(5):
        assert start(office, "not the right one").status_code == 422
    assert start(office).status_code == 422
    assert events(office, account(office).id).count("sign-in-failed") == 5


def test_one_address_may_not_try_for_ever(office):
    """Trying many accounts from one address ends in waiting."""
    office.desk.sign_ins = Rate(2, 3_600)
    answers = [start(office, email=f"x{number}@borchester.gov.uk").status_code for number in range(3)]
    assert answers == [422, 422, 429]


def test_a_disabled_account_is_out_at_once(office):
    """Disabling an account ends what it is doing."""
    here, _, _ = joined(office)
    office.store.submit(lambda tx: accounts.change(tx, account(office).id, "test", state="disabled")).result()
    assert here.get("/").headers["location"].startswith("/sign-in")
    assert start(office).status_code == 422


def test_signing_out_ends_the_session(office):
    """A token that was signed out opens nothing."""
    here, _, _ = joined(office)
    here.post("/sign-out")
    assert here.get("/").status_code == 303


def test_a_pass_phrase_alone_replaces_no_app(office):
    """Whoever knows only the pass-phrase can't set up another app."""
    joined(office)
    first = moved(office, start(office))
    assert first.get("/sign-in/app").status_code == 404


def test_a_form_of_another_page_changes_nothing(office):
    """Without the token that its page bore, a form is refused."""
    here = office.as_("it")
    answer = office.client.post("/accounts/invite", data={"email": "a@b.gov.uk"}, headers=here._headers())
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/register?q=a", "/register?q=a"),
        ("//evil.example", ""),
        ("/\\evil", ""),
        ("https://evil.example", ""),
    ],
)
def test_signing_in_leads_back_to_these_pages_only(path, kept):
    """An address in a link can't lead elsewhere after signing in."""
    assert safe_path(path) == kept


def test_codes_of_the_neighbouring_half_minutes_hold():
    """A clock may be half a minute off, no more."""
    secret, now = pyotp.random_base32(), 1_000_000_000
    codes = [pyotp.TOTP(secret).at(now + shift) for shift in (-60, -30, 0, 30, 60)]
    assert [step_of(secret, code, now) is not None for code in codes] == [False, True, True, True, False]


def test_the_first_start_prints_a_link_once_there_is_nobody(office):
    """With no account there is a link; with one there is none."""
    link = set_up_link(office.site, "http://localhost")
    path = link.removeprefix("http://localhost")
    answer = browser(office).post(
        path, email="it@borchester.gov.uk", name="Neil", pass_phrase=PHRASE, again=PHRASE
    )
    assert answer.headers["location"] == "/sign-in/code"
    assert account(office, "it@borchester.gov.uk").roles == ("it",)
    assert set_up_link(office.site, "http://localhost") == ""
