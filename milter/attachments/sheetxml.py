"""The cells of one worksheet part, sparse: a lie about the sheet's size costs nothing.

Cells are found by pattern in the part's text where it is written as Excel, LibreOffice and the libraries write
it; the values found are counted against those that stand there, and anything else goes through an XML parser.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from milter.attachments.cells import Styles, column_number, shown
from milter.attachments.draft import LimitError
from milter.attachments.xmltext import attributes_of, local

Row = list[tuple[int, str]]  # column, text

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
# And for cells as Excel and the libraries write nearly all of theirs: column, style, shared string, type, value.
USUAL = re.compile(
    r'<c r="([A-Z]{1,3})\d{1,7}"(?: s="(\d{1,6})")?'
    r'(?: t="(?:s"><v>(\d{1,8})|([a-z]{1,12})"><v>([^<]*))|><v>([^<]*))</v></c>'
)
ATTRIBUTE = re.compile(r'\b([a-z]+)="([^"]*)"')
SPECIAL = (b"<!", b"='", b":row", b":c ", b":c>", b":v>", b":is>", b":si>")
AROUND = re.compile(r"<(?:headerFooter|dataValidation|hyperlink|conditionalFormatting|scenario|controls)")
HIDDEN = re.compile(r'\bhidden="(?:1|true)"')
EMPTY = re.compile(r"<is>(?:<t(?:\s[^>]*)?></t>)?</is>")
TEXT = re.compile(r"<t(?:\s[^>]*)?>([^<]*)</t>")
ENTITY = re.compile(r"&(#x[0-9A-Fa-f]{1,6}|#\d{1,7}|amp|lt|gt|quot|apos);|_x([0-9A-Fa-f]{4})_")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
MOST_ROWS = 2_000_000
TOO_LARGE = "a sheet of it is too large"
BREAKS = str.maketrans({"\t": " ", "\n": " ", "\r": None})


@dataclass(frozen=True, slots=True)
class Book:
    """What all sheets share."""

    strings: list[str]
    styles: Styles
    used: set[str]  # indexes, in digits, of the shared strings that a cell shows
    chars: int  # the most that one sheet may hold


@dataclass(slots=True)
class Sheet:
    """What a part holds."""

    rows: list[Row] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)  # indexes into rows
    formulas: list[str] = field(default_factory=list)  # those that hold texts of their own
    around: list[str] = field(default_factory=list)  # page headers, validation lists, tips, scenarios
    chars: int = 0


def sheet_of(content: bytes, book: Book) -> Sheet | None:
    """The cells by pattern, or None where the part is not written in a way that the pattern knows."""
    stop = content.find(b"</sheetData>")
    start = content.find(b"<sheetData")
    if stop < 0 or start < 0 or not plainly(content):
        return None
    sheet = _quick(content[start:stop].decode("utf-8", "replace"), book)
    if sheet:
        sheet.around = _around(content[stop + len(b"</sheetData>") :].decode("utf-8", "replace"))
    return sheet


def plainly(content: bytes) -> bool:
    """Whether a part is UTF-8 without anything that only an XML parser understands."""
    head = content[:100].lower()
    encoded = b"encoding" not in head or b"utf-8" in head or b"ascii" in head
    return (
        encoded
        and b"\0" not in head
        and content.count(b"<?") < 2
        and not any(mark in content for mark in SPECIAL)
    )


def plain(text: str) -> str:
    """Text of simple XML content without elements."""
    return ENTITY.sub(_entity, text) if "&" in text or "_x" in text else text


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if match[2]:
        return chr(int(match[2], 16))
    if name.startswith("#"):
        code = int(f"0{name[1:]}", 16) if name[1] == "x" else int(name[1:])
        return chr(code) if code < 0x110000 else "\ufffd"
    return NAMED[name]


def cell_text(text: str) -> str:
    """The text as one cell of a line."""
    return text.translate(BREAKS) if "\n" in text or "\t" in text or "\r" in text else text


def _quick(text: str, book: Book) -> Sheet | None:
    sheet = Sheet()
    if text.count("<is>") != text.count("</is>"):
        return None
    simple = not ("<f" in text or "<is" in text or "<v " in text)
    if simple and (usual := _usual(text, book)):
        return usual
    values = 0
    cells = SIMPLE if simple else CELL
    for piece in text.split("<row"):
        attributes = piece[: piece.find(">")]
        row = new_row(sheet, hidden="hidden" in attributes and bool(HIDDEN.search(attributes)))
        values += _quick_row(cells.findall(piece), row, sheet, book)
    stated = text.count("</v>") + text.count("</is>")
    if values != stated:
        stated -= text.count("<v></v>") + len(EMPTY.findall(text))
    return sheet if values == stated else None


def _usual(text: str, book: Book) -> Sheet | None:
    """The rows of a sheet whose values all stand in cells of the usual form; None for any other."""
    sheet = Sheet()
    strings, used, styles = book.strings, book.used, book.styles
    values = 0
    for piece in text.split("<row"):
        found = USUAL.findall(piece)
        attributes = piece[: piece.find(">")] if "hidden" in piece else ""
        row = new_row(sheet, hidden=bool(attributes and HIDDEN.search(attributes)))
        if not found:
            continue
        values += len(found)
        letters, _, shared, _, _, _ = zip(*found, strict=True)
        used.update(shared)
        try:
            texts = [
                strings[int(index)]
                if index
                else number
                if number.isdecimal() and not style
                else _value(number or value, kind, style, styles)
                for _, style, index, kind, value, number in found
            ]
        except IndexError:  # a string that is not there
            return None
        cells = zip(map(column_number, letters), texts, strict=True)
        row += cells if all(texts) else [cell for cell in cells if cell[1]]
        sheet.chars += len("".join(texts))
        if sheet.chars > book.chars:
            raise LimitError(TOO_LARGE)
    return sheet if values == text.count("</v>") - text.count("<v></v>") else None


def _value(value: str, kind: str, style: str, styles: Styles) -> str:
    return cell_text(shown(plain(value), kind or "n", style, styles))


def _quick_row(cells: list[tuple[str, ...]], row: Row, sheet: Sheet, book: Book) -> int:
    """Take the cells of one row; how many values there were."""
    column = values = 0
    strings, used = book.strings, book.used
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
        elif kind == "s" and value.isdecimal() and len(value) < 9 and int(value) < len(strings):
            values += 1
            used.add(value)
            text = strings[int(value)]
        else:
            values += 1
            text = cell_text(shown(plain(value), kind or "n", style, book.styles))
        if text:
            row.append((column, text))
    count(row, sheet, book)
    return values


def count(row: Row, sheet: Sheet, book: Book) -> None:
    """Add a row's length to the sheet's. Raises LimitError."""
    sheet.chars += sum([len(text) for _, text in row])
    if sheet.chars > book.chars:
        raise LimitError(TOO_LARGE)


def _attributes(more: str, column: int, style: str, kind: str) -> tuple[int, str, str]:
    named = dict(ATTRIBUTE.findall(more))
    return column_number(named.get("r", "")) or column, named.get("s", style), named.get("t", kind)


def new_row(sheet: Sheet, *, hidden: bool) -> Row:
    """Begin a row."""
    if len(sheet.rows) > MOST_ROWS:
        raise LimitError("a sheet of it has too many rows")
    if hidden:
        sheet.hidden_rows.add(len(sheet.rows))
    row: Row = []
    sheet.rows.append(row)
    return row


def sheet_by_elements(root: etree._Element, book: Book) -> Sheet:
    """The cells by an XML parser's tree."""
    sheet = Sheet()
    row = new_row(sheet, hidden=False)
    column = 0
    for one in root.iter("{*}row", "{*}c"):
        if local(one) == "row":
            count(row, sheet, book)
            row = new_row(sheet, hidden=one.get("hidden") in ("1", "true"))
            column = 0
            continue
        column = column_number(one.get("r", "")) or column + 1
        text = cell_text(_element_text(one, book))
        for formula in one.iter("{*}f"):
            if '"' in (formula.text or ""):
                sheet.formulas.append(formula.text or "")
        if text:
            row.append((column, text))
    count(row, sheet, book)
    for data in list(root.iter("{*}sheetData")):
        parent = data.getparent()
        if parent is not None:
            parent.remove(data)
    sheet.around = _pieces(root)
    return sheet


def _element_text(cell: etree._Element, book: Book) -> str:
    kind = cell.get("t", "n")
    value = "".join(child.text or "" for child in cell if local(child) == "v")
    inline = "".join(part.text or "" for child in cell if local(child) == "is" for part in child.iter("{*}t"))
    if kind == "s" and value.isdecimal() and len(value) < 9 and int(value) < len(book.strings):
        book.used.add(value)
        return inline + book.strings[int(value)]
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
