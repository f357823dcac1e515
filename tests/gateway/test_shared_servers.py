"""Mail from servers that other organisations use too, such as Exchange Online's (pitfall 44)."""

from pathlib import Path

from tests.gateway.harness import OFFICER, SCHOOL, running

SECRET = "a1b2c3d4e5f6a7b8c9d0"
MESSAGE = b"From: amira.khan@borchester.gov.uk\r\nTo: office@ambridge-primary.borchester.sch.uk\r\nSubject: Hello\r\n"
BODY = b"\r\nSee you on Monday.\r\n"


SHARED = 'networks = ["192.0.2.1/32"]\nshared-networks = ["127.0.0.0/8"]\nentry-secret-file = "secret"\n'


async def sent(folder: Path, header: bytes) -> tuple[int, list[bytes]]:
    """Send from a shared server with this header; give the reply's code and what arrived."""
    (folder / "secret").write_text(SECRET + "\n")
    async with running(folder, smtp=SHARED) as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], MESSAGE + header + BODY)
        return code, [arrived.raw for arrived in gateway.sink.arrived]


async def test_other_tenants_mail_is_refused(tmp_path: Path) -> None:
    """Who sends as us from servers that we share with others is refused, whatever they guess."""
    assert await sent(tmp_path, b"") == (550, [])
    assert await sent(tmp_path, b"X-Sealgate-Entry: a1b2c3d4e5f6a7b8c9d1\r\n") == (550, [])


async def test_our_own_mail_proves_itself_and_keeps_the_secret(tmp_path: Path) -> None:
    """Mail with the secret word goes on, and the word does not go with it."""
    code, arrived = await sent(tmp_path, f"X-Sealgate-Entry: {SECRET}\r\n".encode())
    assert code == 250
    assert arrived[0].endswith(MESSAGE + BODY)
    assert SECRET.encode() not in arrived[0]
