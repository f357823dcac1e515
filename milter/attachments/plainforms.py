"""Forms of plain text with a structure of their own: calendars, contact cards, other XML and drawings."""

import binascii
import quopri
import re

from milter.attachments.draft import Draft, File
from milter.attachments.links import note_links
from milter.attachments.marks import say_marked
from milter.attachments.text import charset_of
from milter.attachments.xmltext import attributes_of, mark, parse, text_of
from milter.message.text import decode_text

FOLD = re.compile(r"\r?\n[ \t]")
SOFT = re.compile(r"=\r?\n")
ESCAPE = re.compile(r"\\([nN,;\\])")
PARAMETERS = re.compile(r"(?i);[A-Z0-9-]{1,40}=")
KNOWN = ("officeDocument", "opendocument", "microsoft.com/office", "w3.org/2000/svg")


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


def read_xml(file: File, draft: Draft) -> None:
    """XML of any kind: flat office documents by their marks, everything else with each element apart."""
    root = parse(file.content, draft)
    if root is None:
        return
    known = any(one in uri for uri in _namespaces(root) for one in KNOWN)
    said = attributes_of(root, file.content)
    values = [str(value) for value in root.xpath("//@*", smart_strings=False)][:200_000] if not known else []
    mark(root, every=not known)
    text = text_of(root)
    note_links(text, draft)
    say_marked(draft, "text", text)
    draft.say("attributes", "\n".join(dict.fromkeys(said + values)), hidden=known)


def _namespaces(root: object) -> list[str]:
    return [str(uri) for uri in getattr(root, "nsmap", {}).values()]
