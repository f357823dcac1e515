"""Forms of plain text with a structure of their own: calendars, contact cards, other XML and drawings."""

import binascii
import quopri
import re

from lxml import etree

from milter.attachments.draft import Draft, File
from milter.attachments.links import note_links
from milter.attachments.marks import say_marked
from milter.attachments.text import charset_of, text_pieces
from milter.attachments.xmltext import INLINE, attributes_of, local, mark, parse, text_of
from milter.message.text import decode_text

FOLD = re.compile(r"\r?\n[ \t]")
SOFT = re.compile(r"=\r?\n")
ESCAPE = re.compile(r"\\([nN,;\\])")
PARAMETERS = re.compile(r"(?i);[A-Z0-9-]{1,40}=")
HUMPS = re.compile(r"[_.-]|(?<=[a-z])(?=[A-Z])")
MOST_ATTRIBUTES = 200_000
KNOWN = ("officeDocument", "opendocument", "microsoft.com/office", "microsoft-com:office", "w3.org/2000/svg")


def read_lines(file: File, draft: Draft) -> None:
    """A calendar (RFC 5545) or a contact card (RFC 6350): unfolded lines, attached files as members."""
    text = decode_text(file.content, charset_of(file.declared))
    if "QUOTED-PRINTABLE" in text.upper():
        text = SOFT.sub("", text)
    lines = FOLD.sub("", text).splitlines()
    shown: list[str] = []
    for line in lines:
        head, colon, value = line.partition(":")
        parameters = head.upper()
        if (
            "ENCODING=BASE64" in parameters
            or "ENCODING=B" in parameters.split(";")[-1]
            or value.startswith("data:")
        ):
            _attached(value, draft)
            continue
        if "QUOTED-PRINTABLE" in parameters:
            value = decode_text(quopri.decodestring(value.encode("latin-1", "replace")), "utf-8")
        value = ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
        shown.append(f"{head}{colon}{value}")
    joined = "\n".join(shown)
    note_links(joined, draft)
    draft.say("text", joined)


def _attached(value: str, draft: Draft) -> None:
    _, _, data = value.rpartition(",")
    try:
        content = binascii.a2b_base64(data)
    except binascii.Error:
        draft.fail("unreadable", "an attached file in it is damaged")
        return
    if content:
        draft.file.budget.unpack(len(content))
        draft.member("attached file", content)


LARGE_BYTES = 4 << 20  # of XML that is not made a tree
OPENING = re.compile(r"<([A-Za-z_][\w:.\-]*)([^<>]*)>")
CLOSING = re.compile(r"</[^<>]*>\s*")


def read_xml(file: File, draft: Draft) -> None:
    """XML of any kind: flat office documents by their marks, everything else with each element apart."""
    if len(file.content) > LARGE_BYTES and _plainly_data(file.content):
        draft.say_pieces("text", (_unmarked(text, draft) for text in text_pieces(file.content, "")))
        return
    root = parse(file.content, draft)
    if root is None:
        return
    known = any(one in uri for uri in _namespaces(root) for one in KNOWN)
    said = attributes_of(root, file.content)
    values = _told(root) if not known else []
    mark(root, every=not known)
    text = text_of(root)
    note_links(text, draft)
    say_marked(draft, "text", text)
    draft.say("attributes", "\n".join(dict.fromkeys(said + values)), hidden=known)


def _plainly_data(content: bytes) -> bool:
    """Whether XML is of no known vocabulary and has no entities of its own: then its text is what stands there."""
    head = content[:4096]
    return b"<!" not in head and b"\0" not in head and not any(one.encode() in head for one in KNOWN)


def _unmarked(text: str, draft: Draft) -> str:
    """A piece of XML as lines, each value behind its element's name, for want of room for a tree."""
    note_links(text, draft)
    return OPENING.sub(lambda tag: f"\n{_words(tag[1])}{tag[2]}: ", CLOSING.sub("", text))


def _told(root: etree._Element) -> list[str]:
    """Name each value as its element or attribute is named, since that is all that labels it: 'date Of Birth: ...'.

    Elements that hold nothing but text are named where they stand; what attributes say is given back.
    """
    said: list[str] = []
    for element in root.iter():
        name = local(element)
        said += [f"{_words(key)}: {value}" for key, value in element.attrib.items()] if name else []
        if name and name not in INLINE and not len(element) and element.text and element.text.strip():
            element.text = f"{_words(name)}: {element.text.strip()}"
        if len(said) > MOST_ATTRIBUTES:
            break
    return said


def _words(name: str) -> str:
    return HUMPS.sub(" ", name.rpartition("}")[2])


def _namespaces(root: object) -> list[str]:
    return [str(uri) for uri in getattr(root, "nsmap", {}).values()]
