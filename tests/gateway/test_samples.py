"""Real mail and documents, made by others, through a running gateway: nothing crashes it, hangs it or vanishes."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from milter.store import progress
from tests.gateway.harness import OFFICER, Running, running

NHS = "records@borsetshire.nhs.uk"

pytestmark = [pytest.mark.samples, pytest.mark.timeout(600)]


async def accounted(gateway: Running, raw: bytes) -> str:
    """Send one message and say what became of it: an outcome of the store, or the class of a refusal."""
    code, reply = await gateway.send(OFFICER, [NHS], raw)
    if code != 250:
        assert code // 100 == 5, reply
        return "refused-in-session"
    with gateway.store.read() as tx:
        outcomes, _ = progress.outcomes(tx, progress.message_key(gateway.store.vault, OFFICER, raw))
    return outcomes[NHS]


async def test_every_sample_message_is_accounted_for(samples: Path, tmp_path: Path) -> None:
    """Broken encodings, boundaries and headers end delivered, held or refused, one and all."""
    files = sorted((samples / "mail").iterdir())
    async with running(tmp_path / "etc") as gateway:
        for file in files:
            raw = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
            raw = raw.replace(b"\0", b"").removesuffix(b"\r\n") + b"\r\n"
            assert await accounted(gateway, raw), file.name


async def test_every_sample_document_is_accounted_for_as_an_attachment(samples: Path, tmp_path: Path) -> None:
    """Documents of many producers, damaged ones too, get their verdict, and the gateway serves on."""
    files = sorted(file for file in (samples / "documents").rglob("*") if file.is_file())
    async with running(tmp_path / "etc") as gateway:
        outcomes = {file.name: await accounted(gateway, carrying(file)) for file in files}
        assert await accounted(gateway, b"Subject: still there\r\n\r\nyes\r\n") == "delivered"
    assert set(outcomes.values()) <= {"delivered", "held", "refused", "refused-in-session"}
    assert len(outcomes) > 100


def carrying(file: Path) -> bytes:
    """Make a message that carries a document."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = OFFICER, NHS, "Private and Confidential: document"
    message.set_content("Attached.")
    message.add_attachment(
        file.read_bytes(), maintype="application", subtype="octet-stream", filename=file.name
    )
    return message.as_bytes()
