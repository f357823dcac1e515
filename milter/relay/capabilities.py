"""What a server offers in its answer to EHLO (RFC 5321 4.1.1.1), as a value."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The extensions that bear on whether and how a message can be handed on."""

    size: int = 0  # octets of a message at most (RFC 1870); 0 where no limit is stated
    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
    starttls: bool = False
    require_tls: bool = False
    xforward: frozenset[str] = frozenset()


def parse(lines: Iterable[str]) -> Capabilities:
    """Read the lines of an answer to EHLO, codes taken off. What is unknown or malformed is not offered."""
    offered = {words[0].upper(): words[1:] for words in (line.split() for line in lines) if words}
    size = offered.get("SIZE", [])
    return Capabilities(
        size=int(size[0]) if size and size[0].isdecimal() and len(size[0]) <= 20 else 0,
        pipelining="PIPELINING" in offered,
        eight_bit="8BITMIME" in offered,
        smtputf8="SMTPUTF8" in offered,
        dsn="DSN" in offered,
        starttls="STARTTLS" in offered,
        require_tls="REQUIRETLS" in offered,
        xforward=frozenset(word.upper() for word in offered.get("XFORWARD", [])),
    )
