"""People and groups from Microsoft Graph, and what becomes of each of its faults."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from milter.directory.entry import DirectoryError, Entry
from milter.directory.graph import Graph
from tests.directory.fake_graph import CLIENT, SECRET, TENANT, FakeGraph
from tests.directory.fake_http import FakeHttp, Reply
from tests.smtp.certificate import make

KHAN = "amira.khan@borchester.gov.uk"
HEADS = "heads@borchester.gov.uk"


@pytest.fixture
def tenant() -> FakeGraph:
    return FakeGraph(
        users=[
            {
                "displayName": "Amira Khan",
                "jobTitle": "Social Worker",
                "department": "Children's Services",
                "companyName": "Borchester",
                "businessPhones": ["0118 496 0100"],
                "mail": KHAN,
                "proxyAddresses": [f"SMTP:{KHAN}", "smtp:a.khan@borchester.gov.uk"],
            },
            {
                "displayName": "Pat O'Hara",
                "mail": "pat.o'hara@borchester.gov.uk",
                "jobTitle": None,
                "businessPhones": [],
            },
        ],
        groups=[{"id": "g-1", "displayName": "All heads", "mail": HEADS}],
        contacts=[
            {
                "displayName": "Jo Grey",
                "mail": "jo.grey@felpersham.nhs.uk",
                "phones": [
                    {"type": "businessFax", "number": "1"},
                    {"type": "business", "number": "0118 496 0200"},
                ],
            }
        ],
        members={
            "g-1": [
                {"@odata.type": "#microsoft.graph.user", "mail": KHAN, "userPrincipalName": KHAN},
                {"@odata.type": "#microsoft.graph.group", "mail": "inner@borchester.gov.uk"},
                {
                    "@odata.type": "#microsoft.graph.user",
                    "mail": None,
                    "userPrincipalName": "head_ambridge.sch.uk#EXT#@borchester.onmicrosoft.example",
                },
                {"@odata.type": "#microsoft.graph.orgContact", "mail": "jo.grey@felpersham.nhs.uk"},
                {"@odata.type": "#microsoft.graph.device", "mail": None},
            ]
        },
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def http(tenant: FakeGraph, certificate: tuple[Path, Path]) -> Iterator[FakeHttp]:
    with FakeHttp(tenant.answer, certificate) as fake:
        tenant.url = fake.url
        yield fake


@pytest.fixture
async def graph(http: FakeHttp, certificate: tuple[Path, Path]) -> AsyncIterator[Graph]:
    source = Graph(TENANT, CLIENT, SECRET, 5.0, url=http.url, sign_in=http.url, ca_file=str(certificate[0]))
    yield source
    await source.close()


async def test_users_contacts_and_groups_are_known_by_address(graph: Graph) -> None:
    """Each comes with what Graph says of it; quotes in an address are no part of the query."""
    assert await graph.look_up("a.khan@borchester.gov.uk") == Entry(
        "a.khan@borchester.gov.uk",
        "Amira Khan",
        "Social Worker",
        "Children's Services",
        "Borchester",
        "0118 496 0100",
    )
    contact = await graph.look_up("jo.grey@felpersham.nhs.uk")
    assert contact is not None
    assert (contact.name, contact.telephone) == ("Jo Grey", "0118 496 0200")
    assert await graph.look_up("x' or mail ne '@x.example") is None
    assert await graph.look_up("nobody@borchester.gov.uk") is None


async def test_a_group_is_opened_over_all_pages(graph: Graph) -> None:
    """Guests count by their own address; what has none makes the count uncertain."""
    entry = await graph.look_up(HEADS)
    assert entry is not None
    assert entry.members == (KHAN, "head@ambridge.sch.uk", "jo.grey@felpersham.nhs.uk")
    assert not entry.whole


async def test_a_name_is_searched_for_in_any_order(graph: Graph) -> None:
    """The words of the name are what counts."""
    assert [entry.address for entry in await graph.named("khan amira")] == [KHAN]


async def test_one_sign_in_serves_many_questions(graph: Graph, tenant: FakeGraph) -> None:
    """The token is kept while it lasts, and asked for anew once Graph refuses it."""
    for address in (KHAN, HEADS, "nobody@borchester.gov.uk"):
        await graph.look_up(address)
    assert tenant.given == 1
    tenant.tokens.clear()
    assert await graph.look_up(KHAN) is not None
    assert tenant.given == 2


@pytest.mark.parametrize(
    ("reply", "fault", "retry"),
    [
        (Reply(429, b"{}", {"Retry-After": "37"}), "busy", 37.0),
        (Reply(503, b"{}", {"Retry-After": "Wed, 25 Nov 2026"}), "busy", 0.0),
        (Reply(500, b"oops"), "down", 0.0),
        (Reply(403, b"{}"), "denied", 0.0),
        (Reply(400, b"{}"), "odd", 0.0),
        (Reply(200, b"<html>"), "odd", 0.0),
        (Reply(200, b"[]"), "odd", 0.0),
        (Reply(200, b'{"value": [1]}'), "odd", 0.0),
        (Reply(302, b"", {"Location": "https://elsewhere.example/"}), "odd", 0.0),
    ],
    ids=["429", "503", "500", "403", "400", "html", "list", "numbers", "redirect"],
)
async def test_faults_are_told_apart(
    graph: Graph, http: FakeHttp, reply: Reply, fault: str, retry: float
) -> None:
    """Each fault is a DirectoryError with its kind, and the time to wait where Graph names one."""
    await graph.look_up(KHAN)
    http.faults.append(reply)
    with pytest.raises(DirectoryError) as raised:
        await graph.look_up(KHAN)
    assert (raised.value.fault, raised.value.retry_seconds) == (fault, retry)


async def test_a_token_that_is_always_refused_is_denied(graph: Graph, http: FakeHttp) -> None:
    """Asked for anew once, and no more."""
    await graph.look_up(KHAN)
    asked = len(http.requests)
    http.faults += [Reply(401, b"{}")]
    http.answer = lambda _: Reply(401, b"{}")
    with pytest.raises(DirectoryError):
        await graph.look_up(KHAN)
    assert len(http.requests) - asked <= 4


async def test_a_wrong_secret_and_a_dead_sign_in_are_told_apart(
    http: FakeHttp, certificate: tuple[Path, Path]
) -> None:
    """A refused secret must not be tried again and again; a dead server may."""
    wrong = Graph(TENANT, CLIENT, "other", 5.0, url=http.url, sign_in=http.url, ca_file=str(certificate[0]))
    with pytest.raises(DirectoryError, match="denied"):
        await wrong.look_up(KHAN)
    await wrong.close()
    dead = Graph(
        TENANT, CLIENT, SECRET, 5.0, url=http.url, sign_in="https://localhost:9", ca_file=str(certificate[0])
    )
    with pytest.raises(DirectoryError, match="down"):
        await dead.look_up(KHAN)
    await dead.close()


async def test_a_slow_graph_is_given_up(http: FakeHttp, certificate: tuple[Path, Path]) -> None:
    """A server that takes the question and says nothing ends in a DirectoryError."""
    source = Graph(TENANT, CLIENT, SECRET, 0.3, url=http.url, sign_in=http.url, ca_file=str(certificate[0]))
    await source.look_up(KHAN)
    http.go.clear()
    async with asyncio.timeout(20):
        with pytest.raises(DirectoryError, match="down"):
            await source.look_up(HEADS)
    http.go.set()
    await source.close()


async def test_pages_elsewhere_are_not_followed(graph: Graph, http: FakeHttp) -> None:
    """A next page on another host would get the token."""
    await graph.look_up(KHAN)
    http.faults += [
        Reply(200, b'{"value": []}'),
        Reply(200, b'{"value": [{"id": "g-1", "displayName": "Heads"}]}'),
        Reply(200, b'{"value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/groups"}'),
    ]
    with pytest.raises(DirectoryError, match="odd"):
        await graph.look_up(HEADS)
