"""The shared strings of a workbook (ECMA-376 part 1, 18.4.9), packed: a million of them are no million objects."""

import re
from array import array
from collections.abc import Iterator

from milter.attachments.draft import Draft
from milter.attachments.package import Package
from milter.attachments.sheettext import TEXT, cell_text, plain, plainly
from milter.attachments.xmltext import Elements

SHARED = re.compile(r"<si\b[^>]*?(?:/>|>(.*?)</si>)", re.DOTALL)
_MOST_REST = 16 << 20  # bytes of one string
_BITS = 12  # of an index that tell the place in a block


class Strings:
    """Strings by number, and which of them a cell showed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._blocks: list[str] = []
        self._ends: list[array[int]] = []
        self._open: list[str] = []
        self._count = 0
        self._used = bytearray()

    def add(self, text: str) -> None:
        """Add the next."""
        self._open.append(text)
        self._count += 1
        if len(self._open) >> _BITS:
            self.close()

    def close(self) -> None:
        """Pack what was added."""
        ends = array("L", [0])
        for text in self._open:
            ends.append(ends[-1] + len(text))
        self._blocks.append("".join(self._open))
        self._ends.append(ends)
        self._open = []
        self._used.extend(bytes(self._count - len(self._used)))

    def __len__(self) -> int:
        """Tell how many there are."""
        return self._count

    def shown(self, number: int) -> str:
        """Give a string that a cell shows."""
        self._used[number] = 1
        return self._at(number)

    def unused(self) -> Iterator[str]:
        """Those that no cell showed, such as those of deleted cells."""
        for number, used in enumerate(self._used):
            if not used:
                yield self._at(number)

    def _at(self, number: int) -> str:
        ends = self._ends[number >> _BITS]
        at = number & ((1 << _BITS) - 1)
        return self._blocks[number >> _BITS][ends[at] : ends[at + 1]]


def shared_strings(parts: Package, name: str, draft: Draft) -> Strings:
    """Read a part of shared strings, each as one cell's text."""
    quick = _quick(parts, name)
    if quick is not None:
        return quick
    found = Strings()
    for item in Elements(parts.file(name), draft, "{*}si"):
        found.add(cell_text("".join(one.text or "" for one in item.iter("{*}t"))))
    found.close()
    return found


def _quick(parts: Package, name: str) -> Strings | None:
    """By pattern, or None where the part is not written in a way that the pattern knows."""
    found = Strings()
    rest, first = b"", True
    for piece in parts.pieces(name):
        rest += piece
        if len(rest) > _MOST_REST or not plainly(rest, head=first) or b"<rPh" in rest:
            return None
        end = rest.rfind(b"</si>") + len(b"</si>")
        if end < len(b"</si>"):
            continue
        _take(rest[:end], found)
        rest, first = rest[end:], False
    _take(rest, found)
    found.close()
    return found


def _take(content: bytes, found: Strings) -> None:
    for item in SHARED.findall(content.decode("utf-8", "replace")):
        found.add(cell_text(plain("".join(TEXT.findall(item)))))
