"""The next hop takes a message and goes away without saying so: the one window in which SMTP makes duplicates."""

from pathlib import Path

from milter.store import progress, register, shares
from tests.gateway.harness import OFFICER, SCHOOL, Sink, configure, serving
from tests.gateway.test_way import CLEAN, sample
from tests.relay.hop import Hop


async def test_no_answer_to_the_message_is_451_and_a_duplicate_of_clean_mail_at_worst(tmp_path: Path) -> None:
    """Nobody can know whether it was taken: the server before us tries again, and it is recorded once."""
    folder = tmp_path / "etc"
    async with Hop(once={"message": ""}) as hop:
        configure(folder, hop.port)
        async with serving(folder, Sink()) as gateway:
            first, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
            second, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
            third, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
            with gateway.store.read() as tx:
                key = progress.message_key(gateway.store.vault, OFFICER, CLEAN)
                outcomes, _ = progress.outcomes(tx, key)
    assert (first, second, third) == (451, 250, 250)
    assert len(hop.messages) == 2
    assert all(message.endswith(CLEAN + b".\r\n") for message in hop.messages)
    assert outcomes == {SCHOOL: "delivered"}


async def test_a_protected_copy_without_an_answer_loses_its_share_and_the_next_one_has_its_own(
    tmp_path: Path,
) -> None:
    """Of two copies that may have arrived one can be confirmed, and one only stands in the register."""
    folder = tmp_path / "etc"
    raw = sample("case note to a school")
    async with Hop(once={"message": ""}) as hop:
        configure(folder, hop.port)
        async with serving(folder, Sink()) as gateway:
            first, _ = await gateway.send(OFFICER, [SCHOOL], raw)
            second, _ = await gateway.send(OFFICER, [SCHOOL], raw)
            with gateway.store.read() as tx:
                found, _ = shares.search(tx)
                entries = register.search(tx, register.Search()).entries
    assert (first, second) == (451, 250)
    assert sorted(share.state for share in found) == ["sent", "withdrawn"]
    assert all(share.password_destroyed_at for share in found if share.state == "withdrawn")
    assert [entry.status for entry in entries] == ["protected"]
    assert not [message for message in hop.messages if b"Osborne" in message]
