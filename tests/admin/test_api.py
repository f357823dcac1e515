"""The API: the same acts for programs, by tokens, under a description that it keeps to."""

import re
from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from addin_backend.admin.api.description import description
from addin_backend.admin.api.table import API
from addin_backend.admin.application import application_of
from addin_backend.admin.channels import BY_NAME
from addin_backend.admin.desk import Desk
from addin_backend.admin.roles import ROLES
from milter.store import doors, ids, outbox, quarantine, talk
from milter.store.quarantine import Search
from tests.admin.office import COUNCIL

EVERYTHING = tuple(role.name for role in ROLES)
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
ENTRY = {
    "channel": "telephone",
    "organisation": COUNCIL,
    "recipient_name": "Jo Marsh",
    "recipient_job_title": "SENCO",
    "recipient_organisation": "Ambridge Primary School",
    "recipient_telephone": "0118 496 0150",
    "purpose": "Transition plan",
    "information": ["health"],
    "extra": {"verified": "yes"},
}


def token(office, *roles, scope=(), of=None, days=1):
    """Give out a token, of an account that has the roles `of` or the same."""
    text = f"sg-{ids.token()}"
    account = office.person(*(of or roles), scope=scope)
    office.store.submit(
        lambda tx: doors.make_api_token(
            tx,
            text,
            "test",
            name="test",
            account_id=account.id,
            roles=roles,
            expires_at=tx.now + timedelta(days=days),
        )
    ).result()
    return {"Authorization": f"Bearer {text}"}


def held(office):
    with office.store.read() as tx:
        return quarantine.search(tx, Search())[0][0]


def call(office, method, path, headers, **body):
    options = {"json": body} if body or method == "POST" else {}
    return office.client.request(method, f"/api/v1{path}", headers=headers, **options)


def test_a_held_message_is_released_by_a_program(office):
    """Found, shown masked, released with its reason: the daemon is asked, once."""
    headers, one = token(office, "reviewer"), held(office)
    found = call(office, "GET", "/held?q=amira", headers).json()
    assert [item["id"] for item in found["items"]] == [one.id]
    shown = call(office, "GET", f"/held/{one.id}", headers).json()
    assert shown["recipients"][0]["state"] == "held"
    answer = call(office, "POST", f"/held/{one.id}/release", headers, reason="Asked for", how="protected")
    assert answer.status_code == 200
    assert call(office, "POST", f"/held/{one.id}/release", headers, reason="Again").status_code == 409
    with office.store.read() as tx:
        assert [i.payload["how"] for i in outbox.about(tx, one.id) if i.kind == "release"] == ["protected"]


def test_a_sharing_is_recorded_by_a_program(office):
    """A case system records a telephone call; the record is complete and belongs to the token's account."""
    headers = token(office, "recorder")
    made = call(office, "POST", "/register", headers, **ENTRY)
    assert made.status_code == 201
    entry_id = made.json()["entry"]["id"]
    assert made.json()["gaps"] == []
    assert (
        call(office, "GET", f"/register/{entry_id}", headers).json()["entry"]["purpose"] == "Transition plan"
    )
    assert call(office, "GET", f"/register/{entry_id}", token(office, "recorder")).status_code == 404


def test_a_record_is_filled_settled_and_noted_by_a_program(office):
    """Two dates fall due one after the other; gaps are filled; a note stands on the page too."""
    headers, governance = token(office, "recorder"), token(office, "governance")
    taken = ENTRY | {"channel": "device", "extra": {"device": "USB 7"}, "at": "2026-11-02T09:00:00+00:00"}
    made = call(
        office, "POST", "/register", headers, **taken, due={"deletion": "2099-02-01", "return": "2099-01-01"}
    )
    assert made.status_code == 201
    entry = made.json()["entry"]
    assert (entry["at"], entry["due_at"], entry["due_for"]) == (
        "2026-11-02T09:00:00Z",
        "2099-01-01T17:00:00Z",
        "return",
    )
    path = f"/register/{entry['id']}"
    filled = call(
        office, "POST", f"{path}/fill", governance, authorised_by="Helen Archer", information=["child"]
    )
    assert filled.json()["entry"]["information"] == ["child"]
    assert call(office, "POST", f"{path}/fill", governance, authorised_by="Helen Archer").status_code == 409
    assert call(office, "POST", f"{path}/fill", token(office, "reviewer"), purpose="x").status_code == 403
    states = [call(office, "POST", f"{path}/settle", headers).json().get("state") for _ in range(3)]
    assert states == ["due", "done", None]
    assert call(office, "POST", f"{path}/note", headers, text="Wiped by IT").status_code == 200
    assert "Wiped by IT" in office.as_("governance").get(path).text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "yesterday"}, "at"),
        ({"at": "2099-01-01T00:00:00Z"}, "at"),
        ({"at": "2026-11-02T09:00:00"}, "at"),
        ({"due": {"return": "2099-01-01"}}, "due"),
        ({"channel": "device", "extra": {}, "due": {"return": "soon"}}, "due"),
        ({"channel": "device", "extra": {}, "due": ["return"]}, "due"),
    ],
)
def test_a_wrong_date_is_named(office, change, field):
    """A telephone call has nothing that falls due; moments have an offset and are past."""
    answer = call(office, "POST", "/register", token(office, "recorder"), **(ENTRY | change))
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_incident_is_dealt_with_by_a_program(office):
    """Opened, noted, reported, closed with how it ended: once each."""
    headers = token(office, "governance")
    made = call(office, "POST", "/register", headers, **ENTRY).json()["entry"]["id"]
    opened = call(office, "POST", f"/register/{made}/incident", headers, kind="mis-sent").json()["incident"]
    path = f"/incidents/{opened['id']}"
    assert call(office, "POST", f"{path}/close", headers).status_code == 422
    assert call(office, "POST", f"{path}/note", headers, text="Rung the recipient").status_code == 200
    assert call(office, "POST", f"{path}/report", headers).json()["incident"]["state"] == "reported"
    assert call(office, "POST", f"{path}/report", headers).status_code == 409
    assert (
        call(office, "POST", f"{path}/close", headers, text="Deleted").json()["incident"]["state"] == "closed"
    )
    shown = call(office, "GET", path, headers).json()
    assert [note["text"] for note in shown["notes"]] == ["Rung the recipient", "Deleted"]
    assert call(office, "GET", "/incidents", headers).json()["items"] == []


def test_what_staff_ask_is_answered_by_a_program(office):
    """Listed, shown with the reasons, answered once; a false alarm counts; the sender's own question is theirs."""
    headers, one = token(office, "reviewer"), held(office)
    about = {"judged_id": one.judged_id, "organisation": COUNCIL}
    asked, question = (
        office.store.submit(lambda tx, k=kind: talk.ask(tx, k, "test", "Please", **about)).result()
        for kind in ("look-again", "question")
    )
    assert {item["id"] for item in call(office, "GET", "/requests", headers).json()["items"]} == {
        asked,
        question,
    }
    code = call(office, "GET", f"/requests/{asked}", headers).json()["reasons"][0]["code"]
    wrong = {"text": "It is public", "false_positive": "no-such-reason"}
    assert call(office, "POST", f"/requests/{asked}/answer", headers, **wrong).status_code == 409
    right = wrong | {"false_positive": code}
    assert call(office, "POST", f"/requests/{asked}/answer", headers, **right).status_code == 200
    assert call(office, "POST", f"/requests/{asked}/answer", headers, **right).status_code == 409
    assert call(office, "POST", f"/requests/{question}/answer", headers, text="x").status_code == 409
    assert (
        call(office, "POST", f"/held/{one.id}/feedback", headers, code=code, verdict="right").status_code
        == 200
    )
    with office.store.read() as tx:
        found = talk.feedback_counts(tx, tx.now - timedelta(days=1))
    assert found == ((code, "false-positive", 1), (code, "right", 1))


def test_a_share_is_taken_back_by_a_program(office):
    """With its reason, once; what became of its message names it."""
    headers = token(office, "help-desk")
    share = call(office, "GET", "/shares", headers).json()["items"][0]
    told = call(office, "GET", f"/messages/{share['judged_id']}", headers).json()
    assert share["id"] in told["shares"]
    assert call(office, "POST", f"/shares/{share['id']}/withdraw", headers).status_code == 422
    assert (
        call(office, "POST", f"/shares/{share['id']}/withdraw", headers, reason="Sent twice").status_code
        == 200
    )
    assert (
        call(office, "POST", f"/shares/{share['id']}/withdraw", headers, reason="Sent twice").status_code
        == 409
    )
    assert call(office, "POST", f"/shares/{share['id']}/reissue", headers, reason="x").status_code == 409
    shown = call(office, "GET", f"/shares/{share['id']}", headers).json()
    assert shown["share"]["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": 7}, "purpose"),
        ({"organisation": "Another"}, "organisation"),
        ({"extra": {"unknown": "x"}}, "extra"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_value_is_named(office, change, field):
    """Errors are problem details that name the field (RFC 9457)."""
    answer = call(office, "POST", "/register", token(office, "recorder"), **(ENTRY | change))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field


def test_every_extra_field_is_one_of_its_channel():
    """The example of these tests uses a field that the form has."""
    assert "verified" in {ask.name for ask in BY_NAME["telephone"].asks}


def test_a_token_has_no_more_than_its_account(office):
    """A token's roles count only where its account has them too; a void or expired one opens nothing."""
    more = token(office, "reviewer", of=("auditor",))
    assert call(office, "GET", "/held", more).status_code == 403
    assert call(office, "GET", "/held", token(office, "reviewer", days=-1)).status_code == 401
    assert call(office, "GET", "/held", {}).status_code == 401
    assert call(office, "GET", "/held", {"Authorization": "Basic x"}).status_code == 401


def test_what_is_out_of_scope_does_not_exist(office):
    """A token of another organisation sees nothing and can do nothing here."""
    headers, one = token(office, *EVERYTHING, scope=("Another",)), held(office)
    assert call(office, "GET", "/held", headers).json()["count"] == 0
    assert call(office, "GET", "/register", headers).json()["count"] == 0
    assert call(office, "GET", f"/held/{one.id}", headers).status_code == 404
    for act in ("release", "refuse"):
        assert call(office, "POST", f"/held/{one.id}/{act}", headers, reason="x").status_code == 404


def test_each_role_may_call_what_the_table_says(office):
    """Every act refuses every role that its row does not name, and none that it names."""
    for role in EVERYTHING:
        headers = token(office, role)
        for door in API:
            path = re.sub(r"{\w+}", "SG-0000-0000-0000", door.path)
            status = call(office, door.method, path, headers).status_code
            assert (status == 403) is (role not in door.who), (role, door.method, door.path, status)


def test_the_description_is_served_and_names_every_act(office):
    """What can be called is what is described."""
    told = office.client.get("/api/v1/openapi.json").json()
    assert told == description(office.desk.url)
    described = {(method.upper(), path) for path, one in told["paths"].items() for method in one}
    assert described == {(door.method, door.path) for door in API}


def test_schemathesis_finds_nothing(office):
    """Thousands of odd and right calls: no 5xx, no undescribed status, content type or form of answer."""
    app = application_of(Desk(office.site))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    headers = token(office, *EVERYTHING)
    calls = 0

    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=25,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case):
            nonlocal calls
            calls += 1
            case.call_and_validate(headers=headers, checks=CHECKS)

        check()
    assert calls > 200
