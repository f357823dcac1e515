"""People and groups from an Exchange server, and what becomes of each of its faults."""

import asyncio

import pytest

from milter.directory.entry import DirectoryError
from milter.directory.ews import Ews
from milter.directory.exchange import Exchange
from tests.directory.conftest import khan
from tests.directory.fake_exchange import ACCOUNT, PASSWORD, FakeExchange, Man
from tests.directory.fake_http import FakeHttp, Reply

KHAN, BELL = "amira.khan@borchester.gov.uk", "amira.bell@borchester.gov.uk"
HEADS, INNER = "heads@borchester.gov.uk", "inner@borchester.gov.uk"
PEOPLE = (
    Man(
        "Khan, Amira",
        KHAN,
        "Social Worker",
        "Children's Services",
        "Borchester",
        "0118 496 0100",
        other_addresses=("a.khan@borchester.gov.uk",),
    ),
    Man("Amira Khan-Bell", BELL, "Clerk"),
    Man("All Heads", HEADS, kind="PublicDL", members=("head@ambridge.sch.uk", INNER)),
    Man("Inner", INNER, kind="PublicDL", members=(HEADS, KHAN)),
)


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange(list(PEOPLE))


def opened(http: FakeHttp, seconds: float = 10.0) -> Exchange:
    return Exchange(Ews(f"{http.url}/EWS/Exchange.asmx", ACCOUNT, PASSWORD, seconds))


async def test_a_person_is_known_by_every_address(http: FakeHttp) -> None:
    """Name, job title, department, organisation and telephone come with the first and with another address."""
    source = opened(http)
    for address in (KHAN, "a.khan@borchester.gov.uk"):
        assert await source.look_up(address) == khan(address)
    assert await source.look_up("nobody@borchester.gov.uk") is None
    await source.close()


async def test_a_name_that_several_bear_gives_them_all(http: FakeHttp) -> None:
    """Exchange's answer of several people is an answer, and no failure."""
    source = opened(http)
    found = await source.named("amira khan")
    assert [entry.address for entry in found] == [
        KHAN,
        BELL,
    ]
    await source.close()


async def test_groups_in_groups_are_opened_once(http: FakeHttp) -> None:
    """Members of a group's groups count as its own, even where two groups contain each other."""
    source = opened(http)
    entry = await source.look_up(HEADS)
    assert entry is not None
    assert set(entry.members or ()) == {"head@ambridge.sch.uk", KHAN}
    assert entry.whole
    await source.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}), "denied"),
        (Reply(503, b"Service Unavailable"), "busy"),
        (Reply(200, b"<html>Sign in to Outlook</html>", {"Content-Type": "text/html"}), "odd"),
        (Reply(200, b"\x00\xff not xml", {"Content-Type": "text/xml"}), "odd"),
        (Reply(200, b"", {"Content-Type": "text/xml"}), "odd"),
        (Reply(302, b"", {"Location": "https://elsewhere.example/"}), "down"),
    ],
    ids=["401", "503", "html", "no-xml", "empty", "redirect"],
)
async def test_faults_of_http_are_told_apart(
    http: FakeHttp, exchange: FakeExchange, fault: Reply, kind: str
) -> None:
    """A refused sign-in, a busy server and an answer that is none are a DirectoryError each, and soon over."""
    source = opened(http)
    await source.look_up(KHAN)
    http.faults += [fault] * 12  # for every version of the protocol that the library would try
    with pytest.raises(DirectoryError) as raised:
        await source.look_up(BELL)
    assert raised.value.fault == kind
    http.faults.clear()
    assert await source.look_up(BELL) is not None
    await source.close()


async def test_a_busy_server_says_when_to_come_back(http: FakeHttp, exchange: FakeExchange) -> None:
    """ErrorServerBusy's BackOffMilliseconds are kept for the breaker; other errors are no answer."""
    source = opened(http)
    await source.look_up(KHAN)
    exchange.soap_faults.append("ErrorServerBusy")
    with pytest.raises(DirectoryError) as raised:
        await source.look_up(BELL)
    assert raised.value.fault == "busy"
    assert raised.value.retry_seconds == pytest.approx(297.749)
    exchange.soap_faults.append("ErrorAccessDenied")
    with pytest.raises(DirectoryError, match="denied"):
        await source.look_up(BELL)
    await source.close()


async def test_a_server_that_does_not_answer_is_given_up(http: FakeHttp) -> None:
    """A server that takes the question and says nothing ends in a DirectoryError, not in a thread for ever."""
    source = opened(http, seconds=0.3)
    http.go.clear()
    async with asyncio.timeout(20):
        with pytest.raises(DirectoryError, match="down"):
            await source.look_up(KHAN)
    http.go.set()
    await source.close()


async def test_a_wrong_password_is_denied(http: FakeHttp, exchange: FakeExchange) -> None:
    """The breaker must know, since asking again would lock the account."""
    exchange.password = "another"
    source = opened(http)
    with pytest.raises(DirectoryError, match="denied"):
        await source.look_up(KHAN)
    await source.close()
