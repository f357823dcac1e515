"""A directory from a CSV file: an export of the address book, read anew when it changes.

Columns: email, and any of name, job title, department, organisation, telephone; members (addresses parted by
semicolons) for groups. Guarantees: a file that can't be read leaves the one before in force.
"""

import asyncio
import csv
import io
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from milter import log
from milter.directory.entry import MEMBERS, DirectoryError, Entry, plain
from milter.policy.importing import decode
from milter.policy.names import name_key

LOOK_SECONDS = 30.0  # between two looks at whether the file changed
NAMED = 5
_COLUMNS = {
    "address": ("email", "e-mail", "mail", "address", "email address", "primarysmtpaddress", "emailaddress"),
    "name": ("name", "display name", "displayname", "full name"),
    "job_title": ("job title", "title", "jobtitle", "position", "role"),
    "department": ("department", "team", "service"),
    "organisation": ("organisation", "organization", "company"),
    "telephone": ("telephone", "phone", "telephone number", "telephonenumber", "officephone", "office phone"),
    "members": ("members",),
}
_log = log.logger("directory")


class CsvFile:
    """The file in memory, by address and by name."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._looked = -LOOK_SECONDS
        self._stamp: tuple[int, int] | None = None
        self._by_address: Mapping[str, Entry] | None = None
        self._by_name: dict[str, list[Entry]] = {}
        self._turn = asyncio.Lock()

    async def look_up(self, address: str) -> Entry | None:
        """Give the row of an address."""
        return (await self._rows()).get(address)

    async def named(self, name: str) -> tuple[Entry, ...]:
        """Give the rows of a name, written in any order."""
        await self._rows()
        return tuple(self._by_name.get(name_key(name), ())[:NAMED])

    async def close(self) -> None:
        """Nothing is open."""

    async def _rows(self) -> Mapping[str, Entry]:
        async with self._turn:
            if self._clock() - self._looked >= LOOK_SECONDS:
                self._looked = self._clock()
                await asyncio.to_thread(self._read)
        if self._by_address is None:
            raise DirectoryError("down")
        return self._by_address

    def _read(self) -> None:
        try:
            stat = self._file.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp == self._stamp:
                return
            found = read_entries(decode(self._file.read_bytes()))
        except (OSError, csv.Error) as error:
            _log.warning("directory-file", cause=type(error).__name__)
            return
        self._stamp, self._by_address = stamp, found
        self._by_name = {}
        for entry in found.values():
            if entry.members is None and (key := name_key(entry.name)):
                self._by_name.setdefault(key, []).append(entry)


def read_entries(text: str) -> dict[str, Entry]:
    """Read the rows by address; a group in a group is opened. Rows without an address are passed over."""
    heading = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count))
    columns = {heading: kind for heading in rows.fieldnames or () if (kind := _kind_of(heading))}
    groups: dict[str, tuple[str, ...]] = {}
    found: dict[str, Entry] = {}
    for row in rows:
        values = {kind: plain(row.get(heading)) for heading, kind in columns.items() if kind != "members"}
        address = values.pop("address", "").lower()
        if "@" not in address:
            continue
        members = next((str(row.get(h) or "") for h, kind in columns.items() if kind == "members"), "")
        if members.strip():
            groups[address] = tuple(one.strip().lower() for one in members.split(";") if "@" in one)
        found[address] = Entry(
            address,
            name=values.get("name", ""),
            job_title=values.get("job_title", ""),
            department=values.get("department", ""),
            organisation=values.get("organisation", ""),
            telephone=values.get("telephone", ""),
        )
    for address in groups:
        inside = _opened(address, groups)
        plain_entry = found[address]
        found[address] = Entry(
            address, plain_entry.name, members=inside[:MEMBERS], whole=len(inside) <= MEMBERS
        )
    return found


def _opened(address: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Give everyone in a group, each once, however groups contain each other."""
    people: dict[str, None] = {}
    seen, ahead = {address}, [address]
    while ahead and len(people) <= MEMBERS:
        for member in groups[ahead.pop()]:
            if member not in groups:
                people[member] = None
            elif member not in seen:
                seen.add(member)
                ahead.append(member)
    return tuple(people)


def _kind_of(heading: str) -> str:
    plain_heading = " ".join(heading.replace("_", " ").split()).lower()
    return next((kind for kind, names in _COLUMNS.items() if plain_heading in names), "")
