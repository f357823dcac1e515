"""Writes the compound file that an encrypted Office document travels in ([MS-CFB], [MS-OFFCRYPTO] 2.1).

Guarantees: a stream shorter than 4,096 bytes lies in the mini stream, as [MS-CFB] 2.4 demands. The container
writer of msoffcrypto-tool 6.1 puts it elsewhere, so that no program opens a small document (pitfall 40).
Refuses nothing: it takes two byte strings of any size below 2 GiB.
"""

from dataclasses import dataclass
from struct import pack

SECTOR = 512
MINI = 64
CUTOFF = 4096  # streams below it live in the mini stream ([MS-CFB] 2.2, Mini Stream Cutoff Size)
PER_SECTOR = SECTOR // 4
IN_HEADER = 109  # FAT sectors that the header itself lists; the rest are listed in DIFAT sectors

DIFAT, FAT, END, FREE, NONE = 0xFFFFFFFC, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
RED, BLACK = 0, 1


def _text(text: str) -> bytes:
    """UNICODE-LP-P4: length in bytes, UTF-16, padded to four ([MS-OFFCRYPTO] 2.1.2)."""
    raw = text.encode("utf-16-le")
    return pack("<I", len(raw)) + raw + bytes(-len(raw) % 4)


VERSIONS = pack("<HHHHHH", 1, 0, 1, 0, 1, 0)  # reader, updater, writer: 1.0 each
VERSION = _text("Microsoft.Container.DataSpaces") + VERSIONS  # 2.1.5
_ENTRY = pack("<II", 1, 0) + _text("EncryptedPackage") + _text("StrongEncryptionDataSpace")
SPACE_MAP = pack("<II", 8, 1) + pack("<I", len(_ENTRY) + 4) + _ENTRY  # 2.1.6
SPACE = pack("<II", 8, 1) + _text("StrongEncryptionTransform")  # 2.1.7
_TRANSFORM = pack("<I", 1) + _text("{FF9A3F03-56EF-4613-BDD5-5A41C1D07246}")
PRIMARY = (  # 2.1.8 and 2.1.9
    pack("<I", len(_TRANSFORM) + 4)
    + _TRANSFORM
    + _text("Microsoft.Container.EncryptionTransform")
    + VERSIONS
    + pack("<IIII", 0, 0, 0, 4)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One directory entry ([MS-CFB] 2.6): siblings form a tree ordered by length, then by letter."""

    name: str
    kind: int
    colour: int = BLACK
    left: int = NONE
    right: int = NONE
    child: int = NONE
    content: bytes = b""


def write_compound(package: bytes, info: bytes) -> bytes:
    """Return the compound file that holds `package` as EncryptedPackage and `info` as EncryptionInfo.

    The order of its sectors: FAT, DIFAT, directory, mini FAT, mini stream, the package if it is not in there.
    """
    entries = _entries(package, info)
    mini, mini_chains, starts = _mini_stream(entries)
    large = package if len(package) >= CUTOFF else b""
    mini_fat = _table(mini_chains)
    sizes = [_count(length, SECTOR) for length in (len(entries) * 128, len(mini_fat), len(mini), len(large))]
    fats, difats = _table_sizes(sum(sizes))
    chains = [FAT] * fats + [DIFAT] * difats
    places = []
    for size in sizes:
        places.append(len(chains))
        chains += _chain(len(chains), size)
    if large:
        starts[1] = places[3]
    starts[0] = places[2]  # the root's stream is the mini stream
    directory = b"".join(
        _directory_entry(entry, starts.get(at, 0), len(mini)) for at, entry in enumerate(entries)
    )
    directory += _directory_entry(Entry("", 0), 0, 0) * (-len(entries) % 4)
    header = _header(fats, difats, places[0], places[1], sizes[1])
    parts = (header, _table(chains), _difat(fats, difats), directory, mini_fat, _padded(mini), _padded(large))
    return b"".join(parts)


def _entries(package: bytes, info: bytes) -> tuple[Entry, ...]:
    return (
        Entry("Root Entry", ROOT, child=10),
        Entry("EncryptedPackage", STREAM, RED, content=package),
        Entry("\x06DataSpaces", STORAGE, RED, child=4),
        Entry("Version", STREAM, content=VERSION),
        Entry("DataSpaceMap", STREAM, left=3, right=5, content=SPACE_MAP),
        Entry("DataSpaceInfo", STORAGE, right=7, child=6),
        Entry("StrongEncryptionDataSpace", STREAM, content=SPACE),
        Entry("TransformInfo", STORAGE, RED, child=8),
        Entry("StrongEncryptionTransform", STORAGE, child=9),
        Entry("\x06Primary", STREAM, content=PRIMARY),
        Entry("EncryptionInfo", STREAM, left=2, right=1, content=info),
    )


def _mini_stream(entries: tuple[Entry, ...]) -> tuple[bytes, list[int], dict[int, int]]:
    """Put the short streams behind each other; return them, their chains, and where each begins."""
    mini, chains, starts = bytearray(), list[int](), dict[int, int]()
    for at, entry in enumerate(entries):
        if entry.kind == STREAM and len(entry.content) < CUTOFF:
            starts[at] = len(chains) if entry.content else END
            chains += _chain(len(chains), _count(len(entry.content), MINI))
            mini += entry.content + bytes(-len(entry.content) % MINI)
    return bytes(mini), chains, starts


def _table_sizes(sectors: int) -> tuple[int, int]:
    """Return how many FAT and DIFAT sectors describe `sectors` sectors and themselves ([MS-CFB] 2.3, 2.5)."""
    fats = difats = 0
    while fats * PER_SECTOR < sectors + fats + difats:
        fats += 1
        difats = _count(max(0, fats - IN_HEADER), PER_SECTOR - 1)
    return fats, difats


def _header(fats: int, difats: int, directory: int, mini_fat: int, mini_fats: int) -> bytes:
    """[MS-CFB] 2.2, version 3."""
    listed = [at if at < fats else FREE for at in range(IN_HEADER)]
    difat = fats if difats else END
    return (
        bytes.fromhex("d0cf11e0a1b11ae1")
        + bytes(16)
        + pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
        + pack("<IIIII", 0, fats, directory, 0, CUTOFF)
        + pack("<IIII", mini_fat, mini_fats, difat, difats)
        + pack(f"<{IN_HEADER}I", *listed)
    )


def _difat(fats: int, difats: int) -> bytes:
    """List the FAT sectors beyond the header's; the last number of each sector leads to the next one."""
    sectors = []
    for at in range(difats):
        first = IN_HEADER + at * (PER_SECTOR - 1)
        listed = [one if one < fats else FREE for one in range(first, first + PER_SECTOR - 1)]
        following = fats + at + 1 if at + 1 < difats else END
        sectors.append(pack(f"<{PER_SECTOR}I", *listed, following))
    return b"".join(sectors)


def _directory_entry(entry: Entry, start: int, mini: int) -> bytes:
    """[MS-CFB] 2.6.1; no times are given, so that the same input gives the same bytes."""
    name = entry.name.encode("utf-16-le")
    size = mini if entry.kind == ROOT else len(entry.content)
    return (
        name.ljust(64, b"\0")
        + pack("<HBB", len(name) + 2 if name else 0, entry.kind, entry.colour)
        + pack("<III", entry.left, entry.right, entry.child)
        + bytes(36)  # class, state, times
        + pack("<IQ", start, size)
    )


def _chain(first: int, count: int) -> list[int]:
    return [*range(first + 1, first + count), END] if count else []


def _table(chains: list[int]) -> bytes:
    return pack(f"<{len(chains)}I", *chains) + b"\xff" * (-len(chains) * 4 % SECTOR)


def _count(length: int, unit: int) -> int:
    return -(-length // unit)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % SECTOR)
