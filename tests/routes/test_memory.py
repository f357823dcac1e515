"""What is remembered of domains in the store: found again by any process, read by nobody else."""

from pathlib import Path

from milter.daemon.ways import StoreMemory
from milter.store.engine import open_store
from milter.store.schema import learnt

KNOWN = {"mode": "enforce", "age": 86_400, "hosts": ["mx1.school.example"], "id": "1", "until": 1.5e9}


async def test_kept_sealed_and_found_again(tmp_path: Path) -> None:
    """The store shows neither the domain nor its servers; another process with the key finds them."""
    url, key = f"sqlite:///{tmp_path}/store.db", tmp_path / "store.key"
    store = open_store(url, key, node="one")
    memory = StoreMemory(store)
    assert await memory.recall("mta-sts", "school.example") is None
    memory.remember("mta-sts", "school.example", KNOWN)
    store.close()
    store = open_store(url, key, node="two")
    memory = StoreMemory(store)
    assert await memory.recall("mta-sts", "school.example") == KNOWN
    assert await memory.recall("refused", "school.example") is None
    assert await memory.recall("mta-sts", "other.example") is None
    with store.read() as tx:
        (row,) = tx.execute(learnt.select())
    assert "school" not in str(tuple(row))
    store.close()
    memory.remember("mta-sts", "school.example", KNOWN)  # a store that is closed forgets, and nobody is told
