"""Whose token it is: the two kinds that Outlook can give, told apart, checked, and refused in one way.

Guarantees: a caller is known by a signature under a key that the configured publisher has published, over claims
that name this service; anything else is refused without saying which part did not hold. A token is good until it
expires and no longer, however often it is shown; one that claims to last beyond MOST_SECONDS is refused.
"""

import base64
from dataclasses import dataclass
from typing import Any

from milter.untrusted import json_object

MOST_TOKEN = 16 * 1024  # characters
SKEW_SECONDS = 120
MOST_SECONDS = 28 * 3_600  # Entra's longest-lived access tokens last 28 hours
ALGORITHMS = [
    "RS256"
]  # what both publishers sign with; naming one rules out 'none' and HS256 under a public key


class RefusedError(Exception):
    """A token does not hold; the cause is for the log, and has no value of the token in it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    subject: str  # the same for the same mailbox, good for nothing else
    addresses: tuple[str, ...]  # of the mailbox, lower case, as the token vouches for; none in Exchange's own


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give header and claims before anything of them is believed. Raises RefusedError."""
    parts = token.split(".")
    if len(token) > MOST_TOKEN or len(parts) != 3:
        raise RefusedError("it is no signed token")
    header, claims = (_object(part) for part in parts[:2])
    return header, claims


def within_time(claims: dict[str, Any], now: float) -> None:
    """See that a token holds now (RFC 7519 4.1.4, 4.1.5). Exchange writes the times as text."""
    try:
        until, since = int(claims["exp"]), int(claims.get("nbf", 0))
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError("it says nothing of its time") from error
    if now >= until + SKEW_SECONDS:
        raise RefusedError("it has expired")
    if now < since - SKEW_SECONDS:
        raise RefusedError("it does not hold yet")
    if until - now > MOST_SECONDS:
        raise RefusedError("it would hold too long")


def _object(part: str) -> dict[str, Any]:
    try:
        return json_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as error:
        raise RefusedError("it is not well formed") from error
