"""A name server on loopback that says what a test wants: answers, refusals, bogus bits, or nothing at all.

It answers as a validating resolver would (the AD bit is a zone's `signed`); real ones are in `test_real_dns.py`.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 300


@dataclass
class Nameserver:
    """Records by name and kind, in the form of a zone file; trouble by name."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)  # names whose answers are validated, and all below them
    unsigned: set[str] = field(default_factory=set)  # but not these names themselves
    broken: set[str] = field(default_factory=set)  # SERVFAIL, as for a bogus signature
    junk: dict[str, bytes] = field(default_factory=dict)  # octets in the place of an answer, behind its id
    silent: set[str] = field(default_factory=set)
    all_silent: bool = False
    ttl: int = TTL
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    port: int = 0

    def add(self, name: str, kind: str, *values: str) -> None:
        self.records.setdefault((name, kind), []).extend(values)

    async def __aenter__(self) -> "Nameserver":
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._tcp.sockets[0].getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Udp(self), local_addr=("127.0.0.1", self.port)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        self._tcp.close()

    def answer(self, wire: bytes, most: int) -> bytes | None:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind] += 1
        if self.all_silent or name in self.silent:
            return None
        if name in self.junk:
            return wire[:2] + self.junk[name]
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        self._fill(response, question.name, name, kind)
        signed = any(name == one or name.endswith(f".{one}") for one in self.signed)
        if signed and name not in self.unsigned:
            response.flags |= dns.flags.AD
        wired: bytes = response.to_wire(max_size=65_535)
        if len(wired) > most:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()  # type: ignore[no-any-return]
        return wired

    def _fill(self, response: Any, owner: dns.name.Name, name: str, kind: str) -> None:
        while alias := self.records.get((name, "CNAME")):
            response.answer.append(dns.rrset.from_text_list(owner, self.ttl, "IN", "CNAME", alias))
            owner = dns.name.from_text(alias[0])
            name = owner.to_text(omit_final_dot=True)
        if values := self.records.get((name, kind)):
            response.answer.append(dns.rrset.from_text_list(owner, self.ttl, "IN", kind, values))
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            size = int.from_bytes(await reader.readexactly(2), "big")
            reply = self.answer(await reader.readexactly(size), 65_535)
            if reply is not None:
                writer.write(len(reply).to_bytes(2, "big") + reply)
                await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: Nameserver) -> None:
        self._server = server

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        reply = self._server.answer(data, 1232)
        if reply is not None:
            self._transport.sendto(reply, addr)
