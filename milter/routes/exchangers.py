"""The mail servers of a domain (RFC 5321 section 5.1), and which of them DANE protects (RFC 7672).

Guarantees: a handful of hosts is looked at, however many a zone names; names that are no host names are none.
"""

import asyncio
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal

from milter.routes.resolver import LookUpError, Records, Resolver

MOST_HOSTS = 5  # the most preferred; a server that nobody prefers takes no mail
MOST_ADDRESSES = 8
HOST = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)

Dane = Literal["usable", "unusable", "none", "failed"]


@dataclass(frozen=True, slots=True)
class Exchangers:
    """Where a domain's mail goes."""

    hosts: tuple[str, ...] = ()  # the most preferred first; () where the domain takes no mail
    secure: bool = False  # the list is validated
    seconds: float = 300.0
    why_none: str = ""


async def exchangers(domain: str, resolver: Resolver) -> Exchangers:
    """Give a domain's mail servers: its MX records, or itself where it has none. Raises LookUpError."""
    found = await resolver.ask(domain, "MX")
    if not found.exists:
        return Exchangers((), found.secure, found.seconds, "there is no such domain")
    if not found.values:
        return await _itself(domain, found, resolver)
    if any(str(one.exchange) == "." for one in found.values):
        why = "it says that it takes no mail (RFC 7505)"
        return Exchangers((), found.secure, found.seconds, why)
    by_preference = sorted(found.values, key=lambda one: (one.preference, str(one.exchange)))
    names = (one.exchange.to_text(omit_final_dot=True).lower() for one in by_preference)
    hosts = tuple(dict.fromkeys(name for name in names if HOST.fullmatch(name)))[:MOST_HOSTS]
    return Exchangers(hosts, found.secure, found.seconds, "" if hosts else "its MX records name no host")


async def _itself(domain: str, found: Records, resolver: Resolver) -> Exchangers:
    here = await _addresses(domain, resolver)
    why = "" if here.values else "it has no mail server"
    return Exchangers(
        (domain,) if here.values else (),
        found.secure and here.secure,
        min(found.seconds, here.seconds),
        why,
    )


async def addresses(host: str, resolver: Resolver) -> tuple[str, ...]:
    """Give some of a host's addresses. Raises LookUpError."""
    found = await _addresses(host, resolver)
    return tuple(str(ip_address(one.address)) for one in found.values[:MOST_ADDRESSES])


async def _addresses(host: str, resolver: Resolver) -> Records:
    found = await resolver.ask(host, "A")
    return found if found.values else await resolver.ask(host, "AAAA")


async def dane_of(found: Exchangers, resolver: Resolver) -> tuple[Dane, ...]:
    """Say of each host what DANE says of it; nothing at all where the list of hosts is not validated."""
    if not found.secure:
        return ()
    return tuple(await asyncio.gather(*(_dane(host, resolver) for host in found.hosts)))


async def _dane(host: str, resolver: Resolver) -> Dane:
    """RFC 7672 section 2.2.2: address records first, then TLSA at the end of a validated alias or at the host."""
    try:
        address = await _addresses(host, resolver)
        if not address.secure:
            return "none"
        for base in dict.fromkeys((address.name, host)):
            found = await resolver.ask(f"_25._tcp.{base}", "TLSA")
            if found.secure and found.values:
                return "usable" if any(map(_usable, found.values)) else "unusable"
    except LookUpError:
        return "failed"
    return "none"


def _usable(record: Any) -> bool:
    """RFC 7672 section 3.1: DANE-TA(2) and DANE-EE(3) of a known form; digests of a wrong length were no answer."""
    known = record.usage in {2, 3} and record.selector in {0, 1} and record.mtype in {0, 1, 2}
    return known and bool(record.cert)
