"""Evidence from real servers: Knot signs, Unbound validates, and the AD bit is what it says (RFC 7672)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from ssl import create_default_context

import pytest

from milter.cli.doctor_dns import look_at_dns
from milter.routes.fetch import PolicyFetcher
from milter.routes.look import Looker
from milter.routes.memory import Forgetful
from milter.routes.pins import Pins
from milter.routes.resolver import Resolver
from milter.routes.way import Way
from milter.settings import Dns
from tests.routes.servers import missing, own_address, resolver

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "all there"),
    pytest.mark.xdist_group("real-dns"),
]

TLSA = f"3 1 1 {'ab' * 32}"
MAIL = f"@ 300 IN MX 10 mx\nmx 300 IN A 127.0.0.1\n_25._tcp.mx 300 IN TLSA {TLSA}\n"
ZONES = {
    "signed.example": MAIL + "nothing 300 IN MX 0 .\nout 300 IN MX 10 mx.plain.example.\n",
    "plain.example": MAIL,
    "bogus.example": MAIL,
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a resolver that validates."""
    folder: Path = tmp_path_factory.mktemp("dns")
    with resolver(folder, own_address(), ZONES, {"signed.example"}, {"bogus.example"}) as address:
        yield address


async def look(address: str, domain: str, *, trusted: bool = True) -> Way:
    asked = Resolver((address,), trusted=trusted)
    fetcher = PolicyFetcher(asked, create_default_context())
    try:
        return await Looker(asked, Pins(asked, fetcher, Forgetful(), lambda: datetime.now(UTC), 10)).look(
            domain
        )
    finally:
        await fetcher.close()


async def test_a_signed_zone_with_tlsa_records_is_verified(address: str) -> None:
    """MX, address and TLSA records that a resolver validated are a verified connection."""
    way = await look(address, "signed.example")
    assert (way.evidence, way.by) == ("verified-tls", "dane")
    assert way.seconds <= 300


async def test_the_same_records_unsigned_are_nothing(address: str) -> None:
    """TLSA records of an unsigned zone are worth nothing, and so are all where the resolver is not trusted."""
    assert (await look(address, "plain.example")).evidence == "unknown"
    assert (await look(address, "signed.example", trusted=False)).evidence == "unknown"


async def test_a_signed_domain_with_servers_in_an_unsigned_zone_is_not_verified(address: str) -> None:
    """The chain ends where the server's own zone is not signed."""
    assert (await look(address, "out.signed.example")).evidence == "unknown"


async def test_a_bogus_zone_is_unknown(address: str) -> None:
    """Where signatures don't hold the resolver answers nothing, and nothing is known."""
    way = await look(address, "bogus.example")
    assert (way.evidence, way.why) == ("unknown", "its servers can't be looked up")


async def test_null_mx_and_a_missing_name_are_none(address: str) -> None:
    """A validated null MX and a validated NXDOMAIN say that no mail goes there."""
    assert "RFC 7505" in (await look(address, "nothing.signed.example")).why
    assert (await look(address, "absent.signed.example")).why == "there is no such domain"


@pytest.mark.parametrize(
    ("trusted", "name", "states", "says"),
    [
        (True, "signed.example", ["ok"], "answers, and checks DNSSEC"),
        (False, "signed.example", ["ok", "look"], "dns.trusted is false"),
        (True, "plain.example", ["mend"], "does not check DNSSEC"),
        (False, "plain.example", ["ok"], "answers"),
        (True, "bogus.example", ["mend"], "can't look anything up"),
    ],
)
def test_doctor_says_whether_the_resolver_answers_and_validates(
    address: str, trusted: bool, name: str, states: list[str], says: str
) -> None:
    """What the resolver says of a name decides: validated, not validated, or no answer; trust is judged by it."""
    found = list(look_at_dns(Dns(servers=(address,), trusted=trusted), name))
    assert [finding.state for finding in found] == states
    assert says in found[-1].words
    assert all(bool(finding.cure) == (finding.state != "ok") for finding in found)


def test_doctor_finds_the_resolver_that_is_silent(address: str) -> None:
    """Each resolver is asked for itself, so that a dead one behind a good one is seen."""
    silent = address.replace("127.83.", "127.84.")
    good, dead = look_at_dns(Dns(servers=(address, silent), trusted=True), "signed.example")
    assert (good.state, dead.state) == ("ok", "mend")
    assert f"{silent} does not answer" in dead.words
    assert "dns.servers" in dead.cure
