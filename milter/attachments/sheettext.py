"""How text stands in the XML of a workbook that programs wrote: told by pattern, without a parser."""

import re

SPECIAL = (b"<!", b"='", b":row", b":c ", b":c>", b":v>", b":is>", b":si>")
TEXT = re.compile(r"<t(?:\s[^>]*)?>([^<]*)</t>")
ENTITY = re.compile(r"&(#x[0-9A-Fa-f]{1,6}|#\d{1,7}|amp|lt|gt|quot|apos);|_x([0-9A-Fa-f]{4})_")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
BREAKS = str.maketrans({"\t": " ", "\n": " ", "\r": None})


def plainly(content: bytes, *, head: bool = True) -> bool:
    """Whether a part, or a piece behind its `head`, is UTF-8 without anything that only an XML parser understands."""
    return (
        (not head or _plain_head(content[:100].lower()))
        and content.count(b"<?") < 1 + head
        and not any(mark in content for mark in SPECIAL)
    )


def _plain_head(head: bytes) -> bool:
    encoded = b"encoding" not in head or b"utf-8" in head or b"ascii" in head
    return encoded and b"\0" not in head


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
