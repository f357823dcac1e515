"""When two readings of a message hold the same: spacing, header blocks and delimiter lines make no difference.

Guarantees linear time in what is compared.
"""

from bisect import bisect_left

from milter.message.model import Part
from milter.message.text import decode_text

SPACE = b" \t\r\n\0"
_PLAIN = frozenset({"", "us-ascii", "ascii", "utf-8"})


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that touch made one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def stretches(part: Part, scaffold: list[tuple[int, int]]) -> list[bytes]:
    """Return what is left of a part's content where headers and delimiters of any reading are taken out."""
    start, end = part.body
    if end - start != len(part.content):
        return [part.content]
    out, at = [], start
    for number in range(max(0, bisect_left(scaffold, (start, 0)) - 1), len(scaffold)):
        first, last = scaffold[number]
        if first >= end:
            break
        if at < last:
            out.append(part.content[at - start : max(first, at) - start])
            at = last
    out.append(part.content[at - start :] if at < end else b"")
    return [stretch for stretch in out if stretch.strip(SPACE)]


def squeezed(part: Part, content: bytes) -> bytes:
    """Content without spacing; text of an unusual charset as the characters that it spells."""
    if part.charset not in _PLAIN and part.declared.startswith("text/"):
        content = decode_text(content, part.charset).encode("utf-8", "replace")
    return content.translate(None, SPACE)
