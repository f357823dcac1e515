"""What stands before every web application: who it is, how much, from where, and what browsers may do with it."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from addin_backend.factory import application
from addin_backend.guard import Guard
from addin_backend.rate import Rate
from milter import log
from milter.errors import StoreError


async def echo(request: Request) -> Response:
    body = await request.body()
    return JSONResponse({"client": request.client.host if request.client else "", "bytes": len(body)})


def client(**options):
    app = Starlette(routes=[Route("/x/{secret}", echo, methods=["GET", "POST"])])
    return TestClient(Guard(app, **options), client=("192.0.2.1", 50000))


def test_pages_are_kept_by_nobody_and_framed_by_nobody():
    """A page is not stored, not framed, and tells no other site where its reader came from."""
    headers = client().get("/x/1").headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers


def test_https_is_asked_for_again():
    """Where people see the pages by HTTPS, browsers are told to stay with it."""
    assert "strict-transport-security" in client(url="https://seal.example.gov.uk").get("/x/1").headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://seal.example.gov.uk"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://seal.example.gov.uk"}, 200),
    ],
)
def test_another_site_changes_nothing(headers, status):
    """A request that may change something is refused where it comes from another site's page."""
    answer = client(url="https://seal.example.gov.uk").post("/x/1", headers=headers, content=b"a")
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        ((), "203.0.113.9", "192.0.2.1"),
        (("192.0.2.0/24",), "203.0.113.9", "203.0.113.9"),
        (("192.0.2.0/24",), "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (("192.0.2.0/24",), "203.0.113.9, 192.0.2.7", "203.0.113.9"),
        (("192.0.2.0/24",), "", "192.0.2.1"),
    ],
)
def test_only_a_trusted_proxy_names_the_visitor(proxies, forwarded, expected):
    """A visitor can't choose the address that they are counted by."""
    answer = client(proxies=proxies).get("/x/1", headers={"X-Forwarded-For": forwarded})
    assert answer.json()["client"] == expected


def parts():
    yield b"a" * 600
    yield b"a" * 600


def made(answer):
    routes = [Route("/x", answer, methods=["GET", "POST"])]

    def problem(status, title, _what):
        return PlainTextResponse(title, status)

    app = application(routes, problem, url="", most_bytes=1000)
    return TestClient(app, raise_server_exceptions=False)


def test_a_body_is_bounded_however_its_length_is_told():
    """Neither a large Content-Length nor a body in chunks gets past the limit."""
    assert made(echo).post("/x", content=b"a" * 1001).status_code == 413
    assert made(echo).post("/x", content=parts()).status_code == 413
    assert made(echo).post("/x", content=b"a" * 1000).json()["bytes"] == 1000


async def down(_request):
    raise StoreError("the database is away")


async def broken(_request):
    raise ValueError("NHS number 943 476 5919")


def test_faults_become_plain_pages(capsys):
    """Whoever reads an error page or the log learns neither a trace nor what the fault was about."""
    log.configure()
    assert made(down).get("/x").status_code == 503
    answer = made(broken).get("/x")
    assert answer.status_code == 500
    assert answer.text == "Sorry, something went wrong"
    assert "943" not in "".join(capsys.readouterr())
    assert made(echo).get("/nowhere").text == "Page not found"


def test_a_rate_is_for_each_visitor_and_refills():
    """One visitor's haste costs nobody else, and ends by waiting."""
    at = [0.0]
    rate = Rate(3, 60.0, lambda: at[0])
    assert [rate.allows("a") for _ in range(4)] == [True, True, True, False]
    assert rate.allows("b")
    at[0] = 20.0
    assert rate.allows("a")
    assert not rate.allows("a")
