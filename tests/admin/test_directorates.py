"""Accounts of one directorate: what they see of each kind of thing, in each list, by pages and API."""

import csv
import io
import re
from datetime import timedelta

import pytest

from addin_backend.admin.api.table import API
from milter.store import accounts, incidents, outbox, quarantine, register, shares, talk
from milter.store.register import Entry
from milter.store.scope import text_of
from tests.admin.office import COUNCIL
from tests.admin.test_api import ENTRY, call, token
from tests.admin.test_reports import kept, upload
from tests.admin.test_rights import FIELDS, NAMES, things
from tests.gateway.harness import OFFICER

CHILDREN, HOUSING = text_of(COUNCIL, "Children's Services"), text_of(COUNCIL, "Housing")
LISTINGS = (
    "/quarantine?state=all",
    "/register",
    "/shares",
    "/requests",
    "/incidents",
    "/due",
    "/register.csv",
)


def due(office, directorate):
    """Record something that is due back, of a directorate."""
    now = office.site.clock()
    entry = Entry(
        f"SG-0000-0000-00{len(directorate):02}",
        now,
        "by-hand",
        sender_organisation=COUNCIL,
        directorate=directorate,
        recipient_name=f"Taken by {directorate or 'nobody known'}",
        status="due",
        due_at=now + timedelta(days=1),
        due_for="return",
    )
    office.store.submit(lambda tx: register.add(tx, (entry,))).result()
    return entry.id


def test_the_gateway_stores_the_senders_directorate(office):
    """What was judged, held, recorded, shared, asked and reported bears the directorate of its sender."""
    things(office)
    with office.store.read() as tx:
        held = quarantine.search(tx, quarantine.Search())[0]
        entries = register.search(tx, register.Search(), limit=200).entries
        found = [*held, *entries, *shares.search(tx)[0], *talk.listed(tx), *incidents.listed(tx)]
    assert {type(one).__name__ for one in found} == {"Held", "Entry", "Share", "Request", "Incident"}
    for one in (*found, *(message for message, _ in kept(office))):
        theirs = getattr(one, "sender", OFFICER) == OFFICER
        assert one.directorate == ("Children's Services" if theirs else ""), one


@pytest.mark.parametrize("scope", [HOUSING, text_of(COUNCIL, "Gone")])
def test_another_directorates_things_do_not_exist(office, scope):
    """With every role but another directorate nothing can be opened, changed, found, listed or exported."""
    everything = things(office)
    stranger, own = office.as_(*NAMES, scope=(scope,)), office.as_(*NAMES, scope=(CHILDREN,))
    taken = due(office, "Children's Services")
    for path, acts in {**everything, f"/register/{taken}": ("fill", "settle", "note", "incident")}.items():
        assert own.get(path).status_code == 200, path
        assert stranger.get(path).status_code == 404, path
        for act in acts:
            assert stranger.post(f"{path}/{act}".rstrip("/"), **FIELDS).status_code == 404, (path, act)
        assert stranger.get(f"/find?reference={path.rpartition('/')[2]}").status_code == 404
    pages = {listing: (own.get(listing).text, stranger.get(listing).text) for listing in LISTINGS}
    for path in (*everything, f"/register/{taken}"):
        reference = path.rpartition("/")[2]
        assert path.startswith("/messages") or any(reference in mine for mine, _ in pages.values()), path
        assert not any(reference in theirs for _, theirs in pages.values()), path
    entry = next(path for path in everything if path.startswith("/register"))
    assert stranger.get(f"{entry}/evidence").status_code == 404
    assert stranger.get(f"{entry}/print/cover-sheet").status_code == 404


def test_nothing_is_decided_in_bulk_beyond_the_directorate(office):
    """A form with another directorate's message in it is answered as if there were none."""
    with office.store.read() as tx:
        held = quarantine.search(tx, quarantine.Search())[0][0]
    stranger = office.as_("reviewer", scope=(HOUSING,))
    for path in ("/quarantine/bulk", "/quarantine/bulk/do"):
        assert stranger.post(path, held=held.id, act="refuse", reason="x").status_code == 404
    with office.store.read() as tx:
        assert quarantine.get(tx, held.id).held.waiting == held.waiting


def test_what_belongs_to_no_known_directorate_is_seen_by_the_whole_organisation_only(office):
    """Closed when unsure: who sees a directorate does not see what might be another's."""
    nobodys, theirs = due(office, ""), due(office, "Housing")
    for scope, seen in (
        ((), {nobodys, theirs}),
        ((COUNCIL,), {nobodys, theirs}),
        ((HOUSING,), {theirs}),
        ((CHILDREN,), set()),
        ((CHILDREN, HOUSING), {theirs}),
    ):
        here = office.as_("governance", scope=scope)
        assert {one for one in (nobodys, theirs) if here.get(f"/register/{one}").status_code == 200} == seen
        assert {one for one in (nobodys, theirs) if one in here.get("/due").text} == seen


def test_the_start_page_counts_within_the_directorate(office):
    """Each figure is that of the list behind it."""
    things(office)
    due(office, "Housing")
    page = office.as_("governance", scope=(HOUSING,)).get("/").text
    figures = [int(figure) for figure in re.findall(r'class="seal-figure">(\d+)', page)]
    assert figures == [0, 0, 0, 0, 1, 1, 0, 0], "one is due, and has gaps"


def test_messages_are_given_to_those_only_who_see_them(office):
    """A reviewer of another directorate is not offered, and can't be given, a held message."""
    with office.store.read() as tx:
        held = quarantine.search(tx, quarantine.Search())[0][0]
    here = office.as_("reviewer", scope=(CHILDREN,))
    colleague = office.person("reviewer", name="Ruth Archer", scope=(CHILDREN,))
    stranger = office.person("reviewer", name="Eddie Grundy", scope=(HOUSING,))
    page = here.get(f"/quarantine/{held.id}").text
    assert "Ruth Archer" in page
    assert "Eddie Grundy" not in page
    assert here.post(f"/quarantine/{held.id}/assign", to=stranger.id).status_code == 409
    assert here.post(f"/quarantine/{held.id}/assign", to=colleague.id).status_code == 303


@pytest.mark.parametrize("path", ["/quarantine?state=all&", "/register?", "/shares?", "/register.csv?"])
def test_lists_are_narrowed_to_a_directorate(office, path):
    """A filter shows one directorate's, and never more than the account sees."""
    here, part = office.as_("governance"), office.as_("governance", scope=(CHILDREN,))
    text = "amira.khan@borchester.gov.uk"
    for filters, seen in (
        ({"organisation": CHILDREN}, True),
        ({"organisation": COUNCIL, "directorate": "Children's Services"}, True),
        ({"organisation": COUNCIL}, True),
        ({"organisation": HOUSING}, False),
        ({"organisation": "Another"}, False),
    ):
        query = "&".join(f"{name}={value}" for name, value in filters.items()).replace(" ", "+")
        query = query.replace("\t", "%09")
        assert (text in here.get(path + query).text) is seen, filters
        assert (text in part.get(path + query).text) is seen, filters
    page = here.get(path.rstrip("?&")).text
    assert path.startswith("/register.csv") or "Children&#39;s Services</option>" in page


def test_reports_count_by_directorate_and_within_the_scope(office):
    """The table names directorates; another one's reviewer counts nothing."""
    page = office.as_("auditor").get("/reports").text
    assert f"{COUNCIL}: Children&#39;s Services</th>" in page
    stranger = office.as_("reviewer", scope=(HOUSING,)).get("/reports").text
    assert "No mail came in this time" in stranger
    assert "No rule had anything to say" in stranger
    narrowed = office.as_("auditor").get("/reports", params={"organisation": HOUSING}).text
    assert "No mail came in this time" in narrowed


def test_replay_judges_within_the_directorate(office):
    """A changed policy is tried on the messages that the account sees."""
    text = (office.site.folder / "policy.toml").read_text()
    stranger = office.as_("governance", scope=(HOUSING,))
    assert "0 messages" in upload(stranger, "/reports/replay", policy=text, weeks="4").text


def test_the_trail_is_shown_of_what_is_seen(office):
    """A part of the organisation reads the trail of its own things by reference, and no list of everybody's."""
    with office.store.read() as tx:
        held = quarantine.search(tx, quarantine.Search())[0][0]
    own, stranger = office.as_("auditor", scope=(CHILDREN,)), office.as_("auditor", scope=(HOUSING,))
    assert "message held" in own.get(f"/trail?q={held.id}").text
    assert "message held" not in stranger.get(f"/trail?q={held.id}").text
    assert held.id not in own.get("/trail").text
    assert "message held" in office.as_("auditor").get("/trail").text


def test_the_export_names_the_directorate(office):
    """CSV has a column for it."""
    found = office.as_("governance").get("/register.csv").text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(found)))
    assert {row["sender's directorate"] for row in rows} == {"Children's Services"}


def test_a_sharing_is_recorded_for_a_directorate_that_the_account_sees(office):
    """The form offers the account's own; another one's name in it is not taken."""
    part = office.person("recorder", name="Amira Khan", scope=(CHILDREN,))
    here = office.enter(part)
    fields = {
        "date": "2026-11-20",
        "time": "10:00",
        "recipient_name": "Jo Marsh",
        "recipient_job_title": "SENCO",
        "recipient_organisation": "Ambridge Primary School",
        "recipient_telephone": "0118 496 0150",
        "purpose": "Transition plan",
        "information": "health",
    }
    for chosen in (CHILDREN, HOUSING, COUNCIL):
        data = {"csrf": office.store.vault.digest("form", here.token)[:40], **fields, "organisation": chosen}
        answer = office.client.post(
            "/register/new/telephone", data=data, headers=here._headers(), follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
        with office.store.read() as tx:
            entry = register.get(tx, answer.headers["location"].split("/")[2].partition("?")[0])
        assert (entry.sender_organisation, entry.directorate) == (COUNCIL, "Children's Services")
    whole = office.as_("recorder").get("/register/new/telephone").text
    assert f"{COUNCIL}: Housing</option>" in whole
    assert f"{COUNCIL}: Housing</option>" not in here.get("/register/new/telephone").text


def test_it_scopes_an_account_to_directorates(office):
    """IT ticks directorates; a scope that names one which is gone is kept, since none at all would be everything."""
    admin = office.as_("it")
    person = office.person("reviewer", scope=(text_of(COUNCIL, "Gone"),))
    page = admin.get(f"/accounts/{person.id}").text
    assert f"{COUNCIL}: Housing" in page
    assert "Gone (there is no more)" in page
    for scope in ([HOUSING, text_of(COUNCIL, "Gone")], [text_of(COUNCIL, "Gone"), "Never there"], [CHILDREN]):
        assert (
            admin.post(f"/accounts/{person.id}", act="rights", roles="reviewer", scope=scope).status_code
            == 303
        )
        with office.store.read() as tx:
            assert accounts.get(tx, person.id).scope == tuple(one for one in scope if one != "Never there")
    assert f"{COUNCIL}: Children&#39;s Services" in admin.get("/accounts").text
    asked = admin.post("/accounts/invite", email="jim@borchester.gov.uk", roles="reviewer", scope=HOUSING)
    assert asked.status_code == 200


def test_programs_see_the_directorate_of_their_account(office):
    """Each list and thing of the API is within the scope; a filter narrows; recording elsewhere is refused."""
    everything = things(office)
    own = token(office, *NAMES, scope=(CHILDREN,))
    stranger = token(office, *NAMES, scope=(HOUSING,))
    for path in ("/held", "/register", "/shares", "/requests", "/incidents", "/reports"):
        mine, theirs = (call(office, "GET", path, headers).json() for headers in (own, stranger))
        key = "judgements" if path == "/reports" else "items"
        assert mine[key]
        assert theirs[key] == []
        narrowed = call(office, "GET", f"{path}?organisation={COUNCIL}&directorate=Housing", own).json()
        assert narrowed[key] == []
    for path in everything:
        kind, reference = path.strip("/").split("/")
        here = {"quarantine": "held"}.get(kind, kind)
        assert call(office, "GET", f"/{here}/{reference}", own).status_code == 200
        assert call(office, "GET", f"/{here}/{reference}", stranger).status_code == 404
        for door in (one for one in API if one.method == "POST" and one.path.startswith(f"/{here}/{{id}}")):
            status = call(office, "POST", door.path.replace("{id}", reference), stranger, **body_of(door))
            assert status.status_code == 404, door.path
    before = len(outbox_of(office))
    held = next(path.rpartition("/")[2] for path in everything if path.startswith("/quarantine"))
    for act, body in (("release", {"reason": "x"}), ("refuse", {"reason": "x"}), ("note", {"text": "x"})):
        assert call(office, "POST", f"/held/{held}/{act}", stranger, **body).status_code == 404
    assert len(outbox_of(office)) == before
    made = call(office, "POST", "/register", own, **ENTRY, directorate="Children's Services")
    assert made.status_code == 201
    assert made.json()["entry"]["directorate"] == "Children's Services"
    assert call(office, "POST", "/register", own, **ENTRY).status_code == 422
    assert call(office, "POST", "/register", stranger, **ENTRY, directorate="Nowhere").status_code == 422


def body_of(door):
    """Give a right body for a call: an example of each field that it needs."""
    properties = (door.body or {}).get("properties", {})
    return {name: properties[name].get("enum", ["x"])[0] for name in (door.body or {}).get("required", ())}


def outbox_of(office):
    with office.store.read() as tx:
        return [
            item
            for held in quarantine.search(tx, quarantine.Search())[0]
            for item in outbox.about(tx, held.id)
        ]
