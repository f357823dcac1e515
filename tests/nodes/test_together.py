"""Two and four nodes on one PostgreSQL: the same message at once, one outbox, an upgrade under way."""

import asyncio

import pytest
from sqlalchemy import text

from milter.errors import StoreError
from milter.store import outbox, progress, quarantine, register, shares
from milter.store.engine import Store, migrate, open_store
from tests.gateway.harness import OFFICER, SCHOOL, Running, serving
from tests.gateway.test_way import CLEAN, held, sample
from tests.nodes.conftest import Start

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("nodes")]

NHS = "t@borsetshire.nhs.uk"


async def send_to_all(nodes: list[Running], recipient: str, raw: bytes) -> list[int]:
    """Send the same message to every node at once, then once more until all have taken it, as a server would."""
    first = await asyncio.gather(*(node.send(OFFICER, [recipient], raw) for node in nodes))
    assert {code for code, _ in first} <= {250, 451}
    later = [(await node.send(OFFICER, [recipient], raw))[0] for node in nodes]
    assert set(later) == {250}
    return [code for code, _ in first]


async def test_the_same_message_at_two_nodes_at_once_is_protected_once(start: Start) -> None:
    """One node makes the copy and its share, the other is told to come again and finds it done (law 1)."""
    async with start(2) as nodes:
        codes = await send_to_all(nodes, SCHOOL, sample("case note to a school"))
        with nodes[0].store.read() as tx:
            found, _ = shares.search(tx)
            entries = register.search(tx, register.Search()).entries
    assert 250 in codes
    assert len(nodes[0].sink.to(SCHOOL)) == 1
    assert [share.state for share in found] == ["sent"]
    assert len(entries) == 1


async def test_the_same_message_at_four_nodes_at_once_is_held_once(start: Start) -> None:
    """The quarantine has it once, and its sender is told once."""
    async with start(4) as nodes:
        await send_to_all(nodes, NHS, sample("nobody can read"))
        await nodes[0].settle()
        waiting = held(nodes[0].store)
    assert len(waiting) == 1
    assert len(nodes[0].sink.to(OFFICER)) == 1


async def test_clean_mail_at_two_nodes_at_once_is_recorded_once(start: Start) -> None:
    """Clean mail is not claimed beforehand: twice at once it may go twice, as SMTP allows, and is one in the record."""
    async with start(2) as nodes:
        await send_to_all(nodes, SCHOOL, CLEAN)
        with nodes[0].store.read() as tx:
            key = progress.message_key(nodes[0].store.vault, OFFICER, CLEAN)
            outcomes, _ = progress.outcomes(tx, key)
    assert outcomes == {SCHOOL: "delivered"}
    assert 1 <= len(nodes[0].sink.to(SCHOOL)) <= 2


async def test_four_nodes_drain_one_outbox_without_doubles(start: Start) -> None:
    """Whatever the store asks for is sent once, whichever node comes first."""
    async with start(4) as nodes:
        for node in nodes:
            node.service.outbox.wake()
        await asyncio.to_thread(put_many, nodes[0].store)
        await asyncio.gather(*(node.settle() for node in nodes))
        with nodes[0].store.read() as tx:
            states = {item.state for n in range(80) for item in outbox.about(tx, f"SG-{n}")}
    subjects = [arrived.parsed["Subject"] for arrived in nodes[0].sink.arrived]
    assert sorted(subjects) == sorted(f"item {n}" for n in range(80))
    assert states == {"sent"}


def put_many(store: Store) -> None:
    """Ask for eighty pieces of mail."""
    for n in range(80):
        raw = f"From: sealgate@borchester.gov.uk\r\nSubject: item {n}\r\n\r\nText\r\n"
        told = {"sender": "", "to": OFFICER, "raw": raw}
        store.submit(lambda tx, n=n, told=told: outbox.put(tx, "notice", f"SG-{n}", f"d{n}", told)).result()


UPGRADE = (
    "ALTER TABLE judged ADD COLUMN what_the_next_version_adds text NOT NULL DEFAULT ''",
    "CREATE TABLE of_the_next_version (id bigint PRIMARY KEY)",
    "UPDATE alembic_version SET version_num = '9001'",
)


def upgrade(store: Store, works_from: str) -> None:
    """Do to the store what the next version's migration does."""
    with store.transaction() as tx:
        for statement in UPGRADE:
            tx.execute(text(statement))
        tx.execute(text("UPDATE meta SET value = :step WHERE name = 'works-from'"), {"step": works_from})


async def test_nodes_work_on_while_the_next_version_migrates(nothing_yet: None, start: Start) -> None:
    """During a rolling upgrade the old nodes take mail on the new tables, and an old one can even start anew."""
    async with start(2) as nodes:
        under_way = [asyncio.create_task(send_numbered(nodes[n % 2], n)) for n in range(30)]
        await asyncio.to_thread(upgrade, nodes[0].store, "0001")
        codes = await asyncio.gather(*under_way)
        async with serving(nodes[1].folder, nodes[1].sink, "node1") as anew:
            code, _ = await anew.send(OFFICER, [NHS], sample("nobody can read"))
        with nodes[0].store.read() as tx:
            kept = quarantine.search(tx, quarantine.Search())[0]
    assert set(codes) == {250}
    assert code == 250
    assert len(kept) == 1
    assert len(nodes[0].sink.to(SCHOOL)) == 30


async def test_after_the_contraction_an_old_node_does_not_start(nothing_yet: None, start: Start) -> None:
    """Where the next version took away what this one needs, a start is refused in words, and so is migrating."""
    async with start(1) as (node,):
        await asyncio.to_thread(upgrade, node.store, "9001")
        url, key = (
            str(node.store._engine.url.render_as_string(hide_password=False)),
            node.folder.parent / "store.key",
        )
        with pytest.raises(StoreError, match="newer than this program"):
            open_store(url, key)
        with pytest.raises(StoreError, match="nothing was changed"):
            migrate(url)


async def send_numbered(node: Running, number: int) -> int:
    raw = CLEAN.replace(b"Term dates", b"Term dates %d" % number)
    code, _ = await node.send(OFFICER, [SCHOOL], raw)
    return code
