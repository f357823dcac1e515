"""TLS towards the next hop: none, opportunistic, verified, against a real server."""

import ssl
from pathlib import Path

import pytest

from milter.message.envelope import Envelope, Recipient
from milter.relay.capabilities import Capabilities
from milter.relay.client import NextHopClient
from milter.relay.result import RecipientResult
from milter.settings import NextHop, Smtp
from milter.smtpd.server import Server, bind
from tests.relay.hop import Hop
from tests.smtp import certificate
from tests.smtp.server import Keeper

ENVELOPE = Envelope("ann@example.org", (Recipient("bob@example.net"),))
BIG = b"Subject: x\r\n\r\n" + b"0123456789" * 300_000 + b"\r\n"


async def send(
    port: int, tls: str, ca: str, envelope: Envelope = ENVELOPE, host: str = "127.0.0.1"
) -> RecipientResult:
    client = NextHopClient(
        NextHop(host=host, port=port, tls=tls, tls_ca=ca, connect_seconds=10.0, reply_seconds=10.0)
    )
    try:
        return (await client.send(envelope, BIG))[0]
    finally:
        await client.close()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Give the server's certificate and key."""
    certificate_file, key_file = certificate.make(tmp_path)
    return str(certificate_file), str(key_file)


async def serve(files: tuple[str, str]) -> tuple[Server, Keeper, int]:
    keeper, bound = Keeper(), bind("127.0.0.1:0")
    server = Server(
        Smtp(tls_certificate=files[0], tls_key=files[1]), keeper, lambda: Capabilities(require_tls=True)
    )
    await server.start([bound])
    return server, keeper, bound.getsockname()[1]


async def test_verified(files: tuple[str, str]) -> None:
    """With a certificate that holds, the message goes under verified TLS, and REQUIRETLS can be kept."""
    server, keeper, port = await serve(files)
    result = await send(
        port, "verified", files[0], Envelope("a@example.org", ENVELOPE.recipients, require_tls=True)
    )
    assert (result.code, result.tls) == (250, "TLSv1.3 TLS_AES_256_GCM_SHA384 verified"), result
    envelope, raw, session = keeper.mail[0]
    assert raw == BIG
    assert envelope.require_tls
    assert session.protocol == "ESMTPS"
    assert await server.drain(5)


async def test_verified_needs_the_right_certificate(files: tuple[str, str], tmp_path: Path) -> None:
    """With a certificate of another authority nothing is sent, and the upstream server tries again."""
    server, keeper, port = await serve(files)
    (tmp_path / "other").mkdir()
    other, _ = certificate.make(tmp_path / "other")
    result = await send(port, "verified", str(other))
    assert (result.code, result.enhanced) == (451, "4.7.5")
    assert keeper.mail == []
    assert await server.drain(5)


async def test_verified_needs_the_right_name(files: tuple[str, str]) -> None:
    """With a certificate of another name nothing is sent."""
    server, keeper, port = await serve(files)
    result = await send(port, "verified", files[0], host="localhost")
    assert (result.code, result.enhanced) == (451, "4.7.5")
    assert keeper.mail == []
    assert await server.drain(5)


async def test_verified_needs_tls() -> None:
    """A next hop that offers no TLS gets nothing where TLS must be."""
    async with Hop() as hop:
        result = await send(hop.port, "verified", "")
    assert (result.code, result.enhanced) == (451, "4.7.5")
    assert hop.messages == []


async def test_opportunistic(files: tuple[str, str]) -> None:
    """Opportunistic TLS takes any certificate, and says that it was not checked."""
    server, keeper, port = await serve(files)
    result = await send(port, "opportunistic", "")
    assert (result.code, result.tls) == (250, "TLSv1.3 TLS_AES_256_GCM_SHA384 unverified")
    assert keeper.mail[0][2].protocol == "ESMTPS"
    assert await server.drain(5)


async def test_opportunistic_without_tls() -> None:
    """Opportunistic TLS goes in clear where none is offered, or where what is offered fails (RFC 7435)."""
    offers = ("PIPELINING", "SIZE 10000000")
    async with (
        Hop(offers=offers) as hop,
        Hop(offers=(*offers, "STARTTLS"), answers={"STARTTLS": "454 no"}) as failing,
    ):
        assert (await send(hop.port, "opportunistic", "")).tls == ""
        assert (await send(failing.port, "opportunistic", "")).taken
    assert len(failing.messages) == 1


async def test_replies_injected_before_tls() -> None:
    """Replies that come behind the one to STARTTLS in clear end the connection: they were not sent under TLS."""
    injected = "220 2.0.0 go\r\n250-evil\r\n250 SMTPUTF8"
    async with Hop(offers=("STARTTLS",), answers={"STARTTLS": injected}) as hop:
        result = await send(hop.port, "verified", "")
    assert (result.code, result.enhanced) == (451, "4.7.5")


def test_old_tls_is_not_spoken(files: tuple[str, str]) -> None:
    """TLS 1.2 is the oldest on either side."""
    from milter.relay.tls import client_context
    from milter.smtpd.gate import tls_context

    client = client_context(NextHop(tls="verified", tls_ca=files[0]))
    server = tls_context(Smtp(tls_certificate=files[0], tls_key=files[1]))
    assert client is not None
    assert server is not None
    assert client.minimum_version == server.minimum_version == ssl.TLSVersion.TLSv1_2


async def test_requiretls_is_asked_for_where_only_verified_tls_will_do(files: tuple[str, str]) -> None:
    """The hop for verified TLS is asked for REQUIRETLS where it offers it and its own certificate holds (RFC 8689)."""
    server, keeper, port = await serve(files)
    for tls, ca in (("verified", files[0]), ("opportunistic", "")):
        hop = NextHop(host="127.0.0.1", port=port, tls=tls, tls_ca=ca)
        client = NextHopClient(hop, verified_only=True)
        (result,) = await client.send(ENVELOPE, BIG)
        assert result.code == 250
        await client.close()
    assert [envelope.require_tls for envelope, _, _ in keeper.mail] == [True, False]
    assert await server.drain(5)
