"""What a reviewer decides on a page, the gateway carries out: locked, as it is, or not at all; by real SMTP."""

import asyncio
import re
from email import message_from_bytes
from email.policy import default

from milter.store import quarantine, register
from tests.admin.office import open_office
from tests.gateway.harness import OFFICER, running
from tests.gateway.shares import RECEIPTS, link, only_share, told
from tests.gateway.test_protected_release import STRANGER, case_note

SETTINGS = f'{RECEIPTS}[pages]\nadmin-url = "http://localhost"\n'
WHY = "The address was confirmed by telephone"


def decide(folder, act):
    """Decide on the page of the one held message, as its button does, and give what the page says then."""
    office = open_office(folder)
    here = office.as_("reviewer")
    path = re.search(r'href="(/quarantine/SG-[^"?]+)"', here.get("/quarantine").text)[1]
    answer = here.post(f"{path}/decide", act=act, reason=WHY, recipients=STRANGER)
    assert answer.status_code == 303
    office.close()
    return path


def page(folder, path):
    office = open_office(folder)
    text = office.as_("reviewer", "help-desk").get(path).text
    office.close()
    return text


async def decided(gateway, act, raw=b""):
    """Have a message held, decide about it on its page, and let the gateway do it."""
    await gateway.send(OFFICER, [STRANGER], raw or case_note())
    path = await asyncio.to_thread(decide, gateway.folder, act)
    await gateway.settle()
    return await asyncio.to_thread(page, gateway.folder, path)


async def test_released_protected_it_arrives_locked_with_a_share(tmp_path):
    """The recipient's document opens by a password only; the share stands on its page, the record says 'protected'."""
    async with running(tmp_path, settings=SETTINGS) as gateway:
        text = await decided(gateway, "release-protected")
        (arrived,) = gateway.sink.to(STRANGER)
        share = only_share(gateway)
        with gateway.store.read() as tx:
            entry = register.get(tx, share.register_id)
        shown = await asyncio.to_thread(page, tmp_path, f"/shares/{share.id}")
    assert ">released<" in re.sub(r"\s", "", text)
    assert link(arrived)
    assert b"Osborne" not in arrived.raw
    office, _ = arrived.parsed.iter_attachments()
    assert office.get_filename() == "case note.docx"
    assert "EncryptedPackage".encode("utf-16-le") in office.get_content()
    assert (share.state, share.recipient) == ("sent", STRANGER)
    assert (entry.status, entry.share_id) == ("protected", share.id)
    assert STRANGER in shown


async def test_released_it_arrives_as_it_was_sent(tmp_path):
    """Not a byte of the document differs, there is no share, and the sender is told."""
    raw = case_note()
    async with running(tmp_path, settings=SETTINGS) as gateway:
        await decided(gateway, "release", raw)
        (arrived,) = gateway.sink.to(STRANGER)
        with gateway.store.read() as tx:
            (held,) = quarantine.search(tx, quarantine.Search(waiting_only=False))[0]
    (sent,) = message_from_bytes(raw, policy=default).iter_attachments()
    (office,) = arrived.parsed.iter_attachments()
    assert office.get_content() == sent.get_content()
    assert held.closed_at is not None
    assert len(told(gateway, "Your email has been released")) == 1


async def test_refused_it_never_arrives_and_the_sender_reads_why(tmp_path):
    """The reviewer's words reach the sender; nothing reaches the recipient."""
    async with running(tmp_path, settings=SETTINGS) as gateway:
        await decided(gateway, "refuse")
        assert gateway.sink.to(STRANGER) == []
        assert any(WHY.encode() in one.raw for one in gateway.sink.to(OFFICER))
