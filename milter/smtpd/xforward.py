"""XFORWARD: what a trusted mail server in front says of the first client (Postfix's XFORWARD_README).

Values are xtext (RFC 1891 form); '[UNAVAILABLE]' erases. What is unknown or not printable is refused.
"""

import re

from milter.smtpd.path import Refusal, read_parameters

ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
_HEX = re.compile(r"\+([0-9A-Fa-f]{2})")
_MISSING = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")


def read(argument: str) -> dict[str, str]:
    """Read 'NAME=... ADDR=...' into decoded values; '' is what the peer says is not known.

    The IPv6 prefix of ADDR is taken off, so that addresses look alike everywhere.
    """
    given = read_parameters(argument)
    if not given or not given.keys() <= set(ATTRIBUTES):
        raise Refusal(501, "5.5.4", "XFORWARD takes " + " ".join(ATTRIBUTES))
    return {name: _value(name, value) for name, value in given.items()}


def _value(name: str, value: str | None) -> str:
    if value is None:
        raise Refusal(501, "5.5.4", f"{name} needs a value")
    decoded = _HEX.sub(lambda found: chr(int(found[1], 16)), value)
    if decoded.upper() in _MISSING:
        return ""
    if not decoded.isprintable() or len(decoded) > 255:
        raise Refusal(501, "5.5.4", f"{name} is malformed")
    return decoded[5:] if name == "ADDR" and decoded.upper().startswith("IPV6:") else decoded
