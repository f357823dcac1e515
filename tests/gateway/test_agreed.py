"""A password agreed beforehand with a partner locks its documents, and is never sent."""

import io
from pathlib import Path

import msoffcrypto
import pytest

from milter.errors import RequestError
from milter.store import agreed, shares
from tests.gateway.harness import OFFICER, SCHOOL, Running, running
from tests.gateway.test_way import entries, sample

CLEAR = "Correct-Horse-Battery-9"
NAME = 'name = "Ambridge Primary School"'


async def send_case_note(gateway: Running) -> tuple[bytes, str]:
    """Send the case note, and give the locked document and the covering note that arrived."""
    await gateway.send(OFFICER, [SCHOOL], sample("case note to a school"))
    (arrived,) = gateway.sink.to(SCHOOL)
    body = arrived.parsed.get_body(("plain",)).get_content()
    (document,) = (part.get_content() for part in arrived.parsed.iter_attachments())
    return document, body


def agree(gateway: Running) -> None:
    file = gateway.folder / "partners.toml"
    file.write_text(file.read_text().replace(NAME, f'{NAME}\npassword = "ambridge"', 1))


async def test_the_document_opens_with_it_and_it_goes_nowhere(tmp_path: Path) -> None:
    """The document opens with the agreed password; the note says so; nothing that is sent or kept names it."""
    async with running(tmp_path / "etc") as gateway:
        agree(gateway)
        await gateway.service.reload()
        with gateway.store.transaction() as tx:
            agreed.put(tx, "ambridge", CLEAR, "cli:root")
        document, body = await send_case_note(gateway)
        await gateway.settle()
        entry = entries(gateway.store)[SCHOOL]
        with gateway.store.transaction() as tx:
            share = shares.get(tx, entry.share_id)
            assert shares.password(tx, share.id, "test", "test") == ""
            with pytest.raises(RequestError):
                shares.reissue(tx, share.id, "test", 3)
    locked = msoffcrypto.OfficeFile(io.BytesIO(document))
    locked.load_key(password=CLEAR)
    locked.decrypt(io.BytesIO())
    assert share.way == "agreed"
    assert "have agreed" in body
    assert all(CLEAR.encode() not in arrived.raw for arrived in gateway.sink.arrived)


async def test_a_name_without_a_password_gets_a_fresh_one(tmp_path: Path) -> None:
    """Where partners.toml names a password that the store has not, the document is locked all the same."""
    async with running(tmp_path / "etc") as gateway:
        agree(gateway)
        await gateway.service.reload()
        document, _ = await send_case_note(gateway)
        share_id = entries(gateway.store)[SCHOOL].share_id
        with gateway.store.transaction() as tx:
            fresh = shares.password(tx, share_id, "test", "test")
    locked = msoffcrypto.OfficeFile(io.BytesIO(document))
    locked.load_key(password=fresh)
    locked.decrypt(io.BytesIO())
    assert fresh != CLEAR
