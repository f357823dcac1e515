"""Who recipients are (E2): name, job title, department, organisation, telephone, from the directory and the partners.

Refuses guests of the tenant: the address book is the organisation's own.
"""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request

from addin_backend.addin.caller import Caller
from addin_backend.addin.desk import Desk
from addin_backend.addin.problem import ProblemError
from addin_backend.addin.reading import small
from milter.directory.entry import Entry
from milter.message.address import AddressError, canonical, domain_of
from milter.policy.names import name_key

MOST = 50


async def people(desk: Desk, request: Request, caller: Caller) -> object:
    """Answer with the card of each address, and with those who bear a name."""
    if caller.addresses and not any(desk.is_ours(address) for address in caller.addresses):
        raise ProblemError("not-yours", "Your mailbox belongs to none of the organisations here.")
    await desk.judging.ready()
    given = await small(request)
    addresses = tuple(_address(one) for one in _list(given, "addresses"))
    names = {key for one in _list(given, "names") if (key := name_key(one))}
    directory = desk.judging.directory
    entries = await directory.entries(addresses) if directory and addresses else {}
    named = await directory.named(names) if directory and names else {}
    return {
        "people": [_card(desk, address, entries.get(address)) for address in addresses],
        "named": [_card(desk, one.address, one) for found in named.values() for one in found],
    }


def _card(desk: Desk, address: str, entry: Entry | None) -> dict[str, Any]:
    partner = desk.judging.known.policy.domains.find(domain_of(address))
    card = asdict(entry or Entry(address))
    return {
        "address": address,
        "known": entry is not None,
        **{name: card[name] for name in ("name", "job_title", "department", "organisation", "telephone")},
        "members": len(entry.members or ()) if entry else 0,
        "partner": {"name": partner.name, "kind": partner.kind, "telephone": partner.telephone}
        if partner
        else None,
    }


def _list(given: dict[str, Any], name: str) -> list[str]:
    many = given.get(name, [])
    if not isinstance(many, list) or len(many) > MOST or not all(isinstance(one, str) for one in many):
        raise ProblemError("not-understood", f"'{name}' is a list of text, {MOST} at most.")
    return many


def _address(text: str) -> str:
    try:
        return canonical(text.strip())
    except AddressError as error:
        raise ProblemError("not-understood", "An address is no e-mail address.") from error
