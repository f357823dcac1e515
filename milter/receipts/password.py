"""Passwords that can be told by telephone: six words of a list of 2,048, 66 random bits.

Guarantees: drawn by `secrets`, fresh for each message (pitfall 9), printable ASCII that every keyboard has.
The list is BIP-39's English one: no two words begin with the same four letters, none is longer than eight.
"""

import secrets
from functools import cache

WORDS = 6  # 11 bits each; issue and law ask for 64 bits or more
JOIN = "-"


def speakable_password() -> str:
    """Return a fresh password such as 'acorn-velvet-tunnel-river-onion-maple'."""
    return JOIN.join(secrets.choice(_words()) for _ in range(WORDS))


@cache
def _words() -> tuple[str, ...]:
    from mnemonic import Mnemonic

    return tuple(Mnemonic("english").wordlist)
