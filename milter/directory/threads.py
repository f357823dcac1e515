"""Libraries that block, asked from a few threads of their own, so that the event loop never waits."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """A few threads for one library."""

    def __init__(self, name: str, most: int = 4) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Run it in one of the threads; one that is left waiting runs on to its own time limit."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Start nothing more; what hangs ends with its time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)
