"""Word 97-2003 (MS-DOC) by its piece table: body, footnotes, headers, comments, text boxes, all of it.

Word 6 and 95, whose text stands in one run, is read too. Hidden and deleted text is there like any other.
"""

import re
import struct
from typing import Any

from milter.attachments import ole
from milter.attachments.draft import Draft, File, UnreadableError
from milter.attachments.links import note_links
from milter.attachments.marks import CELL, CLOSE, CODE, ROW, TABLE, say_marked
from milter.attachments.officelock import read_locked_binary

# The parts of a document's text, in the order in which they stand behind each other (FibRgLw97, MS-DOC 2.5.4).
PARTS = (
    (0x4C, "body"),
    (0x50, "footnote"),
    (0x54, "header"),
    (0x58, "macro"),
    (0x5C, "comment"),
    (0x60, "endnote"),
    (0x64, "text box"),
    (0x68, "header, text box"),
)
ENCRYPTED, SECOND_TABLE, RECOMMENDED, RESERVED = 0x0100, 0x0200, 0x0400, 0x0800
INSTRUCTION = re.compile("\x13([^\x13\x14\x15]*)")
CHARACTERS = str.maketrans(
    {
        "\x0b": "\n",
        "\x0c": "\n",
        "\x0e": "\n",
        "\x1e": "-",
        "\x1f": None,
        "\xa0": " ",
        "\x14": None,
        "\x15": None,
    }
    | {chr(code): None for code in (0, 1, 2, 3, 4, 5, 6, 8)}
)


def read_doc(file: File, draft: Draft) -> None:
    """Read a document with what is embedded in it."""
    with ole.opened(file.content) as archive:
        main = ole.stream(archive, "WordDocument")
        if len(main) < 0x1AA:
            raise UnreadableError("the Word document is damaged")
        flags = struct.unpack_from("<H", main, 0x0A)[0]
        if flags & ENCRYPTED:
            read_locked_binary(file, draft, "XOR (Word)" if flags & 0x8000 else "RC4 (Word)")
            return
        if flags & (RECOMMENDED | RESERVED):
            draft.protect("read-only", "marked read-only")
        _say(main, archive, (), draft)
        for path in ole.paths(archive):
            if path[-1] == "WordDocument" and len(path) > 1:
                _say(ole.stream(archive, *path), archive, path[:-1], draft)
        ole.read_properties(archive, draft)
        _objects(archive, draft)
        ole.read_embedded(archive, draft, below=("ObjectPool",))


def _objects(archive: Any, draft: Draft) -> None:
    """Worksheets embedded in storages of their own."""
    from milter.attachments.xls import read_book

    for path in ole.paths(archive):
        if path[-1].lower() in ("workbook", "book") and len(path) > 1:
            read_book(ole.stream(archive, *path), draft)


def _say(main: bytes, archive: Any, below: tuple[str, ...], draft: Draft) -> None:
    version = struct.unpack_from("<H", main, 2)[0] if len(main) > 4 else 0
    if version < 0xC1:  # before Word 97
        start, end = struct.unpack_from("<II", main, 0x18)
        _passage("body", main[start:end].decode("cp1252", "replace"), draft)
        return
    flags = struct.unpack_from("<H", main, 0x0A)[0]
    table = ole.stream(archive, *below, "1Table" if flags & SECOND_TABLE else "0Table")
    text = piece_text(main, table)
    at = 0
    for offset, where in PARTS:
        count = struct.unpack_from("<i", main, offset)[0]
        if count > 0:
            _passage(where, text[at : at + count], draft)
            at += count
    _passage("other part", text[at:], draft)


def piece_text(main: bytes, table: bytes) -> str:
    """All text, put together from the piece table (MS-DOC 2.4.1). Raises UnreadableError where it is damaged."""
    start, size = struct.unpack_from("<II", main, 0x1A2)
    clx = table[start : start + size]
    at = 0
    while clx[at : at + 1] == b"\x01":  # property modifiers stand before it
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if clx[at : at + 1] != b"\x02":
        raise UnreadableError("the Word document is damaged")
    length = struct.unpack_from("<I", clx, at + 1)[0]
    pieces = clx[at + 5 : at + 5 + length]
    count = (len(pieces) - 4) // 12
    if count < 0:
        raise UnreadableError("the Word document is damaged")
    places = struct.unpack_from(f"<{count + 1}I", pieces)
    texts: list[str] = []
    room = len(main)  # no piece table makes more text than the file has octets
    for number in range(count):
        where = struct.unpack_from("<I", pieces, 4 * (count + 1) + 8 * number + 2)[0]
        chars = max(0, min(places[number + 1] - places[number], room))
        room -= chars
        if where & 0x40000000:  # one octet a character
            begin = (where & 0x3FFFFFFF) // 2
            texts.append(main[begin : begin + chars].decode("cp1252", "replace"))
        else:
            texts.append(main[where : where + 2 * chars].decode("utf-16-le", "replace"))
    return "".join(texts)


def _passage(where: str, text: str, draft: Draft) -> None:
    text = INSTRUCTION.sub(rf"{CODE}\1{CLOSE}", text).translate(CHARACTERS)
    note_links(text, draft)
    say_marked(draft, where, tabled(text))


def tabled(text: str) -> str:
    """Mark the tables: each cell ends with BEL, and each row with one more (MS-DOC 2.4.3).

    Which of two BEL ends an empty cell and which the row is told by formatting that is not read here; so rows
    are cut where every n-th cell is empty, as it is in any table whose rows are alike.
    """
    if "\x07" not in text:
        return text.replace("\r", "\n")
    out: list[str] = []
    cells: list[str] = []
    *pieces, rest = text.split("\x07")
    for piece in pieces:
        cell = piece
        may_end = not cells or not cells[-1]  # a row; then text may stand before the next table
        if may_end and "\r" in piece:
            before, _, cell = piece.rpartition("\r")
            out += (_table(cells), before.replace("\r", "\n"), "\n")
            cells = []
        cells.append(cell.replace("\r", " "))
    out += (_table(cells), rest.replace("\r", "\n"))
    return "".join(out)


def _table(cells: list[str]) -> str:
    if not cells:
        return ""
    for width in range(1, min(64, len(cells))):
        if len(cells) % (width + 1) == 0 and not any(cells[width :: width + 1]):
            rows = [CELL.join(cells[at : at + width]) for at in range(0, len(cells), width + 1)]
            return TABLE + ROW.join(rows) + CLOSE
    joined = "\x07".join(cells) + "\x07"
    return TABLE + joined.replace("\x07\x07", ROW).replace("\x07", CELL) + CLOSE
