"""A directory on an Exchange server of one's own (EWS): ResolveNames for people, ExpandDL for groups.

Exchange Online shuts its EWS off; there Microsoft Graph does this (`graph`).
"""

from collections.abc import Iterable
from typing import Any

from milter.directory.entry import DEPTH, MEMBERS, Entry, plain
from milter.directory.ews import CONNECTIONS, Ews, asked
from milter.directory.threads import Threads

NAMED = 5
GROUPS = ("PublicDL", "PrivateDL", "GroupMailbox")


class Exchange:
    """Asks one server's address list."""

    def __init__(self, ews: Ews) -> None:
        self._ews = ews
        self._threads = Threads("exchange", CONNECTIONS)

    async def look_up(self, address: str) -> Entry | None:
        """Give the person or group that has an address."""
        return await asked(self._threads, lambda: self._look_up(address))

    async def named(self, name: str) -> tuple[Entry, ...]:
        """Give those whom the server resolves a name to."""
        return await asked(
            self._threads,
            lambda: tuple(_person(box, contact) for box, contact in self._resolved(name)[:NAMED]),
        )

    async def close(self) -> None:
        """End the threads."""
        self._threads.close()

    def _look_up(self, address: str) -> Entry | None:
        found = self._resolved(f"smtp:{address}")
        exact = [one for one in found if str(one[0].email_address or "").lower() == address]
        if len(found) != 1 and len(exact) != 1:
            return None
        box, contact = (exact or found)[0]
        if box.mailbox_type not in GROUPS:
            return _person(box, contact, address)
        members, whole = self._opened(str(box.email_address))
        return Entry(address, plain(box.name), members=members, whole=whole)

    def _resolved(self, entry: str) -> list[tuple[Any, Any]]:
        from exchangelib.errors import ErrorNameResolutionNoResults

        found = self._ews.protocol().resolve_names(
            [entry], return_full_contact_data=True, search_scope="ActiveDirectory"
        )
        people = []
        for one in found:
            if isinstance(one, Exception):
                if not isinstance(one, ErrorNameResolutionNoResults):
                    raise one
                continue
            if one[0] is not None:
                people.append(one)
        return people

    def _opened(self, group: str) -> tuple[tuple[str, ...], bool]:
        """Give the addresses in a group, groups in it opened, and whether they are all."""
        found: dict[str, None] = {}
        seen = {group.lower()}
        ahead = [(group, 1)]
        whole = True
        while ahead:
            name, depth = ahead.pop()
            for member in self._ews.protocol().expand_dl(name):
                if isinstance(member, Exception):
                    raise member
                address = str(member.email_address or "").lower()
                if not address:
                    whole = False
                elif member.mailbox_type not in GROUPS:
                    found[address] = None
                elif address not in seen and depth < DEPTH:
                    seen.add(address)
                    ahead.append((address, depth + 1))
            if len(found) > MEMBERS:
                return tuple(found)[:MEMBERS], False
        return tuple(found), whole


def _person(box: Any, contact: Any, address: str = "") -> Entry:
    return Entry(
        address or str(box.email_address or "").lower(),
        name=plain(getattr(contact, "display_name", None) or box.name),
        job_title=plain(getattr(contact, "job_title", None)),
        department=plain(getattr(contact, "department", None)),
        organisation=plain(getattr(contact, "company_name", None)),
        telephone=plain(_telephone(getattr(contact, "phone_numbers", None) or ())),
    )


def _telephone(numbers: Iterable[Any]) -> str:
    """Give the business telephone, else any other."""
    known = {number.label: number.phone_number for number in numbers if number.phone_number}
    return str(known.get("BusinessPhone") or next(iter(known.values()), ""))
