"""Makes or brings up the store in a process that ends again, while the daemon still loads what it needs.

What that takes (a third of a second for a new store, 30 MB) is then in nobody's way and stays in no worker. The
process imports meanwhile and touches the store only once the configuration is known to be right.
"""

import os
from pathlib import Path

from milter.settings import StoreSettings


class StoreOpening:
    """A process that waits to be told which store; a `with` block, at whose end it is over in any case."""

    def __init__(self) -> None:
        """Begin it: before there are threads, and before anything else is imported, for the time that it saves."""
        hear, self._tell = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._tell)
                _open(hear)
            except Exception:  # noqa: S110 - what goes wrong is left for the workers to find, who say it in words
                pass
            finally:
                os._exit(0)
        os.close(hear)

    def __enter__(self) -> "StoreOpening":
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def begin(self, store: StoreSettings, node: str) -> None:
        """Tell it to open the store, and go on meanwhile."""
        os.write(self._tell, "\0".join((store.url, store.key_file, node)).encode())

    def finish(self) -> None:
        """Wait until it is done; one that was told of no store touches nothing."""
        if self._pid:
            os.close(self._tell)
            os.waitpid(self._pid, 0)
            self._pid = 0


def _open(hear: int) -> None:
    from milter.store import migrate  # noqa: F401 - so that it is there when the store's name comes
    from milter.store.engine import open_store

    with os.fdopen(hear, "rb") as told:
        words = told.read()
    if words:
        url, key_file, node = words.decode().split("\0")
        open_store(url, Path(key_file), node=node).close()
