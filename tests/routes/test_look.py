"""What is known of the way to a domain, from real look-ups in a DNS of the test's own."""

import ssl

import pytest

from milter.routes.look import Shown
from milter.routes.way import Way, tls_policy
from tests.routes.conftest import POLICY, Bed, Kept

TLSA = f"3 1 1 {'ab' * 32}"


async def look(bed: Bed, domain: str = "school.example", *, trusted: bool = True) -> Way:
    return await bed.looker(trusted=trusted).look(domain)


async def test_servers_that_promise_nothing_are_unknown(bed: Bed) -> None:
    """Without DANE, a policy or a greeting nobody knows how safe the way is, and Postfix is told nothing."""
    bed.school()
    way = await look(bed)
    assert way.evidence == "unknown"
    assert tls_policy(way) == ""


async def test_dane_counts_where_all_is_validated(bed: Bed) -> None:
    """A usable TLSA record of one server, validated all the way, is a verified connection (RFC 7672)."""
    bed.school()
    bed.dns.add("_25._tcp.mx2.school.example", "TLSA", TLSA)
    bed.dns.signed.add("school.example")
    way = await look(bed)
    assert (way.evidence, way.by) == ("verified-tls", "dane")
    assert tls_policy(way) == "dane-only"


@pytest.mark.parametrize("unsigned", ["resolver", "mx", "address", "tlsa"])
async def test_dane_does_not_count_where_a_link_is_not_validated(bed: Bed, unsigned: str) -> None:
    """The AD bit of a resolver that is not trusted is worth nothing, and so is a chain with a gap."""
    bed.school()
    bed.dns.add("_25._tcp.mx1.school.example", "TLSA", TLSA)
    names = {"mx": "school.example", "address": "mx1.school.example", "tlsa": "_25._tcp.mx1.school.example"}
    bed.dns.signed.add("school.example")
    bed.dns.unsigned = {name for gap, name in names.items() if gap == unsigned}
    way = await look(bed, trusted=unsigned != "resolver")
    assert way.evidence == "unknown"


@pytest.mark.parametrize(
    "record", ["1 1 1 " + "ab" * 32, "0 0 1 " + "ab" * 32, "3 9 1 " + "ab" * 32, "3 1 9 " + "ab" * 32]
)
async def test_tlsa_records_that_can_not_be_used_are_no_promise(bed: Bed, record: str) -> None:
    """PKIX usages, unknown selectors and unknown digests verify nothing (RFC 7672 section 3.1.3)."""
    bed.school()
    bed.dns.add("_25._tcp.mx1.school.example", "TLSA", record)
    bed.dns.signed.add("school.example")
    assert (await look(bed)).evidence == "opportunistic"


async def test_tlsa_at_the_end_of_an_alias(bed: Bed) -> None:
    """A mail server that is an alias is looked up where the alias leads (RFC 7672 section 2.2.2)."""
    bed.dns.add("school.example", "MX", "10 mail.school.example.")
    bed.dns.add("mail.school.example", "CNAME", "real.school.example.")
    bed.dns.add("real.school.example", "A", "127.0.0.1")
    bed.dns.add("_25._tcp.real.school.example", "TLSA", TLSA)
    bed.dns.signed.add("school.example")
    assert (await look(bed)).by == "dane"


async def test_bogus_dane_is_unknown(bed: Bed) -> None:
    """TLSA records that don't validate are no evidence for anything, and no reason to go in clear."""
    bed.school()
    bed.dns.signed.add("school.example")
    bed.dns.broken |= {"_25._tcp.mx1.school.example", "_25._tcp.mx2.school.example"}
    way = await look(bed)
    assert (way.evidence, way.by, way.why) == ("unknown", "", "its DANE records can't be had")


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ({("school.example", "MX"): ["0 ."]}, "takes no mail"),
        ({("school.example", "TXT"): ['"x"']}, "no mail server"),
        ({}, "no such domain"),
        ({("school.example", "MX"): ["10 127.0.0.1."]}, "name no host"),
    ],
)
async def test_a_domain_that_takes_no_mail_has_no_safe_way(
    bed: Bed, records: dict[tuple[str, str], list[str]], why: str
) -> None:
    """A null MX (RFC 7505), no server, no domain, and an MX record that names an address are 'none'."""
    bed.dns.records = records
    way = await look(bed)
    assert way.evidence == "none"
    assert why in way.why


async def test_a_domain_without_mx_is_its_own_server(bed: Bed) -> None:
    """RFC 5321 section 5.1: the address record stands in for the MX record."""
    bed.dns.add("school.example", "A", "127.0.0.1")
    bed.dns.add("_25._tcp.school.example", "TLSA", TLSA)
    bed.dns.signed.add("school.example")
    assert (await look(bed)).by == "dane"


async def test_an_enforced_policy_that_names_a_server_is_verified(bed: Bed) -> None:
    """MTA-STS in mode enforce is a verified connection, and Postfix is told the names (RFC 8461)."""
    bed.school()
    bed.announce()
    way = await look(bed, trusted=False)
    assert (way.evidence, way.by) == ("verified-tls", "mta-sts")
    assert tls_policy(way) == "secure match=mx1.school.example:.backup.example servername=hostname"
    assert bed.https.asked == ["/.well-known/mta-sts.txt mta-sts.school.example"]


async def test_a_policy_that_names_no_server_is_enforced_all_the_same(bed: Bed) -> None:
    """Servers that the policy does not name are an attack or a mistake: no evidence, and nothing gets through."""
    bed.school()
    bed.announce(policy=POLICY.replace("mx1.school", "mx9.school"))
    way = await look(bed)
    assert way.evidence == "none"
    assert tls_policy(way).startswith("secure match=mx9.school.example")


async def test_a_policy_that_is_tested_promises_tls_and_no_more(bed: Bed) -> None:
    """Mode testing says that there is TLS, and enforces nothing."""
    bed.school()
    bed.announce(policy=POLICY.replace("enforce", "testing"))
    way = await look(bed)
    assert way.evidence == "opportunistic"
    assert tls_policy(way) == ""


async def test_dane_comes_before_a_policy(bed: Bed) -> None:
    """RFC 8461 section 2: where both are there, DANE is what counts."""
    bed.school()
    bed.announce()
    bed.dns.add("_25._tcp.mx1.school.example", "TLSA", TLSA)
    bed.dns.signed.add("school.example")
    assert (await look(bed)).by == "dane"


async def test_a_policy_once_seen_holds_until_it_expires(bed: Bed) -> None:
    """Who takes the record out of DNS takes nothing away, after a restart neither, until max_age is over."""
    bed.school()
    bed.announce()
    memory = Kept()
    assert (await bed.looker(memory).look("school.example")).evidence == "verified-tls"
    del bed.dns.records["_mta-sts.school.example", "TXT"]
    bed.https.answers.clear()
    bed.clock.pass_by(hours=23)
    assert (await bed.looker(memory).look("school.example")).evidence == "verified-tls"
    bed.clock.pass_by(hours=2)
    assert (await bed.looker(memory).look("school.example")).evidence == "unknown"


async def test_a_policy_is_fetched_again_for_a_new_id_only(bed: Bed) -> None:
    """The same id asks for no second fetch, a new one does, and a domain may end its policy (mode none)."""
    bed.school()
    bed.announce()
    looker = bed.looker()
    await looker.look("school.example")
    await looker.look("school.example")
    assert len(bed.https.asked) == 1
    bed.announce("20261102", "version: STSv1\nmode: none\nmax_age: 86400\n")
    assert (await looker.look("school.example")).evidence == "unknown"
    assert len(bed.https.asked) == 2


async def test_a_policy_is_renewed_before_it_ends(bed: Bed) -> None:
    """In the second half of its life a policy is fetched again, so that it never lapses."""
    bed.school()
    bed.announce()
    looker = bed.looker()
    await looker.look("school.example")
    bed.clock.pass_by(hours=13)
    await looker.look("school.example")
    assert len(bed.https.asked) == 2


async def test_a_failed_fetch_keeps_the_old_policy_and_is_not_repeated_at_once(bed: Bed) -> None:
    """RFC 8461 section 5.1: a policy that can't be renewed holds on; the host is left alone for five minutes."""
    bed.school()
    bed.announce()
    looker = bed.looker()
    await looker.look("school.example")
    bed.announce("20261102")
    bed.https.answers.clear()
    assert (await looker.look("school.example")).evidence == "verified-tls"
    assert (await looker.look("school.example")).evidence == "verified-tls"
    assert len(bed.https.asked) == 2


async def test_a_policy_that_holds_is_enforced_while_dns_fails(bed: Bed) -> None:
    """Where the servers can't be looked up the evidence is 'unknown', and Postfix still enforces the policy."""
    bed.school()
    bed.announce()
    looker = bed.looker()
    await looker.look("school.example")
    bed.dns.broken.add("school.example")
    way = await looker.look("school.example")
    assert way.evidence == "unknown"
    assert tls_policy(way).startswith("secure match=")


@pytest.mark.parametrize(
    ("shown", "evidence", "policy"),
    [
        ("none", "none", ""),
        ("tls", "opportunistic", ""),
        ("verified", "verified-tls", "secure"),
        (None, "unknown", ""),
    ],
)
async def test_a_greeting_shows_what_the_server_has(
    bed: Bed, shown: Shown | None, evidence: str, policy: str
) -> None:
    """With `probe` the most preferred server is greeted; what can't be greeted stays unknown."""
    bed.school()
    greeted = []

    async def greet(address: str, name: str) -> Shown | None:
        greeted.append((address, name))
        return shown

    way = await bed.looker(greet=greet).look("school.example")
    assert way.evidence == evidence
    assert tls_policy(way) == policy
    assert greeted == [("127.0.0.1", "school.example")]  # who forges MX records has no certificate for it


async def test_a_greeting_of_a_validated_server_goes_by_its_own_name(bed: Bed) -> None:
    """Where the MX records are validated, the certificate must name the server, and Postfix is told so."""
    bed.school()
    bed.dns.signed.add("school.example")

    async def greet(_address: str, name: str) -> Shown | None:
        assert name == "mx1.school.example"
        return "verified"

    way = await bed.looker(greet=greet).look("school.example")
    assert tls_policy(way) == "secure match=mx1.school.example"


async def test_hundreds_of_servers_cost_no_more_than_a_few(bed: Bed) -> None:
    """Of hundreds of MX records the five most preferred are looked at; long and odd names are none."""
    bed.dns.add("school.example", "MX", *(f"{n} {'x' * 60}.{n}.school.example." for n in range(1, 500)))
    bed.dns.signed.add("school.example")
    way = await look(bed)
    assert way.evidence == "unknown"
    assert sum(bed.dns.asked.values()) <= 25


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xff" * 40,
        b"\x81\x80" + b"\xff\xff" * 4,
        b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c" * 3,
    ],
)
async def test_junk_is_no_answer(bed: Bed, junk: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Octets that are no DNS message, lengths that lie and names that point to themselves leave the way unknown."""
    monkeypatch.setattr("milter.routes.resolver.LIFETIME", 1.0)
    bed.school()
    bed.dns.junk["school.example"] = junk
    assert (await look(bed)).evidence == "unknown"


@pytest.mark.parametrize(
    "answer",
    [
        ("302 Found", "Content-Type: text/plain\r\nLocation: /other.txt"),
        ("200 OK", "Content-Type: text/html"),
        ("200 OK", "Content-Type: text/plain\r\nContent-Encoding: gzip"),
        ("500 Oops", "Content-Type: text/plain"),
    ],
)
async def test_only_a_plain_answer_is_a_policy(bed: Bed, answer: tuple[str, str]) -> None:
    """A redirect is not followed; another type, a compressed body and an error are no policy."""
    bed.school()
    bed.announce()
    bed.https.serve("mta-sts.school.example", POLICY, *answer)
    assert (await look(bed)).evidence == "unknown"
    assert len(bed.https.asked) == 1


async def test_an_endless_policy_is_cut(bed: Bed) -> None:
    """A body that does not end is read up to the limit, and is no policy."""
    bed.school()
    bed.announce()
    bed.https.answers["mta-sts.school.example"] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    bed.https.endless = True
    assert (await look(bed)).evidence == "unknown"
    assert bed.https.sent < 20_000_000  # what the sockets hold, and no ten seconds of it


async def test_a_wrong_certificate_gives_no_policy(bed: Bed) -> None:
    """The policy host must prove its name; nobody else can say what a domain's policy is."""
    bed.school()
    bed.announce()
    bed.trust = ssl.create_default_context()
    assert (await look(bed)).evidence == "unknown"
    assert bed.https.asked == []


async def test_hosts_inside_are_not_reached(bed: Bed) -> None:
    """A policy host on this machine or a private network is not connected to: its name is anybody's to choose."""
    from milter.routes.fetch import is_public

    bed.school()
    bed.announce()
    assert await bed.fetcher(is_public).fetch("school.example") is None
    assert bed.https.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "224.0.0.1",
        "0.0.0.0",
    ],
)
def test_what_is_inside(address: str) -> None:
    """Loopback, private, link-local, multicast and mapped addresses are not the open Internet."""
    from milter.routes.fetch import is_public

    assert not is_public(address)
    assert is_public("81.2.69.142")
    assert is_public("2a00:1450:4009::1")
