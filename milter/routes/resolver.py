"""DNS look-ups with what evidence needs to know of an answer: whether it was validated, and for how long it holds.

Guarantees: a question ends within `LIFETIME`; what is no answer is an error, never an empty one; the AD bit counts
only where the configuration says that the resolver and the way to it can be trusted (RFC 7672 section 2.1.1).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

LIFETIME = 8.0  # seconds for one question, all servers and repeats together
TRY = 2.0  # for one server
ALIVE = 1.0  # for any sign of life of one server
PAYLOAD = 1232  # octets of a UDP answer; more comes by TCP
NEGATIVE = 300.0  # seconds that "there is none" holds where the zone does not say
PORT = 53

Kind = Literal["MX", "A", "AAAA", "TXT", "TLSA"]


class LookUpError(Exception):
    """There was no answer: a failed server, a bogus signature, silence. What is asked for may be there or not."""


@dataclass(frozen=True, slots=True)
class Records:
    """The answer to one question; without values where there are none."""

    values: tuple[Any, ...]  # dnspython's records
    secure: bool  # validated by a resolver that is trusted
    seconds: float  # it holds for so long
    name: str  # behind all aliases
    exists: bool = True  # False: there is no such name (NXDOMAIN)


class Resolver:
    """Asks the configured servers, or the system's. For one event loop."""

    def __init__(self, servers: Sequence[str] = (), *, trusted: bool = False, port: int = PORT) -> None:
        self._trusted = trusted
        self._resolver = _resolver(servers, port)
        self._answered_at = float("-inf")

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses that are asked, the first that answers first."""
        return tuple(str(server) for server in self._resolver.nameservers)

    async def ask(self, name: str, kind: Kind) -> Records:
        """Ask for all records of a kind. Raises LookUpError."""
        try:
            question = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError, ValueError):
            return Records((), secure=False, seconds=NEGATIVE, name=name, exists=False)
        try:
            answer = await self._resolver.resolve(question, kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN as error:
            self._answered_at = asyncio.get_running_loop().time()
            response = error.responses()[question]  # type: ignore[no-untyped-call]
            return Records((), self._validated(response), _negative(response), name, exists=False)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise LookUpError(type(error).__name__) from error
        self._answered_at = asyncio.get_running_loop().time()
        values = tuple(answer.rrset) if answer.rrset is not None else ()
        seconds = float(answer.chaining_result.minimum_ttl) if values else _negative(answer.response)
        canonical = answer.canonical_name.to_text(omit_final_dot=True).lower()
        return Records(values, self._validated(answer.response), seconds, canonical)

    async def alive(self) -> bool:
        """Whether any server says anything at all, be it a refusal, to this or to what was asked meanwhile."""
        began = asyncio.get_running_loop().time()
        query = dns.message.make_query(dns.name.root, dns.rdatatype.NS)
        for server in self._resolver.nameservers:
            try:
                await dns.asyncquery.udp(query, str(server), timeout=ALIVE, port=self._resolver.port)
            except (dns.exception.DNSException, OSError):
                continue
            return True
        return self._answered_at >= began

    def _validated(self, response: dns.message.Message) -> bool:
        return self._trusted and bool(response.flags & dns.flags.AD)


def _resolver(servers: Sequence[str], port: int) -> dns.asyncresolver.Resolver:
    resolver = dns.asyncresolver.Resolver(configure=False)
    if servers:
        resolver.nameservers = list(servers)
    else:
        try:
            resolver = dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            resolver.nameservers = []
    resolver.port = port
    resolver.lifetime, resolver.timeout = LIFETIME, TRY
    resolver.cache = None
    resolver.retry_servfail = False
    resolver.use_edns(0, 0, PAYLOAD)
    resolver.flags = dns.flags.RD | dns.flags.AD  # RFC 6840 section 5.7: tell whether it was validated
    return resolver


def _negative(response: dns.message.Message) -> float:
    """Give how long a missing record is missing for (RFC 2308 section 5)."""
    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return float(min(rrset.ttl, rrset[0].minimum))
    return NEGATIVE
