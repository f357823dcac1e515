"""Excel 95 and 97-2003 (MS-XLS): a walk over the records, sparse, with comments, headers and hidden sheets.

Guarantees that every string and number a cell holds comes out, and every string that no cell shows any more.
"""

import struct
from dataclasses import dataclass, field

from milter.attachments import ole
from milter.attachments.biff import Piece, records, shared_strings, text_at, wide_runs
from milter.attachments.cells import kind_of, number_shown
from milter.attachments.draft import Draft, File, LimitError, UnreadableError
from milter.attachments.officelock import read_locked_binary

BOF, EOF, FILEPASS, CONTINUE = 0x809, 0x0A, 0x2F, 0x3C
BOUNDSHEET, SST, FORMAT, XF, DATEMODE = 0x85, 0xFC, 0x41E, 0xE0, 0x22
ROW, COLINFO, LABELSST, LABEL, RSTRING, NUMBER, RK, MULRK, FORMULA, STRING, BOOLERR = (
    0x208, 0x7D, 0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD, 0x06, 0x207, 0x205,
)  # fmt: skip
HEADER, FOOTER, NOTE, TXO, NAME, HLINK, DV, SXSTRING, CRN = (
    0x14,
    0x15,
    0x1C,
    0x1B6,
    0x18,
    0x1B8,
    0x1BE,
    0xCD,
    0x5A,
)
PROTECTING = (0x5B, 0x86, 0x12)  # FILESHARING, WRITEPROT, PROTECT
FILE_LOCKS = {0: "XOR (Excel)", 1: "RC4 (Excel)"}


@dataclass(slots=True)
class Sheet:
    """One sheet in the making."""

    name: str
    hidden: bool
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    said: list[str] = field(default_factory=list)  # comments, headers, links
    waiting: tuple[int, int] | None = None  # the formula cell whose string comes next

    def put(self, row: int, column: int, text: str) -> None:
        """Set one cell."""
        if text:
            self.rows.setdefault(row, {})[column] = text


@dataclass(slots=True)
class Book:
    """What all sheets share."""

    old: bool = False  # Excel 95: strings of one octet a character
    names: list[tuple[str, bool]] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    formats: dict[int, str] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)
    from_1904: bool = False
    said: list[str] = field(default_factory=list)
    cells: int = 0


def read_xls(file: File, draft: Draft) -> None:
    """Read a workbook with what is embedded in it."""
    with ole.opened(file.content) as archive:
        content = ole.stream(archive, "Workbook") or ole.stream(archive, "Book")
        if not content:
            raise UnreadableError("the workbook is damaged")
        lock = _lock(content)
        if lock:
            read_locked_binary(file, draft, lock)
            return
        read_book(content, draft)
        for path in ole.paths(archive):
            if path[0] == "_SX_DB_CUR":  # pivot caches
                _cache(ole.stream(archive, *path), draft)
        ole.read_properties(archive, draft)
        ole.read_embedded(archive, draft)


def _lock(content: bytes) -> str:
    for kind, piece in records(content):
        if kind == FILEPASS:
            return FILE_LOCKS.get(int.from_bytes(piece.data[:2], "little"), "RC4 (Excel)")
        if kind in (BOUNDSHEET, EOF):
            break
    return ""


def read_book(content: bytes, draft: Draft) -> None:
    """Read one workbook stream."""
    book = Book()
    sheet: Sheet | None = None
    depth = 0
    for kind, piece in records(content):
        if kind in (0x809, 0x409, 0x209, 0x009):
            depth += 1
            book.old = len(piece.data) >= 2 and piece.data[:2] != b"\0\6"
            if depth == 1 and len(piece.data) >= 4 and piece.data[2:4] != b"\5\0":
                sheet = _next_sheet(book, sheet, draft)
        elif kind == EOF:
            depth = max(0, depth - 1)
        else:
            _record(kind, piece, book, sheet, draft)
    if sheet:
        _say(sheet, draft)
    unused = [text for number, text in enumerate(book.strings) if number not in book.used]
    draft.say("unused strings", "\n".join(unused), hidden=True)
    draft.say("names and caches", "\n".join(dict.fromkeys(book.said)), hidden=True)


def _next_sheet(book: Book, sheet: Sheet | None, draft: Draft) -> Sheet:
    if sheet:
        _say(sheet, draft)
    name, hidden = book.names.pop(0) if book.names else ("sheet", False)
    return Sheet(name, hidden)


def _record(kind: int, piece: Piece, book: Book, sheet: Sheet | None, draft: Draft) -> None:
    try:
        if kind in PROTECTING and sheet is None:
            if any(piece.data[:2]):
                draft.protect("read-only", "marked read-only")
        elif sheet is None:
            _global(kind, piece, book)
        elif kind in CELLS:
            book.cells += 1
            if book.cells > 5_000_000:
                raise LimitError("has too many cells")
            CELLS[kind](piece.data, book, sheet)
        else:
            _aside(kind, piece, book, sheet)
    except (struct.error, IndexError):
        draft.fail("unreadable", "a record of the workbook is damaged")


def _global(kind: int, piece: Piece, book: Book) -> None:
    data = piece.data
    if kind == BOUNDSHEET:
        size, start = data[6], 7
        name = data[start : start + size].decode("cp1252") if book.old else text_at(data, 6, narrow=True)
        book.names.append((name, bool(data[4] & 3)))
    elif kind == SST:
        book.strings = shared_strings(piece)
    elif kind == FORMAT:
        code = data[3 : 3 + data[2]].decode("cp1252") if book.old else text_at(data, 2)
        book.formats[int.from_bytes(data[:2], "little")] = code
    elif kind == XF:
        book.looks.append(kind_of(int.from_bytes(data[2:4], "little"), book.formats))
    elif kind == DATEMODE:
        book.from_1904 = data[:1] == b"\1"
    elif kind == NAME:
        book.said += [_name(data, book), *wide_runs(data)]
    elif kind in (CRN, SXSTRING):
        book.said += wide_runs(data)


def _name(data: bytes, book: Book) -> str:
    size = data[3]
    return data[14 : 14 + size].decode("cp1252") if book.old else text_at(data, 14, size=size)


def _look(style: int, book: Book) -> str:
    return book.looks[style] if style < len(book.looks) else ""


def _number(value: float, style: int, book: Book) -> str:
    text = str(int(value)) if value == int(value) and abs(value) < 1e18 else repr(value)
    return number_shown(text, _look(style, book), from_1904=book.from_1904)


def _float(raw: bytes) -> float:
    value: float = struct.unpack("<d", raw)[0]
    return value if abs(value) < 1e300 else 0.0  # also what is not a number


def _rk(raw: int) -> float:
    """A packed number (MS-XLS 2.5.217)."""
    value = (
        float(raw >> 2 if raw < 0x80000000 else (raw >> 2) - (1 << 30))
        if raw & 2
        else _float(struct.pack("<Q", (raw & 0xFFFFFFFC) << 32))
    )
    return value / 100 if raw & 1 else value


def _labelsst(data: bytes, book: Book, sheet: Sheet) -> None:
    row, column, _, number = struct.unpack_from("<HHHI", data)
    book.used.add(number)
    sheet.put(row, column, book.strings[number])


def _label(data: bytes, book: Book, sheet: Sheet) -> None:
    row, column, _, size = struct.unpack_from("<HHHH", data)
    sheet.put(row, column, data[8 : 8 + size].decode("cp1252", "replace") if book.old else text_at(data, 6))


def _plain_number(data: bytes, book: Book, sheet: Sheet) -> None:
    row, column, style = struct.unpack_from("<HHH", data)
    sheet.put(row, column, _number(_float(data[6:14]), style, book))


def _rk_number(data: bytes, book: Book, sheet: Sheet) -> None:
    row, column, style, raw = struct.unpack_from("<HHHI", data)
    sheet.put(row, column, _number(_rk(raw), style, book))


def _many_numbers(data: bytes, book: Book, sheet: Sheet) -> None:
    row, column = struct.unpack_from("<HH", data)
    for number in range((len(data) - 6) // 6):
        style, raw = struct.unpack_from("<HI", data, 4 + 6 * number)
        sheet.put(row, column + number, _number(_rk(raw), style, book))


def _formula(data: bytes, book: Book, sheet: Sheet) -> None:
    row, column, style = struct.unpack_from("<HHH", data)
    result = data[6:14]
    sheet.waiting = None
    if result[6:8] != b"\xff\xff":
        sheet.put(row, column, _number(_float(result), style, book))
    elif result[0] == 0:
        sheet.waiting = (row, column)
    sheet.said += wide_runs(data[22:]) if b"\x17" in data[22:] else []


def _boolean(data: bytes, book: Book, sheet: Sheet) -> None:
    del book
    row, column = struct.unpack_from("<HH", data)
    if not data[7]:
        sheet.put(row, column, "TRUE" if data[6] else "FALSE")


CELLS = {
    LABELSST: _labelsst,
    LABEL: _label,
    RSTRING: _label,
    NUMBER: _plain_number,
    RK: _rk_number,
    MULRK: _many_numbers,
    FORMULA: _formula,
    BOOLERR: _boolean,
}


def _aside(kind: int, piece: Piece, book: Book, sheet: Sheet) -> None:
    """Records that are no cell."""
    data = piece.data
    if kind == STRING and sheet.waiting:
        size = int.from_bytes(data[:2], "little")
        text = data[2 : 2 + size].decode("cp1252", "replace") if book.old else text_at(data, 0)
        sheet.put(*sheet.waiting, text)
    elif kind == ROW and int.from_bytes(data[12:14], "little") & 0x20:
        sheet.hidden_rows.add(int.from_bytes(data[:2], "little"))
    elif kind in (HEADER, FOOTER) and data:
        sheet.said.append(data[1 : 1 + data[0]].decode("cp1252", "replace") if book.old else text_at(data, 0))
    elif kind == TXO and len(piece.chunks) > 1:
        chunk = piece.chunks[1]
        sheet.said.append(chunk[1:].decode("utf-16-le" if chunk[:1] == b"\1" else "latin-1", "replace"))
    elif kind == NOTE and book.old:
        sheet.said.append(data[6:].decode("cp1252", "replace"))
    elif kind in (HLINK, DV, NOTE):
        sheet.said += wide_runs(data)


def _cache(content: bytes, draft: Draft) -> None:
    found = [text_at(piece.data, 0) for kind, piece in records(content) if kind == SXSTRING and piece.data]
    draft.say("pivot cache", "\n".join(found), hidden=True)


def _say(sheet: Sheet, draft: Draft) -> None:
    columns = sorted({column for row in sheet.rows.values() for column in row})
    place = {column: number for number, column in enumerate(columns)}
    lines: dict[int, str] = {}
    for number in sorted(sheet.rows):
        cells = [""] * (1 + max(place[column] for column in sheet.rows[number]))
        for column, text in sheet.rows[number].items():
            cells[place[column]] = text.replace("\t", " ").replace("\n", " ").replace("\r", " ")
        lines[number] = "\t".join(cells)
    where = f"sheet '{sheet.name}'"
    seen = [line for number, line in lines.items() if number not in sheet.hidden_rows]
    draft.say(where, "\n".join(seen), table=True, hidden=sheet.hidden)
    unseen = [number for number in lines if number in sheet.hidden_rows]
    if unseen:
        first = min(lines)
        shown = ([lines[first]] if first not in sheet.hidden_rows else []) + [
            lines[number] for number in unseen
        ]
        draft.say(f"{where}, hidden rows", "\n".join(shown), table=True, hidden=True)
    draft.say(f"{where}, comments and headers", "\n".join(dict.fromkeys(sheet.said)), hidden=True)
