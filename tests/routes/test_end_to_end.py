"""All of it with real parts: gateway, Postfix as next hop and as final hop, DNSSEC, MTA-STS, policies by socketmap.

Postfix delivers over verified TLS where evidence says so, and not at all where the server does not keep the promise.
"""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.gateway.harness import OFFICER, Running, running
from tests.gateway.test_way import entries
from tests.postfix.instance import Postfix, free_port
from tests.postfix.instance import missing as no_postfix
from tests.routes.conftest import PolicyHost
from tests.routes.servers import missing as no_dns
from tests.routes.servers import resolver
from tests.sink import Sink
from tests.smtp import certificate

WHY_NOT = no_postfix() or no_dns()
pytestmark = [
    pytest.mark.postfix,
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "all there"),
    pytest.mark.xdist_group("postfix"),
]

# Addresses of loopback: the resolver, servers with a right certificate, without TLS, with a wrong one, and HTTPS.
# They are this run's own, so that two runs on one machine don't meet.
DNS, GOOD, CLEAR, WRONG, HTTPS = (f"127.84.{os.getpid() % 250}.{n}" for n in (53, 25, 26, 27, 80))
POLICIES = {"good.plain.example": GOOD, "clear.plain.example": CLEAR, "wrong.plain.example": WRONG}
PARTNER = """
[[partner]]
name = "Far Trust {domain}"
kind = "nhs"
domains = ["{domain}"]
route = "verified-tls"
"""
DOMAINS = ("dane.signed.example", "clear.signed.example", *POLICIES, "silent.plain.example")


@dataclass
class Bed:
    """What surrounds the gateway."""

    out: Postfix  # the next hop, whose second door delivers over verified TLS only
    far: Sink  # where every recipient's mail ends
    ports: dict[int, int]
    authority: Path
    next_hop_certificate: Path


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Run DNS, the recipients' servers and the next hop; the gateway is each test's own."""
    folder = tmp_path_factory.mktemp("bed")
    folder.chmod(0o755)
    names = [f"mx.{domain}" for domain in DOMAINS] + [f"mta-sts.{domain}" for domain in POLICIES]
    made = {name: folder / name for name in ("good", "wrong", "hop")}
    for place in made.values():
        place.mkdir(mode=0o755)
    good = certificate.make(made["good"], *names)
    wrong = certificate.make(made["wrong"], *names)  # of another authority
    hop = certificate.make(made["hop"])
    digest = sha256(
        x509.load_pem_x509_certificate(good[0].read_bytes())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()
    signed = "".join(
        f"{name} 300 IN MX 10 mx.{name}\nmx.{name} 300 IN A {address}\n_25._tcp.mx.{name} 300 IN TLSA 3 1 1 {digest}\n"
        for name, address in (("dane", GOOD), ("clear", CLEAR))
    )
    plain = f"silent 300 IN MX 10 mx.silent\nmx.silent 300 IN A {GOOD}\n" + "".join(
        f"{name} 300 IN MX 10 mx.{name}\nmx.{name} 300 IN A {address}\nmta-sts.{name} 300 IN A {HTTPS}\n"
        f'_mta-sts.{name} 300 IN TXT "v=STSv1; id=1;"\n'
        for name, address in ((domain.partition(".")[0], address) for domain, address in POLICIES.items())
    )
    zones = {"signed.example": signed, "plain.example": plain}
    ports = {port: free_port() for port in (10026, 10027, 10028)}
    with Sink() as far, resolver(folder, DNS, zones, {"signed.example"}, set()):
        final = _final(far, good, wrong)
        out = _out(far, ports, folder, good[0], hop)
        with final, out:
            yield Bed(out, far, ports, good[0], hop[0])


def _final(far: Sink, good: tuple[Path, Path], wrong: tuple[Path, Path]) -> Postfix:
    """Make the recipients' servers: one Postfix with three doors."""
    final = Postfix("final", far.port)
    doors = ((GOOD, good), (WRONG, wrong), (CLEAR, None))
    with (final.folder / "etc" / "master.cf").open("a") as master:
        for address, files in doors:
            tls = "    -o smtpd_tls_security_level=none\n"
            if files:
                tls = (
                    "    -o smtpd_tls_security_level=may\n"
                    f"    -o smtpd_tls_cert_file={files[0]}\n    -o smtpd_tls_key_file={files[1]}\n"
                )
            master.write(f"{address}:25 inet n - n - - smtpd\n{tls}")
    return final


def _out(far: Sink, ports: dict[int, int], folder: Path, authority: Path, hop: tuple[Path, Path]) -> Postfix:
    """Make the next hop by the shipped snippets; it asks the test's resolver and trusts the test's authority."""
    snippets = ("content-filter.master.cf", "verified-tls.master.cf", "verified-tls.main.cf")
    out = Postfix("out", far.port, snippets, ports)
    for name in ("main.cf", "master.cf"):
        file = out.folder / "etc" / name
        text = file.read_text().replace("/etc/ssl/certs/ca-certificates.crt", str(authority))
        file.write_text(text.replace("relayhost =", "# relayhost =").replace("smtp_host_lookup = native", ""))
    with (out.folder / "etc" / "main.cf").open("a") as main:
        main.write(f"smtpd_tls_cert_file = {hop[0]}\nsmtpd_tls_key_file = {hop[1]}\nsmtp_tls_loglevel = 1\n")
    master = out.folder / "etc" / "master.cf"
    door, secure, rest = master.read_text().rpartition("    -o content_filter=secure:")
    rest = rest.replace("smtpd_tls_security_level=none", "smtpd_tls_security_level=may", 1)
    master.write_text(door + secure + rest)
    resolv = folder / "resolv.conf"
    resolv.write_text(f"nameserver {DNS}\noptions trust-ad edns0\n")
    mount = f'mount --bind {resolv} /etc/resolv.conf && exec "$@"'
    out.before = ("unshare", "-m", "sh", "-c", mount, "sh")
    return out


@pytest.fixture
async def gateway(bed: Bed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """Run a gateway whose evidence comes from the bed's DNS and HTTPS."""
    async with _gateway(bed, tmp_path, monkeypatch, bed.next_hop_certificate) as gateway:
        yield gateway


class _gateway:  # noqa: N801 - it is used as a function is
    def __init__(self, bed: Bed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusts: Path) -> None:
        self._folder = tmp_path / "etc"
        monkeypatch.setenv("SSL_CERT_FILE", str(bed.authority))
        self._run = running(
            self._folder,
            settings=(
                f'[secure-next-hop]\nhost = "127.0.0.1"\nport = {bed.ports[10027]}\n'
                f'tls = "verified"\ntls-ca = "{trusts}"\n[dns]\nservers = ["{DNS}"]\ntrusted = true\n'
                f'private = true\nsocketmap = "127.0.0.1:{bed.ports[10028]}"\n'
                "deadline-seconds = 20.0\n"
            ),
        )
        self._authority = bed.authority
        self._https: asyncio.Server | None = None

    async def __aenter__(self) -> Running:
        good = self._authority.parent
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(good / "certificate.pem", good / "key.pem")
        host = PolicyHost(context)
        for domain in POLICIES:
            policy = f"version: STSv1\nmode: enforce\nmx: mx.{domain}\nmax_age: 86400\n"
            host.serve(f"mta-sts.{domain}", policy)
        self._https = await asyncio.start_server(host.talk, HTTPS, 443, ssl=context)
        gateway = await self._run.__aenter__()
        with (self._folder / "partners.toml").open("a") as file:
            file.write("".join(PARTNER.format(domain=domain) for domain in DOMAINS))
        await gateway.service.reload()
        return gateway

    async def __aexit__(self, *error: object) -> None:
        await self._run.__aexit__(None, None, None)
        assert self._https is not None
        self._https.close()


def case_note(to: str) -> bytes:
    """Give a message with a personal document, marked as the rules ask."""
    return (
        f"From: {OFFICER}\r\nTo: {to}\r\nSubject: Private and Confidential: case note\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        "Sophie Osborne, born 12/03/2015, NHS number 943 476 5919, has a child protection plan.\r\n"
    ).encode()


async def until(true: Callable[[], bool], what: str) -> None:
    """Wait for another program without stopping this one."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - another process has no event of ours
            await asyncio.sleep(0.05)
    assert true(), what


@pytest.mark.parametrize("domain", ["dane.signed.example", "good.plain.example"])
async def test_what_is_verified_arrives_as_it_was_sent(bed: Bed, gateway: Running, domain: str) -> None:
    """By DANE and by MTA-STS the document goes unlocked over a connection that Postfix verified, and is recorded so."""
    bed.out.forget_log()
    count, address = len(bed.far.mail), f"ward@{domain}"
    code, _ = await gateway.send(OFFICER, [address], case_note(address))
    assert code == 250
    await until(lambda: len(bed.far.mail) > count, "it arrives")
    assert bed.far.mail[-1].raw.endswith(case_note(address).partition(b"\r\n\r\n")[2])
    assert f"Verified TLS connection established to mx.{domain}[{GOOD}]:25" in bed.out.log()
    entry = entries(gateway.store)[address]
    assert entry.way == "e-mail over verified TLS"
    protocol, cipher, checked = entry.tls.split()
    assert (protocol, checked) == ("TLSv1.3", "verified")
    assert cipher.startswith("TLS_")
    assert gateway.sink.to(address) == []


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("clear.signed.example", "TLS is required, but was not offered"),
        ("clear.plain.example", "TLS is required, but was not offered"),
        ("wrong.plain.example", "Server certificate not verified"),
    ],
)
async def test_a_broken_promise_delivers_nothing(bed: Bed, gateway: Running, domain: str, said: str) -> None:
    """A server without TLS, or with a certificate of another authority, gets nothing: the message waits."""
    bed.out.forget_log()
    count, address = len(bed.far.mail), f"ward@{domain}"
    await gateway.send(OFFICER, [address], case_note(address))
    await until(lambda: "status=deferred" in bed.out.log(), "Postfix defers it")
    assert said in bed.out.log()
    assert len(bed.far.mail) == count


async def test_explain_looks_up_as_the_gateway_does(bed: Bed, gateway: Running) -> None:
    """`sealgate explain --look-up` shows the evidence, what it rests on, and the row that it makes decide."""
    command = [str(Path(sys.executable).with_name("sealgate")), "explain", "--config", str(gateway.folder)]
    words = ["--from", OFFICER, "--to", "ward@dane.signed.example", "ward@good.plain.example", "--look-up"]
    done = await asyncio.to_thread(
        subprocess.run, [*command, *words], capture_output=True, text=True, timeout=60, check=True
    )
    assert "way   verified-tls (DANE names its servers' certificates, by dane)" in done.stdout
    assert "way   verified-tls (its MTA-STS policy names its servers, by mta-sts)" in done.stdout


async def test_without_evidence_the_document_is_locked(bed: Bed, gateway: Running) -> None:
    """A domain that promises nothing gets a locked copy by the ordinary next hop, as the table's safer demand says."""
    address = "ward@silent.plain.example"
    code, _ = await gateway.send(OFFICER, [address], case_note(address))
    (arrived,) = gateway.sink.to(address)
    assert code == 250
    assert b"943 476 5919" not in arrived.raw
    assert b"/Encrypt" in next(arrived.parsed.iter_attachments()).get_content()


async def test_a_message_that_waives_tls_is_locked(bed: Bed, gateway: Running) -> None:
    """TLS-Required: no would let Postfix drop what is demanded, so the document is locked; the field stays."""
    address = "ward@dane.signed.example"
    await gateway.send(OFFICER, [address], b"TLS-Required: No\r\n" + case_note(address))
    (arrived,) = gateway.sink.to(address)
    assert b"943 476 5919" not in arrived.raw
    assert arrived.parsed["TLS-Required"] == "No"


async def test_a_next_hop_with_a_wrong_certificate_gets_nothing(
    bed: Bed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the enforcing hop itself can't be verified the mail server keeps the message (451), nothing is lost."""
    count, address = len(bed.far.mail), "ward@dane.signed.example"
    async with _gateway(bed, tmp_path, monkeypatch, bed.authority) as gateway:
        code, said = await gateway.send(OFFICER, [address], case_note(address))
        assert (code, said[:5]) == (451, "4.7.5")
        assert gateway.sink.to(address) == []
    assert len(bed.far.mail) == count


@pytest.mark.parametrize(
    ("domain", "policy"),
    [
        ("dane.signed.example", "dane-only"),
        ("good.plain.example", "secure match=mx.good.plain.example servername=hostname"),
        ("silent.plain.example", None),
        ("absent.plain.example", None),
        (".plain.example", None),
        ("[127.0.0.1]:25", None),
        ("x" * 300, None),
    ],
)
async def test_postmap_asks(bed: Bed, gateway: Running, domain: str, policy: str | None) -> None:
    """`postmap -q`, as Postfix itself looks things up, gets the policy, or 'not found' with exit code 1."""
    table = f"socketmap:inet:127.0.0.1:{bed.ports[10028]}:tls"
    done = await asyncio.to_thread(
        subprocess.run,
        ["postmap", "-q", domain, table],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == (policy or "")
    assert done.returncode == (0 if policy else 1), done.stderr
