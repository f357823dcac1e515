"""The add-in and the gateway can't disagree: what is posted to the check and sent through SMTP is judged alike."""

import asyncio
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from addin_backend.addin import desk
from addin_backend.addin.application import build
from addin_backend.site import Site
from benchmarks.corpus.__main__ import documents
from milter.assess.judge import Assessment
from milter.cli.samples import NHS, OFFICER, PARENT, RETIRED, SCHOOL, samples
from tests.addin import tokens
from tests.addin.asking import SETTINGS, attachment
from tests.gateway.harness import running

Judged = dict[str, tuple[str, list[str], list[str]]]


def messages() -> Iterator[tuple[str, tuple[str, ...], bytes]]:
    """Give (name, envelope recipients, message): the demonstration's, and made-up ones of councils and schools."""
    ours = [sample for sample in samples() if sample.sender == OFFICER]  # Outlook sends from no other mailbox
    for number, sample in enumerate(ours):
        yield sample.shows, sample.recipients, sample.message(number)
    people = ((SCHOOL,), (NHS, SCHOOL), (PARENT,), (RETIRED, OFFICER), ("clerk@unheard-of.example",))
    for number, (name, document, content) in enumerate(documents("develop", 1, 1)):
        recipients = people[number % len(people)]
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        message["From"], message["To"] = OFFICER, ", ".join(recipients)
        message["Subject"] = "Private and Confidential - as discussed" if number % 3 else "As discussed"
        message.set_content("Dear colleague,\nplease find it attached.\n")
        match document.format:
            case "txt":
                message.set_content(content.decode("utf-8", "replace"))
            case "html":
                message.add_alternative(content.decode("utf-8", "replace"), subtype="html")
            case "eml":
                message.add_attachment(message_from_bytes(content, policy=default))
            case kind:
                message.add_attachment(content, "application", "octet-stream", filename=f"attached.{kind}")
        yield name, recipients, message.as_bytes()


def as_outlook_tells(raw: bytes, recipients: tuple[str, ...]) -> dict[str, Any]:
    """Give the draft that Outlook would tell of, had this message been written in it."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    files = list(message.iter_attachments())
    return {
        "subject": str(message["Subject"]),
        "sender": OFFICER,
        "to": [{"address": address, "name": ""} for address in recipients],
        "body": {
            "text": text.get_content() if text else "",
            "html": html.get_content() if html else "",
        },
        "attachments": [
            attachment(part.get_filename() or "", _content(part), part.get_content_type()) for part in files
        ],
    }


def _content(part: Any) -> bytes:
    """Give a file's octets; of a message that is attached, those of a message, as Outlook does."""
    if part.get_content_type() == "message/rfc822":
        return part.get_content().as_bytes(policy=SMTP)
    return part.get_payload(decode=True)


def of_gateway(assessment: Assessment) -> Judged:
    return {
        v.address: (v.action.name, sorted({r.code for r in v.reasons}), list(v.obligations))
        for v in assessment.verdicts
    }


def of_check(answer: dict[str, Any]) -> Judged:
    return {
        one["address"]: (one["action"], sorted({r["code"] for r in one["reasons"]}), one["obligations"])
        for one in answer["recipients"]
    }


@pytest.mark.timeout(600)
async def test_each_message_is_judged_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same recipients, actions, reasons and obligations, for every message of the corpus, down both ways in."""
    monkeypatch.setattr(desk, "ASKED", (1e9, 1.0))  # one person asks more here than people do
    differing: list[str] = []
    seen = 0
    async with running(tmp_path / "etc", settings=SETTINGS) as gateway:
        judged: list[Assessment] = []
        gateway.service.surroundings.judged = judged.append
        known = gateway.service.surroundings.known
        site = Site(known, gateway.store, gateway.service.surroundings.clock, gateway.folder)
        headers = {"Authorization": f"Bearer {tokens.entra()}"}
        with TestClient(build(site, tokens.published()), tokens.URL, headers=headers) as client:
            for name, recipients, raw in messages():
                judged.clear()
                await gateway.send(OFFICER, list(recipients), raw)
                draft = as_outlook_tells(raw, recipients)
                answer = await asyncio.to_thread(client.post, "/api/v1/check", json=draft)
                assert answer.status_code == 200, (name, answer.text)
                ours, theirs = of_check(answer.json()), of_gateway(judged[-1])
                seen += 1
                if ours != theirs:
                    differing.append(f"{name}: the add-in says {ours}, the gateway {theirs}")
    assert not differing, "\n".join(differing)
    assert seen > 100
