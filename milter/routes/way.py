"""How safe the way to a domain is, as a value: what is known, by what, and what Postfix is told of it (E4)."""

from dataclasses import dataclass
from typing import Literal

from milter.policy.model import Evidence

By = Literal["", "dane", "mta-sts", "certificate"]
MOST_MATCHES = 50  # names in one answer to Postfix


@dataclass(frozen=True, slots=True)
class Way:
    """What a look-up found of the way to one domain."""

    evidence: Evidence = "unknown"
    by: By = ""  # what a verified connection rests on
    match: tuple[
        str, ...
    ] = ()  # names that certificates must bear: 'mx1.example.org', '.example.org' below it
    why: str = ""  # in words
    seconds: float = 60.0  # it may be believed for so long


def tls_policy(way: Way) -> str:
    """Give the entry for Postfix's smtp_tls_policy_maps, '' where there is nothing to enforce.

    An MTA-STS policy is enforced even where it can't be met, which is what it is for (RFC 8461 section 5).
    """
    if way.by == "dane":
        return "dane-only"
    if way.by == "mta-sts" and way.match:
        return f"secure match={':'.join(way.match[:MOST_MATCHES])} servername=hostname"
    if way.by == "certificate":
        return f"secure match={':'.join(way.match)}" if way.match else "secure"
    return ""
