"""Workbooks of SpreadsheetML: one table passage a sheet, dates as dd/mm/yyyy, numbers as a person sees them.

Hidden sheets and rows are told apart; strings that no cell shows any more, such as those of deleted cells, are
read as well. Which part is what goes by the workbook's relationships, as in Excel.
"""

import posixpath
import re
from dataclasses import dataclass

from milter.attachments.cells import Styles
from milter.attachments.draft import Draft
from milter.attachments.sheetxml import (
    TEXT,
    Book,
    Row,
    cell_text,
    plain,
    plainly,
    sheet_by_elements,
    sheet_of,
)
from milter.attachments.xmltext import parse

SHARED = re.compile(r"<si\b[^>]*?(?:/>|>(.*?)</si>)", re.DOTALL)
# A string of one run, as nearly all are; and what a string may hold that is not shown as it stands.
ONE_RUN = re.compile(r"<si><t(?:\s[^>]*)?>([^<]*)</t></si>")
UNUSUAL = re.compile(r"[&\t\n\r]|_x")
SHEETS = ("worksheet", "chartsheet", "dialogsheet", "macrosheet")


@dataclass(frozen=True, slots=True)
class Links:
    """What the workbook's relationships say."""

    sheets: dict[str, tuple[str, bool]]  # part to name and whether hidden, in the workbook's order
    strings: str  # part of the shared strings
    styles: str


def read_workbook(parts: dict[str, bytes], roots: dict[str, str], draft: Draft) -> None:
    """Read all sheets. `roots` names the root element of each part that belongs to a workbook."""
    workbook = next(name for name, root in roots.items() if root == "workbook")
    links = links_of(parts, workbook, draft)
    tables = {name: shared_strings(parts[name], draft) for name, root in roots.items() if root == "sst"}
    strings = tables.pop(links.strings, [])
    styles = Styles.of(parts.get(links.styles, b""), parts[workbook])
    book = Book(strings, styles, set(), draft.file.budget.limits.text_chars)
    others = [name for name, root in sorted(roots.items()) if root in SHEETS and name not in links.sheets]
    for part in (*links.sheets, *others):
        if roots.get(part) in SHEETS:
            title, hidden = links.sheets.get(part, (part.rpartition("/")[2], True))
            _sheet(parts[part], title, hidden, book, draft)
    used = {int(number) for number in book.used if number}
    unused = (
        [text for number, text in enumerate(strings) if number not in used]
        if len(used) < len(strings)
        else []
    )
    unused += [text for table in tables.values() for text in table]
    draft.say("unused strings", "\n".join(unused), hidden=True)


def links_of(parts: dict[str, bytes], workbook: str, draft: Draft) -> Links:
    """Follow the relationships of the workbook part (ECMA-376 part 2, 9.3)."""
    folder, _, file = workbook.rpartition("/")
    book = parse(parts[workbook], draft)
    rels = parse(parts.get(f"{folder}/_rels/{file}.rels", b"<Relationships/>"), draft)
    target: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for one in rels.iter("{*}Relationship") if rels is not None else ():
        path = one.get("Target", "")
        part = path.lstrip("/") if path.startswith("/") else posixpath.normpath(f"{folder}/{path}")
        target[one.get("Id", "")] = part
        kinds.setdefault(one.get("Type", "").rpartition("/")[2], part)
    sheets: dict[str, tuple[str, bool]] = {}
    for sheet in book.iter("{*}sheet") if book is not None else ():
        key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        hidden = sheet.get("state", "visible") != "visible"
        sheets[target.get(key, "")] = (sheet.get("name", ""), hidden)
    return Links(sheets, kinds.get("sharedStrings", ""), kinds.get("styles", ""))


def shared_strings(content: bytes, draft: Draft) -> list[str]:
    """The table of strings that cells point into (ECMA-376 part 1, 18.4.9), each as one cell's text."""
    if plainly(content) and b"<rPh" not in content:
        text = content.decode("utf-8", "replace")
        found = ONE_RUN.findall(text)
        if len(found) == text.count("<si"):
            return found if not UNUSUAL.search(text) else [cell_text(plain(item)) for item in found]
        items = SHARED.findall(text)
        return [cell_text(plain("".join(TEXT.findall(item)))) for item in items]
    root = parse(content, draft)
    if root is None:
        return []
    return [cell_text("".join(one.text or "" for one in item.iter("{*}t"))) for item in root.iter("{*}si")]


def _sheet(content: bytes, title: str, hidden: bool, book: Book, draft: Draft) -> None:
    sheet = sheet_of(content, book)
    if sheet is None:
        root = parse(content, draft)
        if root is None:
            return
        sheet = sheet_by_elements(root, book)
    where = f"sheet '{title}'"
    columns = sorted({column for row in sheet.rows for column, _ in row})
    shown = [row for number, row in enumerate(sheet.rows) if row and number not in sheet.hidden_rows]
    draft.say(where, _lines(shown, columns, draft), table=True, hidden=hidden)
    if sheet.hidden_rows:
        heading = next(((number, row) for number, row in enumerate(sheet.rows) if row), (0, []))
        rows = [] if heading[0] in sheet.hidden_rows else [heading[1]]
        rows += [sheet.rows[number] for number in sorted(sheet.hidden_rows) if sheet.rows[number]]
        draft.say(f"{where}, hidden rows", _lines(rows, columns, draft), table=True, hidden=True)
    draft.say(f"{where}, formulas", "\n".join(sheet.formulas), hidden=True)
    draft.say(f"{where}, settings", "\n".join(sheet.around), hidden=True)


def _lines(rows: list[Row], columns: list[int], draft: Draft) -> str:
    """Rows as lines of tab-parted cells; a column that no row uses is left out."""
    place = {column: number for number, column in enumerate(columns)}
    room = draft.file.budget.limits.text_chars - draft.file.budget.chars
    lines: list[str] = []
    for row in rows:
        if len(row) == len(columns):
            lines.append("\t".join([text for _, text in sorted(row)]))
        else:
            lines.append(_sparse(row, place))
        room -= len(lines[-1])
        if room < 0:
            draft.fail("limit", "a sheet of it is too large")
            break
    return "\n".join(lines)


def _sparse(row: Row, place: dict[int, int]) -> str:
    pieces: list[str] = []
    at = 0
    for column, text in sorted(row):
        number = place[column]
        pieces.append("\t" * (number - at) if number > at else "\t" if pieces else "")
        pieces.append(text)
        at = number
    return "".join(pieces)
