"""Worksheets of SpreadsheetML, as they stand in the file: sparse, so that a lie about their size costs nothing.

One table passage a sheet, dates as dd/mm/yyyy, numbers as a person sees them; hidden sheets, rows and columns
are told apart. Cells are found by pattern in the part's bytes where it is written as Excel, LibreOffice and
the libraries write it; anything else goes through a real XML parser.
"""

import posixpath
import re
from dataclasses import dataclass, field

from lxml import etree

from milter.attachments.cells import Styles, column_number, shown
from milter.attachments.draft import Draft, LimitError
from milter.attachments.xmltext import attributes_of, local, parse

CELL = re.compile(
    rb"<(?:row\b([^>]*)|c\b([^>]*?))(?:/>|>(?:<is>(.*?)</is>|<f(?:\s[^>]*)?(?:/>|>([^<]*)</f>))?(?:<v(?:\s[^>]*)?>([^<]*)</v>)?)",
    re.DOTALL,
)
ATTRIBUTE = re.compile(rb'\b([a-z]+)="([^"]*)"')
SPECIAL = re.compile(rb"<(?:!\[CDATA|!--|!DOCTYPE|\?(?!xml ))|<\w+:(?:row|c|v|is)\b|='")
SHARED = re.compile(rb"<si\b[^>]*?(?:/>|>(.*?)</si>)", re.DOTALL)
HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
AROUND = re.compile(rb"<(?:headerFooter|dataValidation|hyperlink|conditionalFormatting|scenario|controls)")
TEXT = re.compile(rb"<t(?:\s[^>]*)?>([^<]*)</t>")
ENTITY = re.compile(r"&(#x[0-9A-Fa-f]{1,6}|#\d{1,7}|amp|lt|gt|quot|apos);|_x([0-9A-Fa-f]{4})_")
SHEETS = ("worksheet", "chartsheet", "dialogsheet", "macrosheet")
MOST_ROWS = 2_000_000
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


@dataclass(slots=True)
class Sheet:
    """One sheet in the making: rows of (column, text)."""

    rows: list[list[tuple[int, str]]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)  # indexes into rows
    formulas: list[str] = field(default_factory=list)
    chars: int = 0


@dataclass(frozen=True, slots=True)
class Book:
    """What all sheets share."""

    strings: list[str]
    styles: Styles
    used: set[int]  # indexes of the shared strings that a cell shows


def read_workbook(parts: dict[str, bytes], roots: dict[str, str], draft: Draft) -> None:
    """Read all sheets, and the strings that no cell shows any more. `roots`: the root element of each part."""
    part_of = {root: parts[name] for name, root in roots.items()}
    strings = shared_strings(part_of.get("sst", b""), draft)
    styles = Styles.of(part_of.get("styleSheet", b""), part_of["workbook"])
    book = Book(strings, styles, set())
    names = sheet_names(parts, next(name for name, root in roots.items() if root == "workbook"), draft)
    for part in sorted(
        roots, key=lambda name: (list(names).index(name) if name in names else len(names), name)
    ):
        if roots[part] in SHEETS:
            title, hidden = names.get(part, (part.rpartition("/")[2], False))
            _sheet(parts[part], title, hidden, book, draft)
    unused = [text for number, text in enumerate(strings) if number not in book.used]
    draft.say("unused strings", "\n".join(unused), hidden=True)


def sheet_names(parts: dict[str, bytes], workbook: str, draft: Draft) -> dict[str, tuple[str, bool]]:
    """Part name to the sheet's name and whether it is hidden or very hidden, in the workbook's order."""
    folder, _, file = workbook.rpartition("/")
    book = parse(parts[workbook], draft)
    links = parse(parts.get(f"{folder}/_rels/{file}.rels", b"<Relationships/>"), draft)
    if book is None or links is None:
        return {}
    target = {one.get("Id"): one.get("Target", "") for one in links.iter("{*}Relationship")}
    names: dict[str, tuple[str, bool]] = {}
    for sheet in book.iter("{*}sheet"):
        key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        path = target.get(key, "")
        part = path.lstrip("/") if path.startswith("/") else posixpath.normpath(f"{folder}/{path}")
        names[part] = (sheet.get("name", ""), sheet.get("state", "visible") != "visible")
    return names


def plain(raw: bytes) -> str:
    """Text of simple XML content without elements."""
    text = raw.decode("utf-8", "replace")
    return ENTITY.sub(_entity, text) if "&" in text or "_x" in text else text


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if match[2]:
        return chr(int(match[2], 16))
    if name.startswith("#"):
        code = int(f"0{name[1:]}", 16) if name[1] == "x" else int(name[1:])
        return chr(code) if code < 0x110000 else "\ufffd"
    return NAMED[name]


def shared_strings(content: bytes, draft: Draft) -> list[str]:
    """The table of strings that cells point into (ECMA-376 part 1, 18.4.9)."""
    if not content:
        return []
    if not SPECIAL.search(content) and _utf8(content) and b"<rPh" not in content:
        return [plain(b"".join(TEXT.findall(item))) for item in SHARED.findall(content)]
    root = parse(content, draft)
    if root is None:
        return []
    return ["".join(one.text or "" for one in item.iter("{*}t")) for item in root.iter("{*}si")]


def _utf8(content: bytes) -> bool:
    head = content[:100].lower()
    return b"\0" not in head and (b"encoding" not in head or b"utf-8" in head or b"ascii" in head)


def _sheet(content: bytes, title: str, hidden: bool, book: Book, draft: Draft) -> None:
    stop = content.find(b"</sheetData>")
    around: list[str] = []
    sheet = None
    if stop >= 0 and _utf8(content) and not SPECIAL.search(content):
        sheet = _quick(content[:stop], book, draft)
        around = _around(content[stop + len(b"</sheetData>") :]) if sheet else []
    if sheet is None:
        root = parse(content, draft)
        if root is None:
            return
        sheet = Sheet()
        around = _slow(root, sheet, book, draft)
    where = f"sheet '{title}'"
    columns = sorted({column for row in sheet.rows for column, _ in row})
    shown_rows = [row for number, row in enumerate(sheet.rows) if row and number not in sheet.hidden_rows]
    draft.say(where, _lines(shown_rows, columns, draft), table=True, hidden=hidden)
    if sheet.hidden_rows:
        heading = [] if 0 in sheet.hidden_rows else sheet.rows[:1]
        rows = heading + [sheet.rows[number] for number in sorted(sheet.hidden_rows)]
        draft.say(f"{where}, hidden rows", _lines(rows, columns, draft), table=True, hidden=True)
    draft.say(f"{where}, formulas", "\n".join(sheet.formulas), hidden=True)
    draft.say(f"{where}, settings", "\n".join(around), hidden=True)


def _lines(rows: list[list[tuple[int, str]]], columns: list[int], draft: Draft) -> str:
    """Rows as lines of tab-parted cells; a column that no row uses is left out."""
    place = {column: number for number, column in enumerate(columns)}
    room = draft.file.budget.limits.text_chars - draft.file.budget.chars
    lines: list[str] = []
    for row in rows:
        pieces: list[str] = []
        at = 0
        for column, text in row:
            number = place[column]
            pieces.append("\t" * (number - at) if number >= at else "\t")
            pieces.append(text)
            at = max(at, number)
        lines.append("".join(pieces))
        room -= len(lines[-1])
        if room < 0:
            draft.fail("limit", "a sheet of it is too large")
            break
    return "\n".join(lines)


def _quick(content: bytes, book: Book, draft: Draft) -> Sheet | None:
    """Rows and cells by pattern; None where some value does not stand as the pattern has it."""
    sheet = Sheet()
    row: list[tuple[int, str]] = []
    column = values = 0
    start = max(0, content.find(b"<sheetData"))
    if content.count(b"<is>", start) != content.count(b"</is>", start):
        return None
    for row_attributes, cell, inline, formula, value in CELL.findall(content, start):
        if not cell:
            row = _new_row(hidden=bool(HIDDEN.search(row_attributes)), sheet=sheet)
            column = 0
            continue
        named = dict(ATTRIBUTE.findall(cell))
        column = column_number(named.get(b"r", b"")) or column + 1
        kind = named.get(b"t", b"n")
        values += bool(value) + bool(inline)
        if b"&quot;" in formula or b'"' in formula:
            sheet.formulas.append(plain(formula))
        if inline:
            text = plain(b"".join(TEXT.findall(inline)))
        elif kind == b"s":
            text = _shared(value, book)
        else:
            text = shown(plain(value), kind, named.get(b"s", b""), book.styles)
        _keep(text, column, row, sheet, draft)
    empty = content.count(b"<v></v>", start) + content.count(b"<is></is>", start)
    stated = content.count(b"</v>", start) + content.count(b"</is>", start)
    return sheet if values + empty == stated else None


def _new_row(*, hidden: bool, sheet: Sheet) -> list[tuple[int, str]]:
    if len(sheet.rows) > MOST_ROWS:
        raise LimitError("a sheet of it has too many rows")
    if hidden:
        sheet.hidden_rows.add(len(sheet.rows))
    row: list[tuple[int, str]] = []
    sheet.rows.append(row)
    return row


def _shared(value: bytes, book: Book) -> str:
    try:
        number = int(value)
        text = book.strings[number]
    except (ValueError, IndexError):
        return value.decode("utf-8", "replace")
    book.used.add(number)
    return text


def _keep(text: str, column: int, row: list[tuple[int, str]], sheet: Sheet, draft: Draft) -> None:
    if not text:
        return
    sheet.chars += len(text)
    if sheet.chars > draft.file.budget.limits.text_chars:
        raise LimitError("a sheet of it is too large")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\r", "").replace("\n", " ").replace("\t", " ")
    if not sheet.rows:
        sheet.rows.append(row)
    row.append((column, text))


def _slow(root: etree._Element, sheet: Sheet, book: Book, draft: Draft) -> list[str]:
    """The same by elements; what stands around the cells is given back."""
    row: list[tuple[int, str]] = []
    column = 0
    for one in root.iter("{*}row", "{*}c"):
        if local(one) == "row":
            row = _new_row(hidden=one.get("hidden") in ("1", "true"), sheet=sheet)
            column = 0
            continue
        column = column_number(one.get("r", "").encode()) or column + 1
        kind = one.get("t", "n").encode()
        value = "".join(child.text or "" for child in one if local(child) == "v")
        inline = "".join(
            part.text or "" for child in one if local(child) == "is" for part in child.iter("{*}t")
        )
        text = inline or (
            _shared(value.encode(), book)
            if kind == b"s"
            else shown(value, kind, one.get("s", "").encode(), book.styles)
        )
        sheet.formulas += [child.text for child in one if local(child) == "f" and '"' in (child.text or "")]  # type: ignore[misc]
        _keep(text, column, row, sheet, draft)
    for data in list(root.iter("{*}sheetData")):
        parent = data.getparent()
        if parent is not None:
            parent.remove(data)
    return _pieces(root)


def _around(rest: bytes) -> list[str]:
    """What stands behind the cells: page headers, validation lists, hyperlinks' tips, scenarios."""
    if not AROUND.search(rest):
        return []
    # Prefixes lost their declarations with the head, which a mending parser does not mind.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(b"<rest>" + rest.replace(b"</worksheet>", b"") + b"</rest>", parser)
    return _pieces(root) if root is not None else []


def _pieces(root: etree._Element) -> list[str]:
    texts = [piece.strip() for piece in root.itertext() if piece.strip()]
    scenario = [one.get("val", "") for one in root.iter("{*}inputCells")]
    telling = attributes_of(root, etree.tostring(root))
    return texts + scenario + telling
