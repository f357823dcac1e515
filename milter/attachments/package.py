"""The parts of an Office package, each unpacked when it is asked for and not kept; large ones come in pieces.

A workbook of 60,000 rows is 3 MB that unpack to 60: no more than one piece of it is ever held. What can't be
unpacked is said of the draft once, and is empty.
"""

import zlib
from collections.abc import Iterator

from milter.attachments import zips
from milter.attachments.draft import Draft, UnreadableError

HEAD_BYTES = 4096


class Package:
    """Parts by name."""

    def __init__(self, draft: Draft) -> None:
        """Begin an empty one; the parts are those of the draft's file."""
        self._draft = draft
        self._content = draft.file.content
        self._budget = draft.file.budget
        self._parts: dict[str, zips.Entry] = {}
        self._counted: set[str] = set()

    def add(self, name: str, entry: zips.Entry) -> None:
        """Add a part; one of a name that is taken gets another."""
        self._parts[name if name not in self._parts else f"{name}#{entry.header}"] = entry

    def names(self) -> list[str]:
        """The parts in their order in the package."""
        return list(self._parts)

    def head(self, name: str) -> bytes:
        """How a part begins; b'' where it can't be unpacked."""
        entry = self._parts[name]
        raw = self._content[entry.start : entry.start + min(entry.packed, HEAD_BYTES)]
        if entry.method == 0:
            return raw
        if entry.method == 8:
            try:
                return zlib.decompressobj(-15).decompress(raw, HEAD_BYTES)
            except zlib.error:
                return b""
        return self.part(name)[:HEAD_BYTES]

    def part(self, name: str) -> bytes:
        """A whole part; b'' where there is none, or none that can be unpacked. Raises LimitError."""
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part in pieces of a megabyte or less, as `part` gives it."""
        entry = self._parts.get(name)
        if entry is None:
            return
        count = name not in self._counted
        self._counted.add(name)
        try:
            yield from zips.pieces(self._content, entry, self._budget, count=count)
        except UnreadableError as fault:
            self._draft.fail("unreadable", f"a part of it {fault}")

    def file(self, name: str) -> "Stream":
        """A part as a file to read from its start."""
        return Stream(self.pieces(name))


class Stream:
    """What an XML parser reads from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Begin at the first of the pieces."""
        self._pieces = pieces
        self._rest = b""

    def read(self, most: int = -1) -> bytes:
        """Give the next bytes, b'' at the end; `most` below 0: all there are."""
        if most < 0:
            return self._rest + b"".join(self._pieces)
        if not self._rest:
            self._rest = next(self._pieces, b"")
        given, self._rest = self._rest[:most], self._rest[most:]
        return given
