"""Many outside addresses: held, or each gets a copy of its own, as the policy says (P1)."""

from pathlib import Path

from tests.gateway.harness import OFFICER, Running, running
from tests.gateway.test_way import COLLEAGUE, held

OUTSIDE = [f"parent{n}@mail{n % 7}.example" for n in range(12)]
HEAD = (
    f"From: {OFFICER}\r\nTo: {', '.join(OUTSIDE[:8])}\r\nCc: {', '.join(OUTSIDE[8:])},\r\n {COLLEAGUE}\r\n"
    "Subject: School fair\r\nMessage-ID: <1@borchester.gov.uk>\r\nTLS-Required: No\r\nRequire-TLS-ESMTP: yes\r\n"
)
FAIR = f"{HEAD}\r\nThe fair is on Saturday.\r\n".encode()
SIGNED = (
    HEAD + 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\r\n\r\n'
    "--b\r\n\r\nThe fair.\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nMIIB\r\n--b--\r\n"
).encode()


async def sent_apart(gateway: Running) -> None:
    """Change the policy: copies of their own instead of a reviewer."""
    file = gateway.folder / "policy.toml"
    head, code, rest = file.read_text().partition("[reasons.many-outside-recipients]\n")
    file.write_text(head + code + rest.replace('action = "hold"', 'action = "protect"', 1))
    await gateway.service.reload()


async def test_by_default_a_reviewer_decides(tmp_path: Path) -> None:
    """More than ten outside addresses in To and Cc are held, and the colleague has the message."""
    async with running(tmp_path / "etc") as gateway:
        await gateway.send(OFFICER, [*OUTSIDE, COLLEAGUE], FAIR)
        (waiting,) = held(gateway.store)
        assert waiting.waiting == len(OUTSIDE)
        assert len(gateway.sink.to(COLLEAGUE)) == 1


async def test_each_outside_recipient_gets_a_copy_that_names_nobody_else(tmp_path: Path) -> None:
    """To names the recipient alone, Cc is gone, all else is octet for octet; a colleague gets what came."""
    async with running(tmp_path / "etc") as gateway:
        await sent_apart(gateway)
        code, _ = await gateway.send(OFFICER, [*OUTSIDE, COLLEAGUE], FAIR)
        await gateway.settle()
        assert code == 250
        for address in OUTSIDE:
            (arrived,) = gateway.sink.to(address)
            assert arrived.recipients == (address,)
            assert arrived.parsed["To"] == address
            assert arrived.parsed["Cc"] is None
            others = [other for other in (*OUTSIDE, COLLEAGUE) if other != address]
            assert not any(other.encode() in arrived.raw for other in others)
            assert arrived.raw.endswith(FAIR[FAIR.index(b"Subject:") :])
        (inside,) = gateway.sink.to(COLLEAGUE)
        assert inside.raw.endswith(FAIR)


async def test_the_sender_is_told_once_of_everybody(tmp_path: Path) -> None:
    """One notice lists every recipient and what became of the message for each."""
    async with running(tmp_path / "etc") as gateway:
        await sent_apart(gateway)
        await gateway.send(OFFICER, [*OUTSIDE, COLLEAGUE], FAIR)
        await gateway.settle()
        (notice,) = gateway.sink.to(OFFICER)
    text = notice.parsed.get_body(("plain",)).get_content()
    assert "separate copies" in notice.parsed["Subject"]
    for address in OUTSIDE:
        assert f"{address}: sent, in a copy of its own" in text
    assert f"{COLLEAGUE}: sent" in text


async def test_signed_mail_is_never_edited(tmp_path: Path) -> None:
    """Signed mail waits for a reviewer instead."""
    async with running(tmp_path / "etc") as gateway:
        await sent_apart(gateway)
        await gateway.send(OFFICER, OUTSIDE, SIGNED)
        (waiting,) = held(gateway.store)
        assert waiting.waiting == len(OUTSIDE)
        assert not any(gateway.sink.to(address) for address in OUTSIDE)


async def test_a_retry_sends_nobody_a_second_copy(tmp_path: Path) -> None:
    """Where one recipient's server says 'later', the next try is for that one only."""
    async with running(tmp_path / "etc") as gateway:
        await sent_apart(gateway)
        gateway.sink.replies[OUTSIDE[3]] = "451 4.3.0 later"
        code, _ = await gateway.send(OFFICER, OUTSIDE, FAIR)
        assert code == 451
        gateway.sink.replies.clear()
        code, _ = await gateway.send(OFFICER, OUTSIDE, FAIR)
        assert code == 250
        assert all(len(gateway.sink.to(address)) == 1 for address in OUTSIDE)
