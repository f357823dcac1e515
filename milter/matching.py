"""The lists for exact matching on their way from the store to every process that inspects.

The digests lie in one sealed memory file, which a gateway process and its children map: they cost memory once,
and nothing of them touches a disk beside the store. The children get the key of these digests and no other.

Guarantees: what a process read stays as it was until it reads anew; a list that can't be read is an error, never
an empty list (law 7).
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milter.assess.known import Known, with_lists
from milter.detect.match import pack
from milter.errors import StoreError
from milter.sandbox import Sandbox, Source
from milter.settings import StoreSettings
from milter.store import exact
from milter.store.engine import Store, open_store

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@dataclass(slots=True)
class Lists:
    """All lists of a store at one moment, in memory that processes share."""

    key: bytes
    names: tuple[str, ...]
    descriptor: int = -1  # -1: there is no list

    def into(self, known: Known) -> Known:
        """Give what judging needs to know, with the lists in it."""
        return with_lists(known, self.descriptor, self.key) if self.names else known

    def children(self, known: Known, size: int = 0, source: Source | None = None) -> Sandbox:
        """Give the children that read and judge by the same configuration and these lists; not started yet.

        `size` is how many, as many as the settings say where it is 0. `source` has been begun for them already.
        """
        told: dict[str, Any] = {"folder": str(known.settings.folder)}
        if self.names:
            told["exact"] = {"descriptor": self.descriptor, "key": self.key.hex()}
        return Sandbox(
            "milter.assess.child",
            told,
            size=size or known.settings.children,
            limits=known.settings.read,
            inherited=(self.descriptor,) if self.names else (),
            source=source,
        )

    def close(self) -> None:
        """Let go of the memory file; what is mapped stays."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def exact_key(store: Store) -> bytes:
    """Give the key that people are digested under, which is good for nothing else."""
    return bytes.fromhex(store.vault.digest("exact matching"))


def lists_of(store: Store) -> Lists:
    """Read every list of a store. Raises StoreError."""
    with store.read() as tx:
        found = exact.every(tx)
    lists = Lists(exact_key(store), tuple(name for name, _, _ in found))
    if found:
        lists.descriptor = os.memfd_create("exact-lists", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with os.fdopen(os.dup(lists.descriptor), "wb") as file:
            file.write(pack(found))
        fcntl.fcntl(lists.descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return lists


@contextlib.contextmanager
def lists_if_any(settings: StoreSettings) -> Iterator[Lists]:
    """Give the lists for a command; none where there is no store yet, which is not made for that. StoreError else."""
    path = settings.url.removeprefix("sqlite:///")
    if not Path(settings.key_file).exists() or (path != settings.url and not Path(path).exists()):
        yield Lists(b"", ())
        return
    store = open_store(settings.url, Path(settings.key_file), node="cli/lists")
    try:
        lists = lists_of(store)
    finally:
        store.close()
    try:
        yield lists
    finally:
        lists.close()


__all__ = ["Lists", "StoreError", "exact_key", "lists_if_any", "lists_of"]
