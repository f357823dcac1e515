"""`explain` without a file: who the people are, what is known of the way, and which rows decide."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from milter.assess.known import Known, load
from milter.cli.words import table
from milter.errors import RequestError
from milter.message.envelope import Envelope, Recipient
from milter.message.parse import parse
from milter.policy.domains import readable
from milter.policy.matrix import decided
from milter.policy.model import People, Person
from milter.policy.partners import people
from milter.routes.memory import Forgetful

NOT_LOOKED_UP = "not looked up; --look-up asks DNS"


def rows(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate explain --from A --to B ...`."""
    known = load(Path(arguments.config) if arguments.config else None)
    envelope = Envelope(arguments.sender, tuple(Recipient(address) for address in arguments.to))
    persons = people(envelope, known.policy)
    why: dict[str, str] = {}
    if arguments.look_up:
        persons, why = asyncio.run(_looked_up(persons, known))
    elif arguments.evidence:
        persons = _supposed(persons, arguments.evidence)
        why = dict.fromkeys((person.domain for person in persons.recipients), "as supposed")
    for person in persons.recipients:
        answer = _answer(persons.sender, person, why.get(person.domain, NOT_LOOKED_UP), known)
        sys.stdout.write(
            json.dumps(answer, ensure_ascii=False) + "\n" if arguments.json else _in_words(answer) + "\n"
        )
    return 0


async def _looked_up(persons: People, known: Known) -> tuple[People, dict[str, str]]:
    """Ask as the gateway would, and for every domain, whether it matters or not."""
    from milter.daemon import ways
    from milter.daemon.greeting import Greeter

    greet = Greeter(known.settings.smtp.hostname).greet
    evidence = await ways.build(known.settings, Forgetful(), lambda: known.policy, greet, answering=False)
    if evidence is None:
        raise RequestError("Look-ups are turned off: dns.enabled is false.")
    try:
        domains = {p.domain for p in persons.recipients if p.domain and p.route != "internal"}
        found = await evidence.routes.ways(domains)
        persons = await evidence.routes.find(persons, parse(b"\r\n"))
    finally:
        await evidence.close()
    shown = {domain: f"{way.why}, by {way.by}" if way.by else way.why for domain, way in found.items()}
    if known.settings.secure_next_hop is None:
        for domain in (domain for domain, way in found.items() if way.evidence == "verified-tls"):
            shown[domain] += "; nothing enforces it without a secure-next-hop"
    return persons, shown


def _supposed(persons: People, evidence: str) -> People:
    return replace(
        persons,
        recipients=tuple(
            person if person.route == "internal" else replace(person, route=evidence)
            for person in persons.recipients
        ),
    )


def _answer(sender: Person, person: Person, why: str, known: Known) -> dict[str, Any]:
    return {
        "from": _who(sender),
        "to": _who(person),
        "evidence": person.route,
        "why": "the same organisation" if person.route == "internal" else why,
        "rows": [
            {
                "data": one.data,
                "demand": one.demand,
                "row": one.row.number if one.row else None,
                "rules": list(one.row.rules) if one.row else [],
                "reason": one.row.reason if one.row else "",
                "words": str(one),
            }
            for one in decided(sender, person, known.policy)
        ],
        "policy": known.policy.hash,
    }


def _who(person: Person) -> dict[str, Any]:
    return {
        "address": person.address,
        "domain": readable(person.domain),
        "kind": person.kind,
        "organisation": person.partner.name if person.partner else "",
        "facts": sorted(person.facts),
        "instead": person.successor,
    }


def _in_words(answer: dict[str, Any]) -> str:
    lines = [f"from  {_described(answer['from'])}", f"to    {_described(answer['to'])}"]
    lines.append(f"way   {answer['evidence']} ({answer['why']})")
    alike: dict[tuple[str, str], list[str]] = {}
    for row in answer["rows"]:
        alike.setdefault((row["demand"], row["words"]), []).append(row["data"])
    cells = [(", ".join(data), *because) for because, data in alike.items()]
    return "\n".join((*lines, *_indented(table(("mail that is", "demand", "because of"), cells)), ""))


def _described(who: dict[str, Any]) -> str:
    words = [who["kind"]]
    words += [who["organisation"]] if who["organisation"] else []
    words += ["looks like an approved domain"] if "look-alike" in who["facts"] else []
    words += ["forwarding home"] if "forwarding-home" in who["facts"] else []
    words += [f"use {who['instead']} instead"] if who["instead"] else []
    shown = who["address"] or "the null sender"
    as_written = f" ({who['domain']})" if who["domain"] and who["domain"] not in shown else ""
    return f"{shown}{as_written}: {', '.join(words)}"


def _indented(text: str) -> Iterable[str]:
    return (f"  {line}" for line in text.splitlines())
