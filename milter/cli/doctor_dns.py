"""What `doctor` asks of the DNS resolvers: whether each answers, and whether its word counts for DANE (E4).

The one question is about a signed name, the root of DNS unless a test names another: nothing about anybody leaves.
"""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address

from milter.cli.finding import Finding
from milter.routes.resolver import LookUpError, Resolver
from milter.settings import Dns

ROOT = "."
SAFER = "the safer demand is taken for every recipient"


def look_at_dns(dns: Dns, signed: str = ROOT) -> Iterator[Finding]:
    """Ask each resolver for a name that is signed; `servers` of the configuration, or the system's."""
    if not dns.enabled:
        words = f"nobody is asked (dns.enabled is false), so {SAFER}"
        yield Finding("look", words, "Set it to true where this machine may ask DNS.")
        return
    servers = Resolver(dns.servers).servers
    if not servers:
        words = f"this machine names no resolver, so {SAFER}"
        yield Finding("mend", words, "Name one in dns.servers, or in /etc/resolv.conf.")
    for found in asyncio.run(_ask_all(servers, dns, signed)):
        yield from found


async def _ask_all(servers: tuple[str, ...], dns: Dns, signed: str) -> list[list[Finding]]:
    return await asyncio.gather(*(_ask(server, dns, signed) for server in servers))


async def _ask(server: str, dns: Dns, signed: str) -> list[Finding]:
    resolver = Resolver((server,), trusted=True)
    if not await resolver.alive():
        words = f"{server} does not answer; while no resolver does, {SAFER}"
        cure = "Start it, open UDP and TCP port 53 to it, or correct dns.servers (none: /etc/resolv.conf)."
        return [Finding("mend", words, cure)]
    try:
        validated = (await resolver.ask(signed, "MX")).secure
    except LookUpError:
        words = f"{server} answers, but can't look anything up"
        return [Finding("mend", words, "Is it cut off from the name servers or the forwarder that it asks?")]
    return judged(server, dns, validated=validated)


def judged(server: str, dns: Dns, *, validated: bool) -> list[Finding]:
    """Say what an answer about a signed name means, under the settings in force."""
    here = ip_address(server.partition("%")[0]).is_loopback
    if not dns.trusted:
        found = [Finding("ok", f"{server} answers")]
        if validated and here:
            words = "it checks DNSSEC, but dns.trusted is false, so that DANE does not count"
            found.append(Finding("look", words, "Set dns.trusted = true in sealgate.toml."))
        return found
    if not validated:
        words = (
            f"{server} is trusted (dns.trusted), but does not check DNSSEC (no AD bit), so DANE never counts"
        )
        return [Finding("mend", words, "Turn on validation there, or set dns.trusted = false.")]
    found = [Finding("ok", f"{server} answers, and checks DNSSEC")]
    if not here:
        words = f"{server} is trusted (dns.trusted) across a network: who can write to that network can forge its word"
        found.append(Finding("look", words, "Better a validating resolver on this machine: docs/routes.md."))
    return found
