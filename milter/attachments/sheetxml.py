"""The cells of one worksheet part, sparse: a lie about the sheet's size costs nothing.

Cells are found by pattern in the part's text where it is written as Excel, LibreOffice and the libraries write
it; the values found are counted against those that stand there, and anything else goes through an XML parser. Either
way the part goes by in pieces, row by row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from milter.attachments.cells import Styles, column_number, shown
from milter.attachments.draft import Draft, LimitError
from milter.attachments.grid import Grid, Row
from milter.attachments.package import Package
from milter.attachments.sheettext import TEXT, cell_text, plain, plainly
from milter.attachments.strings import Strings
from milter.attachments.xmltext import Elements, attributes_of, local

# Attributes in the order in which programs write them; others are taken apart one by one. Every repeat ends at
# a character that it can't contain, so the search is linear.
CELL = re.compile(
    r'<c(?: r="([A-Z]{1,3})\d{1,7}")?(?: s="(\d{1,6})")?(?: t="([a-zA-Z]{1,12})")?([^>]*?)'
    r"(?:/>|>(?:<is><t(?:\s[^>]*)?>([^<]*)</t></is>|<is>(.*?)</is>|<f(?:\s[^>]*)?(?:/>|>([^<]*)</f>))?(?:<v(?:\s[^>]*)?>([^<]*)</v>)?)",
    re.DOTALL,
)
# The same for a sheet that has neither formulas nor inline strings; its groups stand at the same numbers.
SIMPLE = re.compile(
    r'<c(?: r="([A-Z]{1,3})\d{1,7}")?(?: s="(\d{1,6})")?(?: t="([a-zA-Z]{1,12})")?([^>]*)>()()()(?:<v>([^<]*)</v>)?'
)
ATTRIBUTE = re.compile(r'\b([a-z]+)="([^"]*)"')
AROUND = re.compile(r"<(?:headerFooter|dataValidation|hyperlink|conditionalFormatting|scenario|controls)")
HIDDEN = re.compile(r'\bhidden="(?:1|true)"')
EMPTY = re.compile(r"<is>(?:<t(?:\s[^>]*)?></t>)?</is>")
MOST_ROWS = 2_000_000
_END = b"</sheetData>"
_MOST_REST = 16 << 20  # bytes of one row, or before the first


@dataclass(frozen=True, slots=True)
class Book:
    """What all sheets share."""

    strings: Strings
    styles: Styles
    chars: int  # the most that one sheet may hold


@dataclass(slots=True)
class Sheet:
    """What a part holds."""

    shown: Grid = field(default_factory=Grid)
    concealed: Grid = field(default_factory=Grid)  # hidden rows, under the first row of all
    formulas: list[str] = field(default_factory=list)  # those that hold texts of their own
    around: list[str] = field(default_factory=list)  # page headers, validation lists, tips, scenarios
    chars: int = 0
    rows: int = 0
    limit: str = ""  # which limit ended it
    heading: Row | None = None  # the first row that is not empty, until a hidden one needs it

    def add(self, row: Row, book: Book, *, hidden: bool) -> None:
        """Take a finished row. Raises LimitError."""
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise LimitError("a sheet of it has too many rows")
        if not row:
            return
        chars = sum([len(text) for _, text in row])
        self.chars += chars
        if self.chars > book.chars:
            raise LimitError("a sheet of it is too large")
        if self.heading is None:
            self.heading = [] if hidden else row
        if hidden:
            self.concealed.add(self.heading, chars)
            self.heading = []
        (self.concealed if hidden else self.shown).add(row, chars)


def read_sheet(parts: Package, name: str, book: Book, draft: Draft) -> Sheet:
    """Read a part by pattern, else by a parser; what was read before a limit is in the sheet all the same."""
    sheet = Sheet()
    try:
        if not _quick(parts, name, book, sheet):
            sheet = Sheet()
            _by_elements(parts, name, book, draft, sheet)
    except LimitError as limit:
        sheet.limit = str(limit)
    return sheet


def _quick(parts: Package, name: str, book: Book, sheet: Sheet) -> bool:
    """By pattern; False where the part is not written in a way that the pattern knows."""
    rest, within = b"", False
    pieces = parts.pieces(name)
    for piece in pieces:
        rest += piece
        if len(rest) > _MOST_REST or not plainly(rest, head=not within):
            return False
        if not within:
            start = rest.find(b"<sheetData")
            within = start >= 0
            rest = rest[start:] if within else rest
        end = rest.find(_END)
        cut = end if end >= 0 else rest.rfind(b"<row")
        if not within or cut <= 0:
            continue
        if not _rows(rest[:cut].decode("utf-8", "replace"), book, sheet):
            return False
        if end >= 0:
            tail = rest[end + len(_END) :] + b"".join(pieces)
            sheet.around = _around(tail.decode("utf-8", "replace"))
            return plainly(tail, head=False)
        rest = rest[cut:]
    return False


def _rows(text: str, book: Book, sheet: Sheet) -> bool:
    """Take some whole rows; False where not all their values were found."""
    if text.count("<is>") != text.count("</is>"):
        return False
    values = 0
    cells = CELL if "<f" in text or "<is" in text or "<v " in text else SIMPLE
    for piece in text.split("<row"):
        attributes = piece[: piece.find(">")]
        row: Row = []
        values += _quick_row(cells.findall(piece), row, sheet, book)
        sheet.add(row, book, hidden="hidden" in attributes and bool(HIDDEN.search(attributes)))
    stated = text.count("</v>") + text.count("</is>")
    if values != stated:
        stated -= text.count("<v></v>") + len(EMPTY.findall(text))
    return values == stated


def _quick_row(cells: list[tuple[str, ...]], row: Row, sheet: Sheet, book: Book) -> int:
    """Take the cells of one row; how many values there were."""
    column = values = 0
    strings = book.strings
    count = len(strings)
    for letters, style, kind, more, inline, rich, formula, value in cells:
        column = column_number(letters) if letters else column + 1
        if more and more.strip(" /"):
            column, style, kind = _attributes(more, column, style, kind)  # noqa: PLW2901
        if formula and ("&quot;" in formula or '"' in formula):
            sheet.formulas.append(plain(formula))
        if inline or rich:
            values += 1
            text = cell_text(plain(inline or "".join(TEXT.findall(rich))))
            values += bool(value)
        elif not value:
            continue
        elif not kind and not style and value.isdecimal():
            values += 1
            text = value
        elif kind == "s" and value.isdecimal() and len(value) < 9 and int(value) < count:
            values += 1
            text = strings.shown(int(value))
        else:
            values += 1
            text = cell_text(shown(plain(value), kind or "n", style, book.styles))
        if text:
            row.append((column, text))
    return values


def _attributes(more: str, column: int, style: str, kind: str) -> tuple[int, str, str]:
    named = dict(ATTRIBUTE.findall(more))
    return column_number(named.get("r", "")) or column, named.get("s", style), named.get("t", kind)


def _by_elements(parts: Package, name: str, book: Book, draft: Draft, sheet: Sheet) -> None:
    """By an XML parser, a row at a time; what stands around the rows stays in its tree."""
    rows = Elements(parts.file(name), draft, "{*}row")
    for row in rows:
        cells = list(_element_row(row, book, sheet))
        sheet.add(cells, book, hidden=row.get("hidden") in ("1", "true"))
    if rows.root is not None:
        sheet.around = _pieces(rows.root)


def _element_row(row: etree._Element, book: Book, sheet: Sheet) -> Iterator[tuple[int, str]]:
    column = 0
    for one in row.iter("{*}c"):
        column = column_number(one.get("r", "")) or column + 1
        for formula in one.iter("{*}f"):
            if '"' in (formula.text or ""):
                sheet.formulas.append(formula.text or "")
        if text := cell_text(_element_text(one, book)):
            yield column, text


def _element_text(cell: etree._Element, book: Book) -> str:
    kind = cell.get("t", "n")
    value = "".join(child.text or "" for child in cell if local(child) == "v")
    inline = "".join(part.text or "" for child in cell if local(child) == "is" for part in child.iter("{*}t"))
    if kind == "s" and value.isdecimal() and len(value) < 9 and int(value) < len(book.strings):
        return inline + book.strings.shown(int(value))
    return inline + shown(value, kind, cell.get("s", ""), book.styles)


def _around(rest: str) -> list[str]:
    if not AROUND.search(rest):
        return []
    # Prefixes lost their declarations with the head of the part, which a mending parser does not mind.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(f"<rest>{rest.replace('</worksheet>', '')}</rest>", parser)
    return _pieces(root) if root is not None else []


def _pieces(root: etree._Element) -> list[str]:
    texts = [piece.strip() for piece in root.itertext() if piece.strip()]
    scenario = [one.get("val", "") for one in root.iter("{*}inputCells")]
    return texts + scenario + attributes_of(root, etree.tostring(root))
