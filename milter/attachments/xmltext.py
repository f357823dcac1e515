"""The text of any XML part, whatever its vocabulary: nothing that an element holds is left out.

Runs of one word stay joined, blocks, cells and rows are parted. Entities of the document's own are expanded
by libxml2 within its limits; nothing is fetched. Vocabularies: ECMA-376 (WordprocessingML, DrawingML,
SpreadsheetML), ODF 1.3, SVG, and by parting every element whatever else comes.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

from lxml import etree

from milter.attachments.draft import Draft, LimitError
from milter.attachments.marks import BOX, CELL, CLOSE, CODE, DELETED, HIDDEN, ROW, TABLE

# What is put behind an element with this local name.
AFTER = {
    "p": "\n", "h": "\n", "br": "\n", "cr": "\n", "line-break": "\n", "tab": "\t", "ptab": "\t", "title": "\n",
    "noBreakHyphen": "-", "s": " ", "text": "\n", "si": "\n", "list-item": "\n", "tr": ROW, "tc": CELL,
    "table-row": ROW, "table-cell": CELL, "covered-table-cell": CELL, "sp": "\n",
    "Cell": CELL, "Row": ROW,
}  # fmt: skip
# What opens at an element with this local name, and closes behind it.
AROUND = {
    "tbl": TABLE, "table": TABLE, "Table": TABLE, "instrText": CODE, "delInstrText": CODE, "delText": DELETED,
    "txbxContent": BOX, "annotation": BOX, "note": BOX, "text-box": BOX, "tracked-changes": DELETED,
    "hidden-text": HIDDEN, "hidden-paragraph": HIDDEN,
}  # fmt: skip
INLINE = frozenset(("t", "r", "span", "a", "delText", "instrText", "ins", "rPr", "pPr", "tspan", "hyperlink"))
BLOCKS = tuple("{*}" + name for name in (*AFTER, *AROUND))
# Attributes that people write, or that show text; by local name.
TELLING = (
    "descr", "title", "alt", "author", "userName", "displayName", "instr", "prompt", "promptTitle", "error",
    "errorTitle", "tooltip", "display", "alias", "helpText", "statusText", "placeholder", "label", "caption",
    "string", "content", "email", "connection", "command", "algn-text", "oldName", "codeName", "uniqueName",
    "formula", "string-value", "date-value", "current-value", "value-list", "Override", "string-value-if-true",
    "string-value-if-false", "condition", "help-text", "creator", "editor", "initial-creator",
    "keywords", "subject", "comments",
)  # fmt: skip
# <w:docVar w:val=..>, <w:tag w:val=..> and the like say their text in an attribute that elsewhere is a setting.
VAL_PARENTS = (
    "docVar", "tag", "alias", "listEntry", "listItem", "default", "helpText", "statusText", "placeholder",
    "lastValue", "result", "dropDownList", "comboBox", "tblCaption", "tblDescription", "entryMacro", "name", "lvlText",
)  # fmt: skip
QUICK = re.compile(rb"[\s:](?:" + b"|".join(name.encode() for name in TELLING) + rb")\s*=")
VAL_QUICK = re.compile(rb"<(?:\w+:)?(?:" + b"|".join(name.encode() for name in VAL_PARENTS) + rb")\s")
COUNT = re.compile(r"\s{0,20}(?:\d{1,5}|\d\d\.0000|true|false)\s{0,20}")
ENTITY = re.compile(r"(?i)amplification|entity|loop|depth|huge|too (?:long|big|deep)|maximum")


class Readable(Protocol):
    """What a parser reads from."""

    def read(self, most: int = -1) -> bytes:
        """Give some bytes, none at the end."""


def parse(content: bytes, draft: Draft) -> etree._Element | None:
    """The tree of one part; damaged XML is mended as far as it goes, and said to be damaged.

    Raises LimitError for entity bombs and nesting deeper than libxml2 allows (256).
    """
    try:
        return etree.fromstring(content, _parser(recover=False))
    except etree.XMLSyntaxError as fault:
        if fault.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise LimitError("needs more memory than is allowed") from fault
        if ENTITY.search(str(fault)):
            raise LimitError("holds XML that expands or nests beyond bounds") from fault
    draft.fail("unreadable", "a part of it is damaged")
    try:
        return etree.fromstring(content, _parser(recover=True))
    except etree.XMLSyntaxError:
        return None


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities="internal", no_network=True, load_dtd=False, huge_tree=False, recover=recover
    )


class Elements:
    """The elements of one name in a part that is read as it is parsed: each is dropped once it was looked at.

    What else the part holds is in `root` at the end. Raises LimitError and says what is damaged as `parse` does.
    """

    def __init__(self, source: Readable, draft: Draft, name: str) -> None:
        """Read `source`; `name` as lxml matches it, '{*}row'."""
        self._source, self._draft, self._name = source, draft, name
        self.root: etree._Element | None = None

    def __iter__(self) -> Iterator[etree._Element]:
        """Give each when it is complete."""
        parser = etree.iterparse(
            self._source, tag=self._name, no_network=True, load_dtd=False, huge_tree=False, recover=True
        )
        try:
            for _, element in parser:
                yield element
                element.clear(keep_tail=False)
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]
        except etree.XMLSyntaxError:
            self._draft.fail("unreadable", "a part of it is damaged")
        self.root = parser.root
        faults = [fault.message for fault in parser.error_log if fault.level_name == "FATAL"]
        if any(ENTITY.search(fault) for fault in faults):
            raise LimitError("holds XML that expands or nests beyond bounds")
        if faults:
            self._draft.fail("unreadable", "a part of it is damaged")


def local(element: etree._Element) -> str:
    """The element's name without its namespace; '' for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def mark(root: etree._Element, *, every: bool = False) -> None:
    """Put marks into the tree; `every`: part all elements but runs, for vocabularies not known here."""
    for element in list(root.iter(*(() if every else BLOCKS))):
        name = local(element)
        if name in AROUND:
            element.text = AROUND[name] + (element.text or "")
            element.tail = CLOSE + (element.tail or "")
        elif name in AFTER:
            element.tail = AFTER[name] + (element.tail or "")
        elif every and name and name not in INLINE:
            element.text = "\n" + (element.text or "")
            element.tail = "\n" + (element.tail or "")


def text_of(root: etree._Element) -> str:
    """All text of the tree, joined."""
    return str(etree.tostring(root, method="text", encoding="unicode", with_tail=False))


def properties_of(root: etree._Element) -> str:
    """Properties of a document, a line each: 'creator: A. Clerk'. Counts and switches are left out."""
    return "\n".join(
        f"{local(one)}: {one.text.strip()}"
        for one in root.iter()
        if one.text and one.text.strip() and not COUNT.fullmatch(one.text)
    )


@lru_cache(maxsize=1)
def _telling() -> etree.XPath:
    names = " or ".join(f"local-name()='{name}'" for name in TELLING)
    return etree.XPath(f"//@*[{names}]", smart_strings=False)


@lru_cache(maxsize=1)
def _val_telling() -> etree.XPath:
    names = " or ".join(f"local-name()='{name}'" for name in VAL_PARENTS)
    return etree.XPath(
        f"//*[{names}]/@*[local-name()='val' or local-name()='displayText']", smart_strings=False
    )


def attributes_of(root: etree._Element, content: bytes) -> list[str]:
    """The values of telling attributes, each once, in order."""
    found: dict[str, None] = {}
    plain = b"\0" not in content[:200]  # else UTF-16: the quick look would miss
    if not plain or QUICK.search(content):
        found.update(dict.fromkeys(_telling()(root)))
    if not plain or VAL_QUICK.search(content):
        found.update(dict.fromkeys(_val_telling()(root)))
    return [value for value in found if any(character.isalnum() for character in value)]
