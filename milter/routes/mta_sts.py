"""MTA-STS: what a record and a policy say, and whether a host is named by one (RFC 8461). Text to values.

Hostile text: both are read up to a limit, and what is not as the RFC says is none.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from milter.routes.exchangers import HOST

Mode = Literal["enforce", "testing", "none"]

MOST_OCTETS = 64 * 1024
MOST_HOSTS = 100
MOST_AGE = 31_557_600  # seconds: a year, section 3.2
_FIELD = re.compile(r"[ \t]*;[ \t]*")
_ID = re.compile(r"id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})")
_NUMBER = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A domain's policy as it was fetched."""

    mode: Mode
    max_age: int  # seconds
    hosts: tuple[str, ...]  # 'mx1.example.org', or '*.example.org' for one label more


def record_id(texts: tuple[str, ...]) -> str:
    """Give the policy's id of the record at _mta-sts, '' where there is no one record (section 3.1)."""
    records = [text for text in texts if text.startswith("v=STSv1;")]
    if len(records) != 1:
        return ""
    ids = [found[1] for part in _FIELD.split(records[0][:1_000]) if (found := _ID.fullmatch(part.strip()))]
    return ids[0] if ids else ""


def parse_policy(text: str) -> StsPolicy | None:
    """Read a policy (section 3.2); None where it is none. Fields that are not known are ignored."""
    values: dict[str, str] = {}
    hosts: list[str] = []
    for line in text[:MOST_OCTETS].replace("\r\n", "\n").split("\n"):
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if colon and name == "mx":
            hosts.append(value.lower().removesuffix("."))
        elif colon:
            values.setdefault(name, value)
    named = tuple(dict.fromkeys(host for host in hosts[:MOST_HOSTS] if _is_host(host)))
    mode, age = values.get("mode", ""), values.get("max_age", "")
    if values.get("version") != "STSv1" or mode not in get_args(Mode) or not _NUMBER.fullmatch(age):
        return None
    if mode != "none" and not named:
        return None
    return StsPolicy(mode, min(int(age), MOST_AGE), named)  # type: ignore[arg-type]  # one of the modes


def names(policy: StsPolicy, host: str) -> bool:
    """Whether a policy names a mail server (section 4.1)."""
    below = "*." + host.partition(".")[2]
    return host in policy.hosts or below in policy.hosts


def matches(policy: StsPolicy) -> tuple[str, ...]:
    """Give the policy's hosts as Postfix's 'match=' takes them."""
    return tuple(host.removeprefix("*") for host in policy.hosts)


def _is_host(host: str) -> bool:
    return bool(HOST.fullmatch(host.removeprefix("*.")))
