"""Rich Text Format 1.9: text, headers, footnotes, comments, hidden and deleted text, properties, objects.

Guarantees that no text of any destination is dropped but those in DROPPED, which hold fonts, styles and
pictures. Objects and attached packages become members.
"""

import binascii
import re
from dataclasses import dataclass, field

from milter.attachments.draft import Draft, File, UnreadableError
from milter.attachments.links import note_links
from milter.attachments.marks import CELL, CLOSE, ROW, TABLE, say_marked

TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
DROPPED = frozenset(
    b"fonttbl colortbl stylesheet listtable listoverridetable rsidtbl themedata colorschememapping datastore "
    b"latentstyles pict blipuid generator xmlnstbl filetbl revtbl mmathPr wgrffmtfilter pgptbl fchars lchars "
    b"panose falt levelnumbers leveltext pntxtb pntxta objclass objname bliptag".split()
)
PLACES = {
    b"header": "header", b"headerl": "header", b"headerr": "header", b"headerf": "header", b"footer": "footer",
    b"footerl": "footer", b"footerr": "footer", b"footerf": "footer", b"footnote": "footnote",
    b"annotation": "comment", b"atnauthor": "comment", b"info": "properties", b"userprops": "properties",
    b"docvar": "properties", b"fldinst": "field code", b"shptxt": "text box", b"title": "properties",
    b"bkmkstart": "bookmarks", b"ffname": "form", b"ffdeftext": "form", b"ffhelptext": "form",
    b"ffstattext": "form", b"ffl": "form", b"sv": "drawing", b"objdata": "objdata", b"htmltag": "html tag",
    b"doccomm": "properties", b"template": "properties", b"mhtmltag": "html tag",
}  # fmt: skip
CONCEALED = ("properties", "field code", "hidden text", "deleted text", "bookmarks", "drawing", "html tag")
SYMBOLS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": CELL, b"nestcell": CELL,
    b"row": ROW, b"nestrow": ROW, b"emdash": "\u2014", b"endash": "\u2013", b"lquote": "\u2018",
    b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d", b"bullet": "\u2022", b"emspace": " ",
    b"enspace": " ",
}  # fmt: skip
ESCAPED = {b"~": "\xa0", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n", b"*": ""}
DEPTH = 500
CODE_PAGES = {
    437: "cp437",
    850: "cp850",
    1250: "cp1250",
    1251: "cp1251",
    932: "cp932",
    936: "gbk",
    65001: "utf-8",
}


@dataclass(slots=True)
class Group:
    """What holds inside one pair of braces."""

    place: str = "body"
    dropped: bool = False
    skip: int = 1  # octets that stand behind \\u for readers without Unicode
    hidden: bool = False
    deleted: bool = False


@dataclass(slots=True)
class State:
    """Where the reader stands."""

    group: Group = field(default_factory=Group)
    stack: list[Group] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    octets: bytearray = field(default_factory=bytearray)
    encoding: str = "cp1252"
    pending: int = 0  # characters to skip after \\u
    starred: bool = False
    objects: list[bytes] = field(default_factory=list)

    def put(self, text: str) -> None:
        """Add text where it belongs."""
        if not self.group.dropped and text:
            self.texts.setdefault(self.where(), []).append(text)

    def where(self) -> str:
        """The place of text at this point."""
        if self.group.place == "body":
            if self.group.deleted:
                return "deleted text"
            if self.group.hidden:
                return "hidden text"
        return self.group.place

    def flush(self) -> None:
        """Decode the octets gathered so far; they may be halves of one character."""
        if self.octets:
            octets = bytes(self.octets)
            self.octets.clear()
            self.put(octets.decode(self.encoding, "replace"))


def read_rtf(file: File, draft: Draft) -> None:
    """Read a document."""
    state = State()
    end = 0
    content = file.content
    while True:
        match = TOKEN.match(content, end)
        if not match:
            break
        end = match.end()
        if match[1] and match[1].lower() == b"bin":
            end += max(0, int(match[2] or 0))
            continue
        _token(match, state)
    state.flush()
    if not state.texts and not state.objects:
        raise UnreadableError("the RTF file is damaged")
    for where, pieces in state.texts.items():
        _say(where, pieces, draft)


def _say(where: str, pieces: list[str], draft: Draft) -> None:
    text = "".join(pieces)
    if where == "objdata":
        _objects(text, draft)
        return
    note_links(text, draft)
    lines = text.split("\n")
    tabled = "\n".join(TABLE + line + CLOSE if ROW in line else line for line in lines)
    say_marked(draft, where, tabled, hidden=where in CONCEALED)


def _token(match: re.Match[bytes], state: State) -> None:
    word, number, octet, symbol, brace, text = match.groups()
    if octet:
        if state.pending:
            state.pending -= 1
        else:
            state.octets += binascii.unhexlify(octet)
        return
    if text and state.pending:
        skipped = min(state.pending, len(text))
        state.pending -= skipped
        text = text[skipped:]
    if text:
        state.octets += text
        state.starred = False
        return
    state.flush()
    if brace:
        _brace(brace, state)
    elif word:
        _word(word, number, state)
    elif symbol:
        _symbol(symbol, state)


def _brace(brace: bytes, state: State) -> None:
    state.pending = 0
    if brace == b"}":
        if state.stack:
            if (
                state.group.place in ("comment", "footnote", "objdata")
                and state.stack[-1].place != state.group.place
            ):
                state.put("\n")
            state.group = state.stack.pop()
        return
    if len(state.stack) >= DEPTH:
        raise UnreadableError("the RTF file is nested too deeply")
    state.stack.append(state.group)
    old = state.group
    state.group = Group(old.place, old.dropped, old.skip, old.hidden, old.deleted)
    state.starred = False


def _symbol(symbol: bytes, state: State) -> None:
    if symbol == b"*":
        state.starred = True
    elif symbol in (b"\\", b"{", b"}"):
        state.put(symbol.decode())
    else:
        state.put(ESCAPED.get(symbol, ""))


def _word(word: bytes, number: bytes | None, state: State) -> None:
    group = state.group
    value = int(number) if number else None
    if word in DROPPED:
        group.dropped = True
    elif word in PLACES:
        group.place = PLACES[word]
        if group.place == "properties":
            state.put("\n")
    elif word in SYMBOLS:
        state.put(SYMBOLS[word])
    elif word == b"u" and value is not None:
        state.put(_character(value))
        state.pending = group.skip
    elif word == b"uc":
        group.skip = min(max(value if value is not None else 1, 0), 100)
    elif word in (b"v", b"deleted"):
        on = value != 0
        group.hidden, group.deleted = (on, group.deleted) if word == b"v" else (group.hidden, on)
    else:
        _page(word, value, state)


def _page(word: bytes, value: int | None, state: State) -> None:
    if word == b"ansicpg" and value:
        state.encoding = CODE_PAGES.get(value, "cp1252")
    elif word in (b"plain", b"pard"):
        state.group.hidden = state.group.hidden and word == b"pard"


def _character(value: int) -> str:
    """A signed 16-bit code; a lone surrogate, which two of them make up, is kept for what it is."""
    code = value & 0xFFFF
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)


def _objects(text: str, draft: Draft) -> None:
    """Embedded objects, in hexadecimal: a header (MS-OLEDS 2.2), then the bytes of a file."""
    for piece in text.split("\n"):
        digits = re.sub(r"[^0-9a-fA-F]", "", piece)
        raw = binascii.unhexlify(digits[: len(digits) // 2 * 2])
        starts = [
            at for mark in (b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"%PDF-") if 0 <= (at := raw.find(mark)) < 300
        ]
        if raw:
            draft.file.budget.unpack(len(raw))
            draft.member("embedded object", raw[min(starts) :] if starts else raw)
