"""Each role against each route, and one organisation's people against another's things."""

import re
from pathlib import Path

import pytest

from addin_backend.admin.incident_pages import report
from addin_backend.admin.roles import ROLES
from addin_backend.admin.routes import DOORS
from milter.store import quarantine, register, shares, talk
from tests.admin.office import COUNCIL

TABLE = Path(__file__).with_name("authorisation.txt")
NAMES = tuple(role.name for role in ROLES)
STANDS_FOR = {"id": "SG-0000-0000-0000", "channel": "fax", "sheet": "cover-sheet"}


def rows():
    """Give (method, path, roles) of each line."""
    lines = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    for method, path, *roles in lines:
        yield method, path, {"anyone": None, "signed-in": set(NAMES)}.get(roles[0], set(roles))


def filled_path(path):
    return re.sub(r"{(\w+)}", lambda found: STANDS_FOR.get(found[1], "x" * 40), path)


def test_the_table_of_this_test_names_every_route():
    """No page is without a line here, and no line without a page."""
    assert sorted((method, path) for method, path, _ in rows()) == sorted((d.method, d.path) for d in DOORS)


def test_each_role_opens_what_its_line_says_and_nothing_else(office):
    """Every role is let in or refused by every route as the table has it; who is not signed in is sent to sign in."""
    browsers = {role: office.as_(role) for role in NAMES}
    nobody = office.as_("it")
    nobody.token = "0" * 40
    for method, path, roles in rows():
        here = filled_path(path)
        for role, browser in browsers.items():
            if path == "/sign-out":
                continue
            status = (browser.get(here) if method == "GET" else browser.post(here)).status_code
            assert (status == 403) is (roles is not None and role not in roles) or roles is None, (role, path)
        answer = nobody.get(here) if method == "GET" else nobody.post(here)
        sent_away = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        assert sent_away is (roles is not None) or roles is None, path


def things(office):
    """Give the path of one thing of each kind that the council has."""
    with office.store.read() as tx:
        held = quarantine.search(tx, quarantine.Search())[0][0]
        entry = next(e for e in register.search(tx, register.Search()).entries if e.share_id)
        share = shares.get(tx, entry.share_id)
    request = office.store.submit(
        lambda tx: talk.ask(
            tx, "look-again", "sender", "Please", judged_id=held.judged_id, organisation=COUNCIL
        )
    ).result()
    incident = office.store.submit(lambda tx: report(tx, entry, "other", "test")).result()
    return {
        f"/quarantine/{held.id}": ("decide", "assign", "note", "ask", "feedback", "content"),
        f"/register/{entry.id}": ("fill", "settle", "note", "incident"),
        f"/shares/{share.id}": ("", "card"),
        f"/requests/{request}": ("",),
        f"/incidents/{incident.id}": ("",),
        f"/messages/{held.judged_id}": (),
    }


FIELDS = {
    "reason": "x",
    "act": "release",
    "recipients": "childrens.therapy@borsetshire.nhs.uk",
    "note": "x",
    "question": "x",
    "kind": "other",
    "purpose": "x",
    "answer": "x",
    "to": "",
}


def test_what_belongs_to_another_organisation_does_not_exist(office):
    """With every role but another scope, nothing of the council can be seen, changed, found or exported."""
    everything = things(office)
    stranger = office.as_(*NAMES, scope=("Ambridge Town Council",))
    own = office.as_(*NAMES, scope=(COUNCIL,))
    for path, acts in everything.items():
        assert own.get(path).status_code == 200, path
        assert stranger.get(path).status_code == 404, path
        for act in acts:
            status = stranger.post(f"{path}/{act}".rstrip("/"), **FIELDS).status_code
            assert status == 404, (path, act)
        reference = path.rpartition("/")[2]
        assert stranger.get(f"/find?reference={reference}").status_code == 404
        for listing in ("/quarantine", "/register", "/shares", "/requests", "/incidents", "/register.csv"):
            assert reference not in stranger.get(listing).text
    path = next(path for path in everything if path.startswith("/register"))
    assert stranger.get(f"{path}/evidence").status_code == 404
    assert stranger.get(f"{path}/print/cover-sheet").status_code == 404


@pytest.mark.parametrize("roles", [("reviewer",), ("auditor",), ("help-desk",), ("recorder",), ("it",)])
def test_the_menu_shows_what_may_be_opened(office, roles):
    """No menu leads to a refusal."""
    here = office.as_(*roles)
    for path in re.findall(r'service-navigation__link" href="([^"]+)"', here.get("/").text):
        assert here.get(path).status_code == 200, path


def test_nobody_changes_their_own_rights(office):
    """IT can't give itself a role, nor shut itself out; another of IT can."""
    person = office.person("it")
    here = office.enter(person)
    assert here.post(f"/accounts/{person.id}", act="rights", roles="reviewer").status_code == 409
    assert here.post(f"/accounts/{person.id}", act="disable").status_code == 409
    other = office.as_("it")
    assert other.post(f"/accounts/{person.id}", act="rights", roles="auditor").status_code == 303
    assert here.get("/accounts").status_code == 403
