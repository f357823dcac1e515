"""Marks an Office package as read-only by adding an element here and there (E7).

Guarantees: nothing is removed, rewritten or re-serialised: each edit is one element put between two bytes of
a part, at the place that its schema gives it. Refuses (CannotEdit) signed documents, whose signature an edit
would break, and parts that it can't follow. The marks are advice that any program may ignore (pitfall 7):
encryption is the protection, and so no password goes with them.
"""

import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from xml.parsers import expat

from milter.attachments.protect.errors import CannotEdit
from milter.attachments.protect.package import Member

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_SPREADSHEET = "http://purl.oclc.org/ooxml/spreadsheetml/main"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_WORD = "http://purl.oclc.org/ooxml/wordprocessingml/main"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
STRICT_SLIDES = "http://purl.oclc.org/ooxml/presentationml/main"


@dataclass(frozen=True, slots=True)
class Mark:
    """An element to be added as a child of a part's root (element orders: ECMA-376 part 1, annex A)."""

    part: tuple[str, ...]  # endings of the part's content type
    namespaces: tuple[str, ...]
    name: str
    attributes: str  # P: stands for the element's own prefix
    after: frozenset[str]  # elements that the schema puts before it
    strict_attributes: str = ""  # '' where they are the same


@dataclass(frozen=True, slots=True)
class Edit:
    """One element put into a part."""

    part: str
    offset: int
    fragment: bytes


WORD_SETTINGS = ("wordprocessingml.settings+xml",)
WORKBOOK = (
    "spreadsheetml.sheet.main+xml",
    "spreadsheetml.template.main+xml",
    "ms-excel.sheet.macroenabled.main+xml",
    "ms-excel.template.macroenabled.main+xml",
)
WORKSHEET = ("spreadsheetml.worksheet+xml",)
PRESENTATION = (
    "presentationml.presentation.main+xml",
    "presentationml.slideshow.main+xml",
    "presentationml.template.main+xml",
    "ms-powerpoint.presentation.macroenabled.main+xml",
    "ms-powerpoint.slideshow.macroenabled.main+xml",
    "ms-powerpoint.template.macroenabled.main+xml",
)
REQUIRED = (WORD_SETTINGS, WORKBOOK, PRESENTATION)  # one of these parts must be there


def _words(text: str) -> list[str]:
    return text.split()


BEFORE_DOCUMENT_PROTECTION = frozenset(
    _words("""
    writeProtection view zoom removePersonalInformation removeDateAndTime doNotDisplayPageBoundaries
    displayBackgroundShape printPostScriptOverText printFractionalCharacterWidth printFormsData
    embedTrueTypeFonts embedSystemFonts saveSubsetFonts saveFormsData mirrorMargins alignBordersAndEdges
    bordersDoNotSurroundHeader bordersDoNotSurroundFooter gutterAtTop hideSpellingErrors
    hideGrammaticalErrors activeWritingStyle proofState formsDesign attachedTemplate linkStyles
    stylePaneFormatFilter stylePaneSortMethod documentType mailMerge revisionView trackRevisions
    doNotTrackMoves doNotTrackFormatting
""")
)
BEFORE_SHEET_PROTECTION = frozenset(
    _words("""
    sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr
""")
)
BEFORE_MODIFY_VERIFIER = frozenset(
    _words("""
    sldMasterIdLst notesMasterIdLst handoutMasterIdLst sldIdLst sldSz notesSz smartTags embeddedFontLst
    custShowLst photoAlbum custDataLst kinsoku defaultTextStyle
""")
)

MARKS = (
    Mark(WORD_SETTINGS, (WORD, STRICT_WORD), "writeProtection", 'P:recommended="1"', frozenset()),
    Mark(
        WORD_SETTINGS,
        (WORD, STRICT_WORD),
        "documentProtection",
        'P:edit="readOnly" P:enforcement="1"',
        BEFORE_DOCUMENT_PROTECTION,
    ),
    Mark(
        WORKBOOK,
        (SPREADSHEET, STRICT_SPREADSHEET),
        "fileSharing",
        'readOnlyRecommended="1"',
        frozenset({"fileVersion"}),
    ),
    Mark(
        WORKBOOK,
        (SPREADSHEET, STRICT_SPREADSHEET),
        "workbookProtection",
        'lockStructure="1"',
        frozenset({"fileVersion", "fileSharing", "workbookPr"}),
    ),
    Mark(
        WORKSHEET,
        (SPREADSHEET, STRICT_SPREADSHEET),
        "sheetProtection",
        # Columns may still be widened and filters used: a class list must stay legible.
        'sheet="1" objects="1" scenarios="1" formatColumns="0" formatRows="0" autoFilter="0"',
        BEFORE_SHEET_PROTECTION,
    ),
    # PowerPoint asks for a password to modify, or opens read-only. This one is of no password.
    Mark(
        PRESENTATION,
        (SLIDES, STRICT_SLIDES),
        "modifyVerifier",
        'cryptProviderType="rsaAES" cryptAlgorithmClass="hash" cryptAlgorithmType="typeAny" '
        'cryptAlgorithmSid="14" spinCount="100000" saltData="SALT" hashData="HASH"',
        BEFORE_MODIFY_VERIFIER,
        'algorithmName="SHA-512" spinValue="100000" saltValue="SALT" hashValue="HASH"',
    ),
)


def read_only_edits(members: tuple[Member, ...]) -> tuple[Edit, ...]:
    """Return the elements to add; a mark that the document bears already is left as it is."""
    parts = {member.name: member for member in members}
    types = _content_types(parts)
    if any("digital-signature" in kind for kind in types.values()) or any(
        "_xmlsignatures" in name for name in parts
    ):
        raise CannotEdit("it is signed, and an edit would break the signature")
    if not any(kind.endswith(endings) for kind in types.values() for endings in REQUIRED):
        raise CannotEdit("it has no part that could be marked read-only")
    edits: list[Edit] = []
    for name, kind in types.items():
        marks = [mark for mark in MARKS if kind.endswith(mark.part)]
        if marks and "glossary" not in name:
            edits += _edits(name, parts[name].content(), marks)
    return tuple(edits)


def apply_edits(content: bytes, edits: list[Edit]) -> bytes:
    """Return the part with all its edits; offsets are those of the part as it was."""
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.offset):
        pieces += [content[at : edit.offset], edit.fragment]
        at = edit.offset
    return b"".join([*pieces, content[at:]])


def _edits(name: str, content: bytes, marks: list[Mark]) -> list[Edit]:
    outline = _sheet_outline(content) if marks[0].part is WORKSHEET else _outline(content)
    if outline.namespace not in marks[0].namespaces:
        raise CannotEdit("a part of it is not what it says it is")
    present = {child for child, _ in outline.children}
    return [
        Edit(name, outline.place(mark.after), _fragment(mark, outline.namespace))
        for mark in marks
        if mark.name not in present
    ]


def _fragment(mark: Mark, namespace: str) -> bytes:
    """Return the element with a namespace declaration of its own: the part's prefixes don't matter."""
    strict = bool(mark.strict_attributes) and namespace == mark.namespaces[1]
    attributes = (mark.strict_attributes if strict else mark.attributes).replace("P:", "sg:")
    attributes = attributes.replace("SALT", b64encode(secrets.token_bytes(16)).decode())
    attributes = attributes.replace("HASH", b64encode(secrets.token_bytes(64)).decode())
    return f'<sg:{mark.name} xmlns:sg="{namespace}" {attributes}/>'.encode("ascii")


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a root's children begin."""

    namespace: str
    children: tuple[tuple[str, int], ...]  # local name and offset of each child of the root
    end: int  # offset of the root's end tag

    def place(self, after: frozenset[str]) -> int:
        """Return the offset behind the last child that belongs before the new one."""
        last = max((at for at, (name, _) in enumerate(self.children) if name in after), default=-1)
        return self.children[last + 1][1] if last + 1 < len(self.children) else self.end


def _outline(content: bytes) -> Outline:
    """Find root and children by expat; a document type, or an encoding unlike ASCII, is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    depth, namespace, end = 0, "", -1
    children: list[tuple[str, int]] = []

    def started(name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth, namespace
        space, _, local = name.rpartition(" ")
        if depth == 0:
            namespace = space
        elif depth == 1:
            children.append((local if space == namespace else "", parser.CurrentByteIndex))
        depth += 1

    def ended(_name: str) -> None:
        nonlocal depth, end
        depth -= 1
        if depth == 0:
            end = parser.CurrentByteIndex

    def refused(*_: object) -> None:
        raise CannotEdit("a part of it declares a document type")

    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.StartDoctypeDeclHandler = refused
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise CannotEdit("a part of it is not well-formed XML") from error
    if content[end : end + 2] != b"</" or any(content[at : at + 1] != b"<" for _, at in children):
        raise CannotEdit("a part of it is written in an unusual way")  # UTF-16, or a root without an end tag
    return Outline(namespace, tuple(children), end)


OPENING = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,50}:)?sheetData[ \t\r\n/>]")
CLOSING = re.compile(rb"</(?:[A-Za-z_][\w.-]{0,50}:)?sheetData[ \t\r\n]*>")


def _sheet_outline(content: bytes) -> Outline:
    """Do the same for a worksheet without looking at each of its cells: there may be millions."""
    opening = OPENING.search(content)
    closed = content.rfind(b"sheetData")
    closing = CLOSING.search(content, max(0, closed - 60)) if opening else None
    if opening is None or closing is None or opening.end() > closing.start():
        return _outline(content)  # an empty sheet: '<sheetData/>'
    if b"<!--" in content or b"<![CDATA[" in content:
        return _outline(content)  # what looks like a tag might be none
    prefix = content[opening.start() + 1 : opening.end() - 1]
    short = content[: opening.start()] + b"<" + prefix + b"/>" + content[closing.end() :]
    cut = len(content) - len(short)
    outline = _outline(short)
    behind = opening.start()
    children = tuple((name, at if at <= behind else at + cut) for name, at in outline.children)
    return Outline(outline.namespace, children, outline.end + cut)


def _content_types(parts: dict[str, Member]) -> dict[str, str]:
    """Return the content type of each part in lower case (ECMA-376 part 2, 10.1.2)."""
    listing = parts.get("[Content_Types].xml")
    if listing is None:
        raise CannotEdit("it has no list of its parts")
    names = {name.lower(): name for name in parts}
    types: dict[str, str] = {}
    defaults: dict[str, str] = {}

    def started(name: str, attributes: dict[str, str]) -> None:
        local, kind = name.rpartition(" ")[2], attributes.get("ContentType", "").lower()
        if local == "Override":
            part = attributes.get("PartName", "").removeprefix("/").lower()
            if part in names:
                types[names[part]] = kind
        elif local == "Default":
            defaults[attributes.get("Extension", "").lower()] = kind

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = started
    try:
        parser.Parse(listing.content(), True)
    except expat.ExpatError as error:
        raise CannotEdit("its list of parts is not well-formed XML") from error
    for name in parts:
        extension = name.rpartition(".")[2].lower()
        if name not in types and extension in defaults:
            types[name] = defaults[extension]
    return types
