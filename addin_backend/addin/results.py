"""What attachments were found to hold, for a short while, so that the same file is not sent and read twice.

Kept are masked findings, never content: by a keyed digest of the person, the file's own digest, its name and what it
is judged by, in the memory of this process alone. A file that has a lock is not kept, since the words of each
message are tried on it; nor one whose reading failed, which may go better the next time.
"""

import hmac
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from time import monotonic

from milter.policy.facts import PartFacts

KEPT_SECONDS = 600.0
MOST = 2_000  # files
MOST_PARTS = 100  # of one file; more than that is read again
MOST_FINDINGS = 500  # of one file


@dataclass(frozen=True, slots=True)
class _Kept:
    facts: tuple[PartFacts, ...]
    at: float


class Results:
    """Facts by what they are facts of."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._key = os.urandom(32)
        self._now = now
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    def get(self, parts: Sequence[str], path: str) -> tuple[PartFacts, ...] | None:
        """Give the facts of a file, as those of the part `path`."""
        kept = self._kept.get(self._name(parts))
        if kept is None or self._now() - kept.at > KEPT_SECONDS:
            return None
        root = kept.facts[0].path
        return tuple(_moved(fact, root, path) for fact in kept.facts)

    def put(self, parts: Sequence[str], facts: Sequence[PartFacts]) -> None:
        """Keep the facts of a file: the file itself first, then what lies inside it."""
        if not facts or not _is_kept(facts):
            return
        name = self._name(parts)
        self._kept.pop(name, None)
        self._kept[name] = _Kept(tuple(facts), self._now())
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Forget everything, where it would be judged otherwise now."""
        self._kept.clear()

    def _name(self, parts: Sequence[str]) -> bytes:
        joined = b"".join(sha256(part.encode("utf-8", "replace")).digest() for part in parts)
        return hmac.digest(self._key, joined, "sha256")


def of_file(facts: Sequence[PartFacts], path: str) -> tuple[PartFacts, ...]:
    """Give the facts of the part `path` and of all that lies inside it, holders first."""
    inside = {path}
    found = []
    for fact in facts:
        if fact.path == path or fact.parent in inside:
            inside.add(fact.path)
            found.append(fact)
    return tuple(found)


def _is_kept(facts: Sequence[PartFacts]) -> bool:
    findings = sum(len(fact.examination.findings) for fact in facts)
    open_and_read = all(fact.status == "read" and fact.protection in {"none", "read-only"} for fact in facts)
    return open_and_read and len(facts) <= MOST_PARTS and findings <= MOST_FINDINGS


def _moved(fact: PartFacts, root: str, path: str) -> PartFacts:
    def there(place: str) -> str:
        return path + place.removeprefix(root) if place.startswith(root) else place

    return replace(fact, path=there(fact.path), parent=there(fact.parent) if fact.parent else "")
