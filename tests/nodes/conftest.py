"""Several gateways in the test's own process, on one PostgreSQL and before one next hop."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from benchmarks.crash.parts import set_store
from tests.gateway.harness import Running, capturing, configure, serving
from tests.store.conftest import nothing_yet, postgresql_url, server

__all__ = ["nothing_yet", "postgresql_url", "server"]

Start = Callable[[int], AbstractAsyncContextManager[list[Running]]]


@pytest.fixture
def start(tmp_path: Path, postgresql_url: str) -> Start:
    """Give a function that runs so many nodes on one store and one key file."""

    @asynccontextmanager
    async def run(count: int) -> AsyncIterator[list[Running]]:
        async with AsyncExitStack() as stack:
            sink, hop = await stack.enter_async_context(capturing())
            nodes = []
            for number in range(count):
                folder = tmp_path / f"node{number}"
                configure(folder, hop, settings=_PAGES)
                set_store(folder, f"node{number}", postgresql_url, tmp_path / "store.key", 1)
                nodes.append(await stack.enter_async_context(serving(folder, sink, f"node{number}")))
            yield nodes

    return run


_PAGES = '[receipts]\ndomain = "receipts.borchester.gov.uk"\npage-url = "https://receipts.example"\n'
