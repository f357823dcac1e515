"""ZIP containers: the directory with its lies found out, and members unpacked within bounds.

The archive's own statements of size are never believed. Refuses (LimitError) members that overlap, since
such files exist only to exhaust a reader (D. Fifield, 'A better zip bomb', 2019).
"""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from milter.attachments.draft import Budget, Draft, LimitError, UnreadableError

LOCAL = b"PK\x03\x04"
END = b"PK\x05\x06"
MOST_ENTRIES = 20_000  # a directory longer than this is not even parsed


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as the directory, or a stray local header, tells of it."""

    name: str
    method: int
    flags: int
    start: int  # of its packed bytes in the file
    packed: int
    unpacked: int  # as stated
    crc: int
    extra: bytes
    header: int  # offset of its local header

    @property
    def encrypted(self) -> bool:
        """General purpose bit 0 (APPNOTE 4.4.4)."""
        return bool(self.flags & 1)

    @property
    def folder(self) -> bool:
        """A directory, not a file."""
        return self.name.endswith("/") and self.packed == 0


def entries(draft: Draft) -> list[Entry]:
    """All members that the directory lists, and those that lie outside it.

    Raises UnreadableError where there is nothing, LimitError for overlaps and over-long directories. An archive
    without its directory, such as one cut short, is read as far as it goes and said to be damaged.
    """
    content = draft.file.content
    if content.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise LimitError(f"lists more than {MOST_ENTRIES} files")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = [_entry(content, info) for info in archive.infolist()]
            _say_comments(archive, draft)
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OverflowError) as fault:
        found = _strays(content, [])
        if not found:
            raise UnreadableError("the zip archive is damaged") from fault
        draft.fail("unreadable", "the zip archive is damaged")
        return found
    _refuse_overlaps(listed)
    return listed + _strays(content, listed)


def _say_comments(archive: zipfile.ZipFile, draft: Draft) -> None:
    """Comments of the archive and of its members, which programs show beside the names (APPNOTE 4.4.18, 4.4.26)."""
    said = dict.fromkeys((archive.comment, *(info.comment for info in archive.infolist())))
    draft.say("comments", b"\n".join(said).decode("utf-8", "replace"), hidden=True)


def _entry(content: bytes, info: zipfile.ZipInfo) -> Entry:
    header = info.header_offset
    if content[header : header + 4] != LOCAL:
        raise zipfile.BadZipFile
    names, extras = struct.unpack_from("<HH", content, header + 26)
    return Entry(
        name=info.filename,
        method=info.compress_type,
        flags=info.flag_bits,
        start=header + 30 + names + extras,
        packed=info.compress_size,
        unpacked=info.file_size,
        crc=info.CRC,
        extra=info.extra,
        header=header,
    )


def _refuse_overlaps(listed: list[Entry]) -> None:
    end = 0
    for entry in sorted(listed, key=lambda one: one.header):
        if entry.header < end:
            raise LimitError("holds files that overlap one another")
        end = entry.start + entry.packed


def _strays(content: bytes, listed: list[Entry]) -> list[Entry]:
    """Members between the listed ones: readers that go by local headers would show them."""
    ranges = sorted((entry.header, entry.start + entry.packed) for entry in listed)
    gaps: list[tuple[int, int]] = []
    end = 0
    for start, stop in ranges:
        if start > end:
            gaps.append((end, start))
        end = max(end, stop)
    gaps.append((end, len(content)))
    found: list[Entry] = []
    for begin, stop in gaps:
        at = content.find(LOCAL, begin, stop)
        while at >= 0 and len(found) < MOST_ENTRIES:
            entry = _stray(content, at, stop)
            if entry:
                found.append(entry)
            at = content.find(LOCAL, max(at + 4, entry.start + entry.packed if entry else 0), stop)
    return found


def _stray(content: bytes, at: int, stop: int) -> Entry | None:
    if at + 30 > stop:
        return None
    flags, method, crc, packed, unpacked, names, extras = struct.unpack_from("<6xHH4xIIIHH", content, at)
    start = at + 30 + names + extras
    if method not in (0, 8, 9, 12, 14, 93, 99) or not names or start > stop:
        return None
    if flags & 8 or start + packed > stop:  # the size stands behind the data: take all there is
        packed = stop - start
    name = content[at + 30 : at + 30 + names].decode("utf-8" if flags & 0x800 else "cp437", "replace")
    extra = content[at + 30 + names : start]
    return Entry(name, method, flags, start, packed, unpacked, 0 if flags & 8 else crc, extra, at)


def unpack(content: bytes, entry: Entry, budget: Budget) -> bytes:
    """The bytes of one unencrypted member, as many as are really there.

    Raises LimitError beyond the budget, UnreadableError where the member is damaged or of an unknown method.
    """
    return inflate(content[entry.start : entry.start + entry.packed], entry.method, budget)


PIECE = 1 << 20
_PACKED = 1 << 16


def pieces(content: bytes, entry: Entry, budget: Budget, *, count: bool = True) -> Iterator[bytes]:
    """The bytes of one member as `unpack` gives them, in pieces; `count` takes them off the budget."""
    if entry.method != zipfile.ZIP_DEFLATED:
        yield inflate(content[entry.start : entry.start + entry.packed], entry.method, budget)
        return
    unpacker = zlib.decompressobj(-15)
    size = 0
    for at in range(entry.start, entry.start + entry.packed, _PACKED):
        raw = content[at : min(at + _PACKED, entry.start + entry.packed)]
        while raw and not unpacker.eof:
            try:
                piece = unpacker.decompress(raw, PIECE)
            except zlib.error as fault:
                raise UnreadableError("is damaged") from fault
            raw = unpacker.unconsumed_tail
            size += len(piece)
            if count:
                budget.unpack(len(piece))
            budget.ratio(size, entry.packed)
            if piece:
                yield piece
    if tail := unpacker.flush():
        yield tail


def inflate(raw: bytes, method: int, budget: Budget) -> bytes:
    """Unpack raw member bytes by a method of APPNOTE 4.4.5."""
    room = budget.room()
    try:
        if method == zipfile.ZIP_STORED:
            data = raw
        elif method == zipfile.ZIP_DEFLATED:
            data = zlib.decompressobj(-15).decompress(raw, room + 1)
        elif method == zipfile.ZIP_BZIP2:
            data = bz2.BZ2Decompressor().decompress(raw, room + 1)
        elif method == zipfile.ZIP_LZMA:
            data = _unlzma(raw, room + 1)
        elif method == 9:
            data = _inflate64(raw, room + 1)
        else:
            raise UnreadableError("is packed by a method that nothing here unpacks")
    except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError, struct.error) as fault:
        raise UnreadableError("is damaged") from fault
    budget.unpack(len(data))
    budget.ratio(len(data), len(raw))
    return data


def _unlzma(raw: bytes, room: int) -> bytes:
    size = struct.unpack_from("<H", raw, 2)[0]
    filters = [lzma._decode_filter_properties(lzma.FILTER_LZMA1, raw[4 : 4 + size])]  # type: ignore[attr-defined]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(raw[4 + size :], room)


def _inflate64(raw: bytes, room: int) -> bytes:
    try:
        import inflate64
    except ImportError as missing:
        raise UnreadableError("is packed by a method that nothing here unpacks") from missing
    unpacker = inflate64.Inflater()
    pieces: list[bytes] = []
    size = 0
    for at in range(0, len(raw), 4096):
        pieces.append(unpacker.inflate(raw[at : at + 4096]))
        size += len(pieces[-1])
        if size > room:
            break
    return b"".join(pieces)


def damaged(data: bytes, entry: Entry) -> bool:
    """Whether the member's check sum disagrees; its bytes are inspected all the same."""
    return bool(entry.crc) and zlib.crc32(data) != entry.crc
