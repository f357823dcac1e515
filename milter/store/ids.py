"""The names of things that leave the store: references for people, tokens for links.

Guarantees: both come from the system's random source and can't be guessed. A reference has 60 bits, which is
enough to name and too little to authorise: knowing one gives no right to anything. A token has 200 bits and
authorises; the store keeps only its keyed digest.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_SLIPS = str.maketrans({"I": "1", "L": "1", "O": "0"})


def reference() -> str:
    """Make a reference that can be read out on the telephone, such as 'SG-7K2M-9QXD-40TB'."""
    letters = _letters(12)
    return f"SG-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def read_reference(typed: str) -> str | None:
    """Give the reference that somebody typed, whatever its case, spacing and slips; None if it is none."""
    if len(typed) > 64:
        return None
    letters = "".join(typed.split()).replace("-", "").upper().removeprefix("SG").translate(_SLIPS)
    if len(letters) != 12 or any(letter not in ALPHABET for letter in letters):
        return None
    return f"SG-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def token() -> str:
    """Make a token of 200 bits for a link or an address; only letters that both may carry, one case."""
    return _letters(40).lower()


def _letters(count: int) -> str:
    bits = secrets.randbits(5 * count)
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(count))
