"""Unguessable tokens: what stands in a link or an address, and proves that its holder had the message.

Guarantees: 130 random bits, in letters and digits that survive a system that folds case. A token by itself
says nothing: the store keeps only its digest, bound to one share and one purpose, and spends it when the
share ends.
"""

import re
import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i l o u
LENGTH = 26  # of 5 bits each
TOKEN = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
RECEIPT = "r"  # where receipts go: 'r+<token>@receipts.example.gov.uk'


def new_token() -> str:
    """Return a fresh token."""
    bits = secrets.randbits(5 * LENGTH)
    return "".join([ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH)])


def receipt_address(token: str, domain: str) -> str:
    """Return the address on the receipts domain that belongs to `token`."""
    return f"{RECEIPT}+{token}@{domain}"


def page_address(page_url: str, purpose: str, token: str) -> str:
    """Return the address of a share's page: '/c/' for its recipient, '/s/' for its sender."""
    return f"{page_url.rstrip('/')}/{'s' if purpose == 'sender' else 'c'}/{token}"


def receipt_message_id(token: str, mailbox: str) -> str:
    """Return the Message-ID of a copy whose receipts come to a mailbox; reports and replies repeat it."""
    return f"<{RECEIPT}.{token}@{mailbox.rpartition('@')[2]}>"


def token_of_message_id(message_id: str, mailbox: str) -> str | None:
    """Return the token in such a Message-ID; None for any other."""
    local, at, host = message_id.strip().strip("<>").lower().rpartition("@")
    prefix, dot, token = local.partition(".")
    if (at, dot, prefix) != ("@", ".", RECEIPT) or host != mailbox.rpartition("@")[2].lower():
        return None
    return token if TOKEN.fullmatch(token) else None


def token_of(address: str, domain: str) -> str | None:
    """Return the token in an envelope recipient of the receipts domain; None for any other address."""
    local, at, host = address.lower().rpartition("@")
    prefix, plus, token = local.partition("+")
    if (at, plus, prefix) != ("@", "+", RECEIPT) or host.rstrip(".") != domain.lower().rstrip("."):
        return None
    return token if TOKEN.fullmatch(token) else None


def is_token(text: str) -> bool:
    """Tell whether text, from a link, has a token's form; case is for the caller to fold first."""
    return TOKEN.fullmatch(text) is not None
