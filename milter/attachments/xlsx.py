"""Workbooks of SpreadsheetML: one table passage a sheet, dates as dd/mm/yyyy, numbers as a person sees them.

Hidden sheets and rows are told apart; strings that no cell shows any more, such as those of deleted cells, are
read as well. Which part is what goes by the workbook's relationships, as in Excel.
"""

import posixpath
from dataclasses import dataclass

from milter.attachments.cells import Styles
from milter.attachments.draft import Draft, LimitError
from milter.attachments.grid import Grid
from milter.attachments.package import Package
from milter.attachments.sheetxml import Book, read_sheet
from milter.attachments.strings import Strings, shared_strings
from milter.attachments.xmltext import parse

SHEETS = ("worksheet", "chartsheet", "dialogsheet", "macrosheet")


@dataclass(frozen=True, slots=True)
class Links:
    """What the workbook's relationships say."""

    sheets: dict[str, tuple[str, bool]]  # part to name and whether hidden, in the workbook's order
    strings: str  # part of the shared strings
    styles: str


def read_workbook(parts: Package, roots: dict[str, str], draft: Draft) -> None:
    """Read all sheets. `roots` names the root element of each part that belongs to a workbook."""
    workbook = next(name for name, root in roots.items() if root == "workbook")
    links = links_of(parts, workbook, draft)
    tables = {name: shared_strings(parts, name, draft) for name, root in roots.items() if root == "sst"}
    strings = tables.get(links.strings, Strings())
    styles = Styles.of(parts.part(links.styles), parts.part(workbook))
    book = Book(strings, styles, draft.file.budget.limits.text_chars)
    others = [name for name, root in sorted(roots.items()) if root in SHEETS and name not in links.sheets]
    for part in (*links.sheets, *others):
        if roots.get(part) in SHEETS:
            title, hidden = links.sheets.get(part, (part.rpartition("/")[2], True))
            _sheet(parts, part, f"sheet '{title}'", hidden, book, draft)
    unused = [text for table in (strings, *tables.values()) for text in table.unused()]
    draft.say("unused strings", "\n".join(unused), hidden=True)


def links_of(parts: Package, workbook: str, draft: Draft) -> Links:
    """Follow the relationships of the workbook part (ECMA-376 part 2, 9.3)."""
    folder, _, file = workbook.rpartition("/")
    book = parse(parts.part(workbook), draft)
    rels = parse(parts.part(f"{folder}/_rels/{file}.rels") or b"<Relationships/>", draft)
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


def _sheet(parts: Package, part: str, where: str, hidden: bool, book: Book, draft: Draft) -> None:
    sheet = read_sheet(parts, part, book, draft)
    columns = sheet.shown.columns() | sheet.concealed.columns()
    _say(where, sheet.shown, columns, draft, hidden=hidden)
    _say(f"{where}, hidden rows", sheet.concealed, columns, draft, hidden=True)
    draft.say(f"{where}, formulas", "\n".join(sheet.formulas), hidden=True)
    draft.say(f"{where}, settings", "\n".join(sheet.around), hidden=True)
    if sheet.limit:
        raise LimitError(sheet.limit)


def _say(where: str, rows: Grid, columns: set[int], draft: Draft, *, hidden: bool) -> None:
    """Say the rows of a sheet; where they are too many for the limit, as many as it allows."""
    budget = draft.file.budget
    try:
        draft.say_pieces(
            where, rows.pieces(columns, budget.limits.text_chars - budget.chars), table=True, hidden=hidden
        )
    except LimitError as limit:
        draft.fail("limit", str(limit))
