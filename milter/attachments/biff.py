"""Records and strings of Excel's binary format (MS-XLS 2.1.4, 2.5.293): long ones go on in CONTINUE records."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

CONTINUE = 0x3C
WIDE = re.compile(rb"(?:[\x20-\xff]\x00){4,}")
NARROW = re.compile(rb"[\x20-\x7e\xa0-\xff]{6,}")
MOST_STRINGS = 2_000_000


@dataclass(slots=True)
class Piece:
    """One record with what continues it."""

    chunks: list[bytes]

    @property
    def data(self) -> bytes:
        """The record's own octets."""
        return self.chunks[0]


def records(content: bytes) -> Iterator[tuple[int, Piece]]:
    """Walk a workbook stream; a record that runs over the end is cut there."""
    at = 0
    kind, piece = -1, Piece([])
    while at + 4 <= len(content):
        number, size = struct.unpack_from("<HH", content, at)
        data = content[at + 4 : at + 4 + size]
        at += 4 + size
        if number == CONTINUE and piece.chunks:
            piece.chunks.append(data)
            continue
        if piece.chunks:
            yield kind, piece
        if number == 0 and size == 0:  # padding behind the last sheet
            break
        kind, piece = number, Piece([data])
    if piece.chunks:
        yield kind, piece


def text_at(data: bytes, at: int, *, size: int = -1, narrow: bool = False) -> str:
    """A string with its length (two octets, `narrow`: one) and its flags; `size`: the length stands elsewhere."""
    if size < 0:
        size = data[at] if narrow else struct.unpack_from("<H", data, at)[0]
        at += 1 if narrow else 2
    flags = data[at] if at < len(data) else 0
    at += 1 + (2 if flags & 8 else 0) + (4 if flags & 4 else 0)
    if flags & 1:
        return data[at : at + 2 * size].decode("utf-16-le", "replace")
    return data[at : at + size].decode("latin-1")


def wide_runs(data: bytes) -> list[str]:
    """Runs of text in a record whose layout does not matter."""
    return [run.decode("utf-16-le") for run in WIDE.findall(data)] + [
        run.decode("cp1252", "replace") for run in NARROW.findall(data)
    ]


def shared_strings(piece: Piece) -> list[str]:
    """The shared string table (MS-XLS 2.4.265), over its CONTINUE records. A damaged end is left out."""
    source = _Chunks(piece.chunks)
    found: list[str] = []
    try:
        _, count = struct.unpack("<II", source.take(8))
        for _ in range(min(count, MOST_STRINGS)):
            found.append(source.string())  # noqa: PERF401 what was read before the damage is kept
    except (struct.error, IndexError):
        pass
    return found


class _Chunks:
    """Octets over several chunks; a string that crosses into the next chunk says its width anew there."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks, self.number, self.at = chunks, 0, 0

    def take(self, size: int) -> bytes:
        """The next octets, wherever they lie. Raises IndexError behind the last."""
        pieces: list[bytes] = []
        while size > 0:
            chunk = self.chunks[self.number]
            piece = chunk[self.at : self.at + size]
            if not piece:
                self.number, self.at = self.number + 1, 0
                continue
            pieces.append(piece)
            self.at += len(piece)
            size -= len(piece)
        return b"".join(pieces)

    def string(self) -> str:
        """The next string."""
        size, flags = struct.unpack("<HB", self.take(3))
        runs = struct.unpack("<H", self.take(2))[0] if flags & 8 else 0
        phonetic = struct.unpack("<I", self.take(4))[0] if flags & 4 else 0
        texts: list[str] = []
        wide = flags & 1
        while size > 0:
            chunk = self.chunks[self.number]
            here = min(size, (len(chunk) - self.at) // (2 if wide else 1))
            if here > 0:
                raw = chunk[self.at : self.at + here * (2 if wide else 1)]
                texts.append(raw.decode("utf-16-le" if wide else "latin-1", "replace"))
                self.at += len(raw)
                size -= here
            if size > 0:
                self.number, self.at = self.number + 1, 1
                wide = self.chunks[self.number][0] & 1
        self.take(4 * runs + phonetic)
        return "".join(texts)
