"""A message's body as blocks that can be printed: paragraphs, headings, list items, tables.

Guarantees: every word that the body holds is in some block, whether a mail program would show it or not;
scripts, styles and comments are no words. Links and pictures become words: 'text (https://...)',
'[picture: logo]'. Nothing is fetched. Refuses (CannotProtect) what is nested so
deep that the parser would take quadratic time.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from milter.attachments.protect.errors import CannotProtect

Kind = Literal["text", "heading", "item", "table"]

WORDLESS = frozenset({"script", "style", "template", "title", "-comment", "!doctype"})
PARTING = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt"}
    | {"fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"}
    | {"hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "td", "th", "tr", "ul"}
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SPACES = re.compile(r"[ \t\r\n\f]+")
NESTING = re.compile(
    r"<(/?)(?!(?:br|img|hr|input|meta|link|p|li|td|th|tr|col|wbr|area|dd|dt|tbody|option)\b)[a-z]",
    re.IGNORECASE,
)
DEEP = 1_000
LONGEST = 4_000  # characters of one paragraph; longer ones are parted at a line or a space
MOST_COLUMNS, MOST_ROWS, LONGEST_CELL = 12, 500, 1_000  # of a printed table


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the page. Text is plain; a line end in it is a line break."""

    kind: Kind
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()  # of a table: the same number of cells in each row


def blocks_of_text(text: str) -> tuple[Block, ...]:
    """Return plain text as paragraphs, parted at empty lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    found: list[Block] = []
    gathered: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            gathered.append(line.rstrip())
        elif gathered:
            found += _paragraphs("\n".join(gathered), "text")
            gathered = []
    return tuple(found)


def blocks_of_html(html: str) -> tuple[Block, ...]:
    """Return an HTML body as blocks."""
    if _deepest(html) > DEEP:
        raise CannotProtect("the text of the message is nested too deep to be put into a document")
    root = LexborHTMLParser(html).root
    page = _Page()
    todo: list[tuple[LexborNode, bool]] = [] if root is None else [(root, False)]
    while todo:
        node, leaving = todo.pop()
        tag = node.tag or ""
        if leaving:
            page.leave(tag, node)
        elif tag == "-text":
            page.say(node.text_content or "")
        elif tag not in WORDLESS:
            page.enter(tag)
            todo.append((node, True))
            todo += [(child, False) for child in node.iter(include_text=True)][::-1]
    page.flush()
    return tuple(page.blocks)


@dataclass(slots=True)
class _Table:
    """A table while it is read. One that holds another only lays things out: its cells are paragraphs."""

    rows: list[list[str]] = field(default_factory=list)
    lays_out: bool = False


@dataclass(slots=True)
class _Page:
    blocks: list[Block] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    kind: Kind = "text"
    tables: list[_Table] = field(default_factory=list)
    as_it_stands: int = 0  # how many 'pre' are open

    def say(self, text: str) -> None:
        """Take words in, with white space as a browser shows it."""
        if not self.as_it_stands:
            text = SPACES.sub(" ", text)
            text = text.lstrip(" ") if not self.words or self.words[-1].endswith((" ", "\n")) else text
        if text:
            self.words.append(text.expandtabs(4))

    def enter(self, tag: str) -> None:
        table = self._open_table()
        if tag == "table":
            self._open(table)
        elif tag == "br" or (table and table.rows and tag in PARTING - {"tr", "td", "th"}):
            self.words.append("\n")
        elif tag in PARTING:
            self.flush()
            if tag == "tr" and table:
                table.rows.append([])
        if tag in HEADINGS or tag == "li":
            self.kind = "heading" if tag in HEADINGS else "item"
        self.as_it_stands += tag == "pre"

    def leave(self, tag: str, node: LexborNode) -> None:
        table = self._open_table()
        self.as_it_stands -= tag == "pre"
        if tag == "a":
            self._link(node.attributes.get("href") or "")
        elif tag == "img":
            self.words.append(f"[picture: {node.attributes.get('alt') or 'no description'}]")
        elif tag == "table" and self.tables:
            self.flush()
            self.blocks += _table_blocks(self.tables.pop().rows)
        elif tag in {"td", "th"} and table and table.rows:
            table.rows[-1].append(_tidy(self.words))
            self.words.clear()
        elif tag in PARTING and not (table and table.rows):
            self.flush()
            self.kind = "text"

    def flush(self) -> None:
        """End the paragraph."""
        self.blocks += _paragraphs(_tidy(self.words), self.kind)
        self.words.clear()

    def _open_table(self) -> _Table | None:
        return self.tables[-1] if self.tables and not self.tables[-1].lays_out else None

    def _open(self, outer: _Table | None) -> None:
        if outer:
            outer.lays_out = True
            for row in outer.rows:
                for cell in row:
                    self.blocks += _paragraphs(cell, "text")
            outer.rows.clear()
        self.flush()
        self.tables.append(_Table())

    def _link(self, address: str) -> None:
        """Print a link's address behind its text, so that where it leads is not lost."""
        target = address.removeprefix("mailto:")
        if target and not target.startswith("#") and target not in "".join(self.words[-3:]):
            self.words.append(f" ({target})")


def _deepest(html: str) -> int:
    """Reckon how deep elements are nested, closed or not; those that close by themselves don't count."""
    depth = deepest = 0
    for closing in NESTING.findall(html):
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _tidy(words: list[str]) -> str:
    return "\n".join(line.rstrip() for line in "".join(words).split("\n")).strip("\n")


def _paragraphs(text: str, kind: Kind) -> list[Block]:
    found, at = [], 0
    while len(text) - at > LONGEST:
        cut = max(text.rfind("\n", at + 1, at + LONGEST), text.rfind(" ", at + 1, at + LONGEST))
        cut = cut if cut > at else at + LONGEST
        found.append(Block(kind, text[at:cut]))
        at = cut
    rest = text[at:].strip("\n")
    return [*found, Block(kind, rest)] if rest.strip() else found


def _table_blocks(rows: list[list[str]]) -> list[Block]:
    """Print a table as one where it fits the page, else a line for each row."""
    filled = [row for row in rows if any(row)]
    width = max((len(row) for row in filled), default=0)
    cells = (cell for row in filled for cell in row)
    if not 1 < width <= MOST_COLUMNS or len(filled) > MOST_ROWS or max(map(len, cells)) > LONGEST_CELL:
        return [block for row in filled for block in _paragraphs(" | ".join(row), "text")]
    return [Block("table", rows=tuple((*row, *[""] * (width - len(row))) for row in filled))]
