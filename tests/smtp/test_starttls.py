"""STARTTLS (RFC 3207): what it gives, and that nothing sent in clear counts under it."""

import asyncio
import os
import smtplib
import ssl
from pathlib import Path

import pytest

from milter.relay.capabilities import Capabilities
from tests.smtp import certificate
from tests.smtp.server import Start
from tests.smtp.talk import Talk


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str]:
    """Give the settings of a server that has a certificate."""
    certificate_file, key_file = certificate.make(tmp_path)
    return {"tls_certificate": str(certificate_file), "tls_key": str(key_file)}


async def test_message_under_tls(start: Start, tls: dict[str, str]) -> None:
    """A large message comes through TLS whole, and the handler learns of the protection."""
    running = await start(**tls)
    message = b"Subject: x\r\n\r\n" + b"0123456789" * 200_000 + b"\r\n.\r\n"

    def client() -> bytes:
        context = ssl.create_default_context(cafile=tls["tls_certificate"])
        with smtplib.SMTP("127.0.0.1", running.port) as smtp:
            assert smtp.has_extn("STARTTLS") or b"STARTTLS" in smtp.ehlo()[1]
            smtp.starttls(context=context)
            offered = smtp.ehlo()[1]
            smtp.sendmail("ann@example.org", ["bob@example.net"], message)
        return offered

    offered = await asyncio.to_thread(client)
    assert b"STARTTLS" not in offered
    _, raw, session = running.keeper.mail[0]
    assert raw == message
    assert session.protocol == "ESMTPS"
    assert session.tls.startswith("TLSv1.3 ")


async def test_requiretls_only_under_tls(start: Start, tls: dict[str, str]) -> None:
    """REQUIRETLS is offered only under TLS, and only where the next hop has it (RFC 8689 section 2)."""
    able = await start(offered=Capabilities(require_tls=True), **tls)
    lacking = await start(offered=Capabilities(), **tls)

    def offers(port: int) -> tuple[bytes, bytes]:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            before = smtp.ehlo()[1]
            smtp.starttls(context=ssl.create_default_context(cafile=tls["tls_certificate"]))
            return before, smtp.ehlo()[1]

    before, under = await asyncio.to_thread(offers, able.port)
    assert b"REQUIRETLS" not in before
    assert b"REQUIRETLS" in under
    assert b"REQUIRETLS" not in b"".join(await asyncio.to_thread(offers, lacking.port))


@pytest.mark.parametrize("injected", [b"EHLO evil\r\n", b"MAIL FROM:<evil@example.org>\r\n", b"x"])
async def test_injection_in_the_same_piece(start: Start, tls: dict[str, str], injected: bytes) -> None:
    """What is sent behind STARTTLS in clear is not run under TLS: the conversation ends."""
    running = await start(**tls)
    async with Talk(running.port) as talk:
        await talk.reply()
        await talk.ask(b"EHLO client.example")
        replies = await talk.send(b"STARTTLS\r\n" + injected, until_end=True)
    assert replies == [b"503 5.5.1 Something was sent behind STARTTLS\r\n"]


async def test_clear_text_instead_of_a_handshake(start: Start, tls: dict[str, str]) -> None:
    """Commands in clear where the handshake should be are answered by none."""
    running = await start(**tls)
    async with Talk(running.port) as talk:
        await talk.reply()
        await talk.ask(b"EHLO client.example")
        assert (await talk.ask(b"STARTTLS")).startswith(b"220 ")
        talk.writer.write(b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<a@example.net>\r\n")
        async with asyncio.timeout(20):
            answer = await talk.reader.read()
    assert b"250" not in answer


async def test_envelope_is_forgotten(start: Start, tls: dict[str, str]) -> None:
    """What was said before TLS is forgotten, EHLO too (RFC 3207 section 4.2)."""
    running = await start(**tls)

    def client() -> tuple[int, bytes]:
        with smtplib.SMTP("127.0.0.1", running.port) as smtp:
            smtp.ehlo()
            smtp.mail("ann@example.org")
            smtp.starttls(context=ssl.create_default_context(cafile=tls["tls_certificate"]))
            return smtp.docmd("RCPT TO:<bob@example.net>")

    code, _ = await asyncio.to_thread(client)
    assert code == 503


@pytest.mark.parametrize("handshake", [b"", b"\x16\x03\x01", b"\x16\x03\x01\x00\x05hello"])
async def test_client_leaves_within_the_handshake(
    start: Start, tls: dict[str, str], handshake: bytes
) -> None:
    """A connection that dies within the handshake gives its place back."""
    running = await start(**tls)
    async with Talk(running.port) as talk:
        await talk.reply()
        await talk.ask(b"EHLO client.example")
        assert (await talk.ask(b"STARTTLS")).startswith(b"220 ")
        talk.writer.write(handshake)
        talk.writer.write_eof()
        async with asyncio.timeout(20):
            await talk.reader.read()
    assert await running.server.drain(20)


async def test_renewed_certificate_is_taken_up(start: Start, tls: dict[str, str], tmp_path: Path) -> None:
    """A certificate that was renewed on the disk serves the next client; a damaged one leaves the last in force."""
    running = await start(**tls)
    folder = Path(tls["tls_certificate"]).parent
    file = folder / "certificate.pem"
    old = await asyncio.to_thread(file.read_bytes)

    def secured_by(authority: bytes) -> bool:
        context = ssl.create_default_context(cadata=authority.decode())
        with smtplib.SMTP("127.0.0.1", running.port) as smtp:
            try:
                smtp.starttls(context=context)
            except ssl.SSLError:
                return False
        return True

    def renew() -> bytes:
        certificate_file, key_file = certificate.make(folder)
        for one in (certificate_file, key_file):
            os.utime(one, (2_000_000_000, 2_000_000_000))
        return certificate_file.read_bytes()

    assert await asyncio.to_thread(secured_by, old)
    new = await asyncio.to_thread(renew)
    assert not await asyncio.to_thread(secured_by, old)
    assert await asyncio.to_thread(secured_by, new)
    await asyncio.to_thread(file.write_text, "not a certificate")
    assert await asyncio.to_thread(secured_by, new)
