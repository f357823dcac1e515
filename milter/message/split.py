"""Multipart bodies cut at their delimiter lines (RFC 2046 5.1.1), and MIME parts found where none should be.

Linear in the body: candidates that turn out to be none are counted, and the search ends at a cap.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

_SPACE = b" \t\r"
_FALSE_MOST = 20_000  # lines that merely start like a delimiter
_BOILERPLATE = (  # without spaces
    b"thisisamultipartmessageinmimeformat",
    b"thisisamultipartmimemessage",
    b"thisisamimeformattedmessage",
    b"thisisamimeencapsulatedmessage",
    b"thisisacryptographicallysignedmessageinmimeformat",
    b"thisisans/mimesignedmessage",
    b"thisisanopenpgp/mimesignedmessage(rfc4880and3156)",
    b"thisisanopenpgp/mimesignedmessage(rfc2440and3156)",
    b"thisisanopenpgp/mimeencryptedmessage(rfc4880and3156)",
    b"thisisamultipartmessageinmimeformat.ifyoucanreadthis,yourmailreaderdoesnotunderstandmimeformat",
    (
        b"thismessageisinmimeformat.sinceyourmailreaderdoesnotunderstandthisformat,"
        b"someorallofthismessagemaynotbelegible"
    ),
    b"thisisamessagewithmultiplepartsinmimeformat",
    b"youwillneedamimecompliantmailreadertoseethismessage",
)
_BURIED = re.compile(rb"\n[ \t]{0,20}content-(?:type|transfer-encoding)[ \t]{0,20}:")
_LINE = re.compile(rb"[!-9;-~]+[ \t]{0,20}:|[ \t]+[^ \t\r\n]")


@dataclass(frozen=True, slots=True)
class Mark:
    """One delimiter line."""

    start: int  # offset of its '--'
    end: int  # behind its line end
    kind: Literal["open", "close", "loose"]  # 'loose': something follows the boundary on its line


def delimiters(data: bytes, start: int, end: int, boundary: bytes, most: int) -> list[Mark]:
    """Return the delimiter lines of a boundary, up to `most` and one more; loose ones too."""
    needle = b"--" + boundary
    marks: list[Mark] = []
    exact = 0
    at = start if data.startswith(needle, start, end) else _next(data, start, end, needle)
    while at >= 0 and exact <= most + 1 and len(marks) <= most + _FALSE_MOST:
        line = data.find(b"\n", at, end)
        line = line + 1 if line >= 0 else end
        tail = data[at + len(needle) : min(line, at + len(needle) + 1_000)].strip(_SPACE + b"\n")
        kind: Literal["open", "close", "loose"] = "loose"
        if not tail:
            kind = "open"
        elif tail == b"--":
            kind = "close"
        marks.append(Mark(at, line, kind))
        exact += kind != "loose"
        at = _next(data, line - 1, end, needle)
    return marks


def _next(data: bytes, start: int, end: int, needle: bytes) -> int:
    """Find the next line that starts with the needle; -1 where none does."""
    found = data.find(b"\n" + needle, start, end)
    return found + 1 if found >= 0 else -1


@dataclass(frozen=True, slots=True)
class Cut:
    """A multipart body in pieces, each as start and end."""

    preamble: tuple[int, int]
    children: list[tuple[int, int]]
    epilogue: tuple[int, int]
    behind: list[tuple[int, int]]  # parts behind the first closing delimiter, for readers that go on
    loose: list[tuple[int, int]]  # parts where lines that merely start with the boundary count as well


def pieces(data: bytes, start: int, end: int, marks: list[Mark]) -> Cut:
    """Cut at exact delimiters up to the first closing one; at loose ones where there are no others."""
    exact = [mark for mark in marks if mark.kind != "loose"]
    loose = marks if exact and len(exact) < len(marks) else []
    exact = exact or marks
    closing = next((i for i, mark in enumerate(exact) if mark.kind == "close" and i), len(exact))
    inside, after = exact[: closing + 1], exact[closing + 1 :]
    closed = closing < len(exact)
    children = _between(data, inside, end, last=not closed)
    behind = _between(data, after, end, last=True)
    epilogue = (inside[-1].end, min(after[0].start, end) if after else end) if closed else (end, end)
    return Cut(
        preamble=(start, max(start, inside[0].start)),
        children=children,
        epilogue=epilogue,
        behind=behind,
        loose=_between(data, loose, end, last=loose[-1].kind != "close") if loose else [],
    )


def _between(data: bytes, marks: list[Mark], end: int, last: bool) -> list[tuple[int, int]]:
    """Return the spans between marks; the line end in front of a delimiter belongs to it."""
    spans = []
    for mark, following in pairwise(marks):
        stop = following.start - 1
        if data[stop - 1 : stop] == b"\r":
            stop -= 1
        spans.append((mark.end, max(mark.end, stop)))
    if last and marks and marks[-1].end <= end:
        spans.append((marks[-1].end, end))
    return spans


def is_boilerplate(text: bytes) -> bool:
    """Whether a text is the customary line in front of the first part, and no more."""
    if len(text) > 400:
        return False
    plain = text.lower().translate(None, b" \t\r\n-_.*=")
    return not plain or plain in {line.translate(None, b" -_.*=") for line in _BOILERPLATE}


def buried(data: bytes, start: int, end: int, most: int) -> list[tuple[int, int]]:
    """Stretches of a text that read as MIME entities: from their header to the next line that starts '--'."""
    low = b"\n" + data[start:end].lower()
    if b"content-t" not in low:
        return []
    start -= 1  # offsets in `low` are one more
    spans: list[tuple[int, int]] = []
    at = 0
    while len(spans) < most and (hit := _BURIED.search(low, at)):
        head = _head(low, hit.start() + 1, at + 1)
        stop = low.find(b"\n--", hit.end())
        while stop >= 0 and low[stop + 3 : stop + 4] in (b" ", b"\r", b"\n", b""):
            stop = low.find(b"\n--", stop + 3)
        stop = stop if stop >= 0 else len(low)
        spans.append((start + head, start + stop))
        at = stop
    return spans


def _head(low: bytes, line: int, least: int) -> int:
    """Walk up from a field to the first line of its header block, at most 50 lines."""
    for _ in range(50):
        above = low.rfind(b"\n", least, max(line - 1, least)) + 1 if line > least else 0
        above = max(above, least)
        if above >= line or not _LINE.match(low, above, line):
            break
        line = above
    return line
