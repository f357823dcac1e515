"""What was found in attachments seen lately, so that the same file sent to thirty people is read once.

Guarantees: an entry counts only for the same octets, name, declared type and own organisation, within one
policy (whoever reloads makes a new one) and one process (its key is random and never leaves memory); it holds
masked findings and what the reading said, sealed by a key that comes from the file's own octets, so that it
opens for nobody who does not have the file; total size is bounded, the longest unused goes first. Remembered is
only what was read whole and plainly: whether a lock opens depends on the rest of the message.
"""

import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from milter.assess.wire import from_json, to_json
from milter.message.model import Part
from milter.policy.facts import PartFacts

LEAST_BYTES = 4 * 1024  # of a file: below that, reading costs no more than remembering
_MOST_SHARE = 8  # an entry may fill this part of the room: 1/8
_NONCE = bytes(12)  # each key seals one value only


@dataclass(frozen=True, slots=True)
class Token:
    """What one file is known by; made once for looking up and keeping, since it takes reading the whole file."""

    name: bytes
    key: bytes


class Seen:
    """The memory of one process under one policy."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._secret = secrets.token_bytes(32)
        self._sealed: OrderedDict[bytes, bytes] = OrderedDict()
        self._held = 0

    def held_bytes(self) -> int:
        """Tell how much it holds."""
        return self._held

    def token(self, part: Part, organisation: str) -> Token | None:
        """Name a file, as an own organisation sends it; None for what is not remembered at all."""
        if part.role != "attachment" or len(part.content) < LEAST_BYTES or not self._most:
            return None
        digest = hmac.new(self._secret, digestmod=hashlib.sha256)
        for about in (part.name, part.declared, part.charset, organisation):
            words = about.encode("utf-8", "surrogateescape")
            digest.update(len(words).to_bytes(8, "big") + words)
        digest.update(part.content)
        root = digest.digest()
        return Token(hashlib.sha256(b"name" + root).digest(), hashlib.sha256(b"key" + root).digest())

    def find(self, token: Token, path: str) -> tuple[PartFacts, ...] | None:
        """Give what was found in this very file, for the path that it has in this message; None if unknown."""
        sealed = self._sealed.get(token.name)
        if sealed is None:
            return None
        self._sealed.move_to_end(token.name)
        facts = from_json(json.loads(AESGCM(token.key).decrypt(_NONCE, sealed, None)))
        return tuple(_moved(fact, "", path) for fact in facts)

    def keep(self, token: Token, path: str, facts: Sequence[PartFacts]) -> None:
        """Remember what was found in a file, where it may be remembered. `facts` has no unmasked text."""
        if not facts or token.name in self._sealed or not all(map(_plainly_read, facts)):
            return
        words = json.dumps(to_json([_moved(fact, path, "") for fact in facts]), separators=(",", ":"))
        sealed = AESGCM(token.key).encrypt(_NONCE, words.encode("utf-8", "surrogateescape"), None)
        if _MOST_SHARE * len(sealed) > self._most:
            return
        self._sealed[token.name] = sealed
        self._held += len(sealed)
        while self._held > self._most:
            _, dropped = self._sealed.popitem(last=False)
            self._held -= len(dropped)


def _plainly_read(fact: PartFacts) -> bool:
    unlocked = fact.protection == "none" and not fact.lock and "opened-with-message-word" not in fact.notes
    return fact.status == "read" and unlocked and not any(one.text for one in fact.examination.findings)


def _moved(fact: PartFacts, old: str, new: str) -> PartFacts:
    """The same facts with another path for the outermost file."""
    inside = fact.path[len(old) :]
    return replace(fact, path=new + inside, parent=new + fact.parent[len(old) :] if inside else "")
