"""The service around its answers: whose pages may ask, how much, how often, and what it says of itself."""

import json

import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Route

from addin_backend.addin import desk
from addin_backend.addin.application import OPENAPI
from tests.addin import tokens
from tests.addin.asking import Asking, asking, draft_of


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": tokens.URL}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_only_its_own_pages_may_ask(outlook: Asking, headers: dict[str, str], status: int) -> None:
    """A page of another site gets no answer, whoever's token it has."""
    answer = outlook.post("check", draft_of(), headers=headers)
    assert answer.status_code == status
    allowed = answer.headers.get("access-control-allow-origin")
    assert allowed == (tokens.URL if headers.get("Origin") == tokens.URL else None)


def test_the_event_code_s_engine_may_ask_first(outlook: Asking) -> None:
    """A preflight of its own origin is answered; another's is not."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    ours = outlook.client.options("/api/v1/check", headers={"Origin": tokens.URL, **asked})
    assert ours.status_code == 204
    assert "Authorization" in ours.headers["access-control-allow-headers"]
    theirs = outlook.client.options("/api/v1/check", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in theirs.headers
    assert theirs.status_code == 405


def test_a_body_has_a_limit(tmp_path) -> None:
    """More than the gateway takes is refused before it is read."""
    with asking(tmp_path / "etc") as outlook:
        most = outlook.site.known.settings.smtp.size_bytes
        answer = outlook.client.post(
            "/api/v1/check",
            content=b"x",
            headers={"Content-Length": str(2 * most), "Authorization": f"Bearer {tokens.entra()}"},
        )
    assert answer.status_code == 413


def test_nobody_asks_without_end(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person asks so often in a while; then it is a problem that says so, and others are not stopped."""
    monkeypatch.setattr(desk, "ASKED", (3, 6_000.0))
    with asking(tmp_path / "etc", hurried=True) as outlook:
        answers = [outlook.post("people", {"addresses": []}).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]
        assert outlook.post("people", {"addresses": []}, tokens.entra(oid="another")).status_code == 200


def test_every_route_of_the_api_is_described(outlook: Asking) -> None:
    """The description has each path and method, and no other."""
    inner = outlook.client.app
    while not hasattr(inner, "routes"):
        inner = inner._app
    served = {
        (route.path, method.lower())
        for route in inner.routes
        if isinstance(route, Route) and route.path.startswith("/api/")
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {(path, method) for path, item in OPENAPI["paths"].items() for method in item}
    assert served == described


def test_the_description_s_references_resolve() -> None:
    """Every $ref points at something in the document."""

    def refs(value):
        if isinstance(value, dict):
            yield from ([value["$ref"]] if "$ref" in value else [])
            for inner in value.values():
                yield from refs(inner)
        if isinstance(value, list):
            for inner in value:
                yield from refs(inner)

    found = list(refs(OPENAPI))
    assert found
    for ref in found:
        at = OPENAPI
        for step in ref.removeprefix("#/").split("/"):
            at = at[step]


def test_answers_are_as_described(outlook: Asking) -> None:
    """A judgement and a problem have the form that the description gives them."""
    note = "Jamie Osborne, born 12/03/2015, NHS No 943 476 5919, was seen for autism."
    for name, answer in (
        ("Judgement", outlook.check(body={"text": note})),
        ("Problem", outlook.check(sender="nobody")),
    ):
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", **OPENAPI}).validate(answer.json())


def test_the_description_is_served(outlook: Asking) -> None:
    """Anyone may read it, and it names the service's own address."""
    answer = outlook.client.get("/api/v1/openapi.json")
    assert answer.json()["servers"] == [{"url": tokens.URL}]
    assert json.dumps(answer.json()["paths"]) == json.dumps(OPENAPI["paths"])


def test_problems_explain_themselves(outlook: Asking) -> None:
    """The type of a problem is an address that says what it is; an unknown page is a problem too."""
    assert outlook.client.get("/problems/busy").json()["title"].startswith("The service is busy")
    assert outlook.client.get("/problems/what").status_code == 404
    answer = outlook.client.get("/nothing/here")
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_pane_may_stand_inside_outlook_only(outlook: Asking) -> None:
    """The pane's policy lets Outlook's pages and the own Exchange frame it, and scripts come from us or Office."""
    policy = outlook.client.get("/icons/icon-16.png").headers["content-security-policy"]
    frames = policy.partition("frame-ancestors ")[2]
    assert f"https://{tokens.EXCHANGE}" in frames
    assert "https://*.office.com" in frames
    assert "unsafe" not in policy
    assert "*;" not in policy


def test_the_file_that_lets_the_event_code_sign_in(outlook: Asking) -> None:
    """Outlook finds the event code's own address where it looks for it."""
    answer = outlook.client.get("/.well-known/microsoft-officeaddins-allowed.json")
    assert answer.json() == {"allowed": [f"{tokens.URL}/events.js"]}
