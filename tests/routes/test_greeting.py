"""What a mail server shows that is greeted (`dns.probe`): real servers with and without TLS."""

import ssl
from pathlib import Path

import pytest

from milter.daemon.greeting import Greeter
from milter.relay.capabilities import Capabilities
from milter.settings import Smtp
from milter.smtpd.server import Server, bind
from tests.postfix.instance import free_port
from tests.relay.hop import Hop
from tests.smtp import certificate
from tests.smtp.server import Keeper


async def greeted(port: int, name: str, trust: Path | None = None) -> str | None:
    context = ssl.create_default_context(cafile=str(trust) if trust else None)
    return await Greeter("gate.example", context, port).greet("127.0.0.1", name)


@pytest.mark.parametrize(
    ("name", "trusted", "shown"),
    [
        ("mx1.school.example", True, "verified"),
        ("mx9.school.example", True, "tls"),  # the certificate names another
        ("mx1.school.example", False, "tls"),  # of an authority that nobody knows
    ],
)
async def test_a_server_with_tls(tmp_path: Path, name: str, trusted: bool, shown: str) -> None:
    """A certificate that holds and names the server is verified; any other is TLS and no more."""
    files = certificate.make(tmp_path, "mx1.school.example")
    keeper, bound = Keeper(), bind("127.0.0.1:0")
    settings = Smtp(tls_certificate=str(files[0]), tls_key=str(files[1]))
    server = Server(settings, keeper, Capabilities)
    await server.start([bound])
    assert await greeted(bound.getsockname()[1], name, files[0] if trusted else None) == shown
    assert keeper.mail == []
    assert await server.drain(5)


async def test_a_server_without_tls() -> None:
    """What offers no STARTTLS, or refuses it, has none; nothing is sent to it."""
    async with (
        Hop(offers=("PIPELINING",)) as hop,
        Hop(offers=("STARTTLS",), answers={"STARTTLS": "454 no"}) as no,
    ):
        assert await greeted(hop.port, "mx.example") == "none"
        assert await greeted(no.port, "mx.example") is None
    assert hop.messages == []


async def test_nobody_there() -> None:
    """A server that can't be reached shows nothing: many networks block port 25."""
    assert await greeted(free_port(), "mx.example") is None
