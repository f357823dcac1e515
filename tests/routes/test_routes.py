"""Evidence put into people: in time or not at all, once for each domain, and only where it can matter."""

import asyncio
from dataclasses import replace
from time import monotonic

import pytest

from milter.message.envelope import Envelope, Recipient
from milter.message.model import Message
from milter.message.parse import parse
from milter.policy.model import People
from milter.policy.partners import people
from milter.policy.policy import Policy, Row
from milter.routes.cache import Cache
from milter.routes.look import Looker
from milter.routes.matters import matters
from milter.routes.routes import Routes
from milter.routes.way import Way
from milter.settings import Dns
from tests.routes.conftest import Bed, Kept

OFFICER = "ann@borchester.gov.uk"
TRUST = "ward@felpershamhospitals.nhs.uk"  # a partner whose own route is verified-tls
PLAIN = parse(b"From: ann@borchester.gov.uk\r\nSubject: x\r\n\r\nText\r\n")


def to(bed: Bed, *addresses: str) -> People:
    return people(Envelope(OFFICER, tuple(map(Recipient, addresses))), bed.policy)


async def evidence(routes: Routes, bed: Bed, *addresses: str, message: Message = PLAIN) -> list[str]:
    found = await routes.find(to(bed, *addresses), message)
    return [person.route for person in found.recipients]


def trust(bed: Bed, *, policy: bool = True) -> None:
    """Serve the trust's domain, with a policy that is enforced or with nothing."""
    bed.dns.add("felpershamhospitals.nhs.uk", "MX", "10 mx.felpershamhospitals.nhs.uk.")
    bed.dns.add("mx.felpershamhospitals.nhs.uk", "A", "127.0.0.1")
    bed.dns.signed.add("felpershamhospitals.nhs.uk")
    if policy:
        bed.dns.add("_25._tcp.mx.felpershamhospitals.nhs.uk", "TLSA", f"3 1 1 {'ab' * 32}")


async def test_people_get_the_evidence_of_their_domains(bed: Bed) -> None:
    """Each recipient has the evidence of the own domain; colleagues keep 'internal'."""
    trust(bed)
    found = await evidence(bed.routes(), bed, TRUST, "jill@borchester.gov.uk", "x@nowhere.sch.uk")
    assert found == ["verified-tls", "internal", "none"]


async def test_what_nothing_enforces_is_not_verified(bed: Bed) -> None:
    """Without a next hop that delivers over verified TLS only, the best evidence is 'opportunistic'."""
    trust(bed)
    assert await evidence(bed.routes(enforced=False), bed, TRUST) == ["opportunistic"]


async def test_a_message_that_waives_tls_has_no_verified_way(bed: Bed) -> None:
    """TLS-Required: no lets servers on the way drop what is demanded (RFC 8689), so the safer demand is taken."""
    trust(bed)
    waiving = parse(b"TLS-Required: No\r\nSubject: x\r\n\r\nText\r\n")
    assert await evidence(bed.routes(), bed, TRUST, message=waiving) == ["opportunistic"]


async def test_a_domain_is_asked_for_once_and_kept(bed: Bed) -> None:
    """Many messages at once ask DNS once; what was found is kept as long as the records live."""
    trust(bed)
    routes = bed.routes()
    await asyncio.gather(*(evidence(routes, bed, TRUST) for _ in range(50)))
    await evidence(routes, bed, TRUST)
    assert bed.dns.asked["felpershamhospitals.nhs.uk", "MX"] == 1


async def test_slow_dns_costs_no_more_than_the_deadline_and_only_once(bed: Bed) -> None:
    """A domain that does not answer is 'unknown' at the deadline; the next message does not wait for it again."""
    trust(bed)
    bed.dns.silent.add("felpershamhospitals.nhs.uk")
    routes = bed.routes(Dns(deadline_seconds=1.0))
    start = monotonic()
    assert await evidence(routes, bed, TRUST) == ["unknown"]
    first = monotonic() - start
    again = monotonic()
    assert await evidence(routes, bed, TRUST) == ["unknown"]
    assert 0.9 <= first < 2.5
    assert monotonic() - again < 0.5


async def test_dead_dns_costs_one_message_a_moment_and_the_next_ones_nothing(bed: Bed) -> None:
    """Once nothing answers, every domain is 'unknown' at once, and nobody waits for the deadline again."""
    bed.dns.all_silent = True
    routes = bed.routes(Dns(deadline_seconds=60.0))
    start = monotonic()
    assert await evidence(routes, bed, TRUST) == ["unknown"]
    assert monotonic() - start < 10  # half a second, and one for a sign of life
    asked = sum(bed.dns.asked.values())
    schools = [f"office@school{n}.sch.uk" for n in range(200)]
    start = monotonic()
    assert set(await evidence(routes, bed, *schools)) == {"unknown"}
    assert monotonic() - start < 2
    assert sum(bed.dns.asked.values()) <= asked + 2  # but for signs of life


async def test_a_fault_in_a_look_up_is_unknown(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong inside a look-up never reaches the message: the evidence is 'unknown'."""

    async def broken(_self: Looker, _domain: str) -> Way:
        raise ValueError("a fault")

    monkeypatch.setattr(Looker, "look", broken)
    assert await evidence(bed.routes(), bed, TRUST) == ["unknown"]


async def test_dns_that_comes_back_is_used_again(bed: Bed) -> None:
    """A dead resolver is asked for a sign of life, and with it look-ups begin again."""
    bed.dns.all_silent = True
    trust(bed)
    routes = bed.routes(ask_again=0.01)
    assert await evidence(routes, bed, "x@oak.sch.uk") == ["unknown"]
    bed.dns.all_silent = False
    async with asyncio.timeout(30):
        found = ["unknown"]
        while found != ["verified-tls"]:
            found = await evidence(routes, bed, TRUST)
            await asyncio.sleep(0.01)


async def test_nobody_is_looked_up_whose_evidence_matters_to_nothing(bed: Bed) -> None:
    """Residents, colleagues and closed networks get the same answer whatever the way is, so DNS is not asked."""
    people_ = ("dave@hotmail.co.uk", "jill@borchester.gov.uk", "x@felpersham.gcsx.gov.uk", "postmaster")
    await evidence(bed.routes(), bed, *people_)
    assert not bed.dns.asked


def test_evidence_matters_where_the_table_looks_at_it(policy: Policy) -> None:
    """A row with evidence, a demand for a connection, or a partner's own makes it matter; else it does not."""
    made = people(
        Envelope(OFFICER, (Recipient(TRUST), Recipient("a@oak.sch.uk"), Recipient("a@x.example"))), policy
    )
    nhs, school, unknown = made.recipients
    bare = replace(policy, rows=(Row("encrypt", number=1),))
    assert [matters(made.sender, person, bare) for person in made.recipients] == [True, False, False]
    rows = (Row("hold", recipients=("unknown",), evidence=("none",), number=1), Row("encrypt", number=2))
    table = replace(policy, rows=rows)
    assert [matters(made.sender, person, table) for person in (school, unknown)] == [False, True]
    assert matters(made.sender, nhs, policy)


async def test_a_refused_connection_is_remembered(bed: Bed) -> None:
    """Where the next hop found no verified connection, the next hour takes the safer demand; success ends that."""
    trust(bed)

    memory = Kept()
    routes = bed.routes(memory=memory)
    assert await evidence(routes, bed, TRUST) == ["verified-tls"]
    routes.tried("felpershamhospitals.nhs.uk", True)
    assert await evidence(routes, bed, TRUST) == ["opportunistic"]
    assert await evidence(bed.routes(memory=memory), bed, TRUST) == ["opportunistic"]  # another process
    routes.tried("felpershamhospitals.nhs.uk", False)
    assert await evidence(routes, bed, TRUST) == ["verified-tls"]
    bed.clock.pass_by(hours=2)
    assert await evidence(bed.routes(memory=memory), bed, TRUST) == ["verified-tls"]


@pytest.mark.parametrize(
    "domain", ["", "localhost", "[127.0.0.1]", "a" * 300 + ".sch.uk", "x..sch.uk", "x y.sch.uk", "-.sch.uk"]
)
async def test_what_is_no_domain_is_not_looked_up(bed: Bed, domain: str) -> None:
    """Literals, single labels and names that can't be are 'none' without a question."""
    assert (await bed.routes().way(domain)).evidence == "none"
    assert not bed.dns.asked


def test_the_cache_is_bounded_and_forgets_with_time() -> None:
    """The longest unused goes first; what has run out is not given."""
    now = 0.0
    cache: Cache[int] = Cache(2, lambda: now)
    cache.put("a", 1, 10)
    cache.put("b", 2, 10)
    assert cache.get("a") == 1
    cache.put("c", 3, 5)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)
    now = 6.0
    assert (cache.get("a"), cache.get("c"), len(cache)) == (1, None, 1)
