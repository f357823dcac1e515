"""What messages of Outlook share in .msg and winmail.dat: property tags (MS-OXPROPS) and compressed RTF."""

import struct

from milter.attachments.draft import Budget, UnreadableError

SUBJECT, BODY, HTML, RTF, HEADERS, TITLE = 0x0037, 0x1000, 0x1013, 0x1009, 0x007D, 0x3001
DATA, LONG_NAME, NAME, TYPE = 0x3701, 0x3707, 0x3704, 0x370E
PLACES = {SUBJECT: "subject", BODY: "body", HEADERS: "headers"}
# Strings that are machinery: message class, entry ids, search keys, icons, transmittable names.
SILENT = frozenset((0x001A, 0x0064, 0x0075, 0x0077, 0x003D, 0x0C1E, 0x3002, 0x370E, 0x3703, 0x800C))
DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)  # MS-OXRTFCP 2.1.2.1


def unpacked_rtf(content: bytes, budget: Budget) -> bytes:
    """RTF out of its compression (MS-OXRTFCP 2.2). Raises UnreadableError where it is none."""
    if len(content) < 16:
        raise UnreadableError("the message text is damaged")
    _, size, magic, _ = struct.unpack_from("<IIII", content)
    if magic == 0x414C454D:  # 'MELA': stored
        return content[16 : 16 + size]
    if magic != 0x75465A4C:  # 'LZFu'
        raise UnreadableError("the message text is damaged")
    out = bytearray(DICTIONARY)
    most = min(size, len(content) * 20, budget.room()) + len(DICTIONARY)
    at = 16
    while at < len(content) and len(out) < most:
        flags = content[at]
        at += 1
        for bit in range(8):
            if at >= len(content):
                break
            if not flags >> bit & 1:
                out.append(content[at])
                at += 1
                continue
            pair = int.from_bytes(content[at : at + 2], "big")
            at += 2
            if not _repeat(out, pair):
                at = len(content)
                break
    data = bytes(out[len(DICTIONARY) :])
    budget.unpack(len(data))
    return data


def _repeat(out: bytearray, pair: int) -> bool:
    """Copy from the 4096-octet window; False at its end mark."""
    offset, length = pair >> 4, (pair & 15) + 2
    write = len(out) % 4096
    if offset == write:
        return False
    start = len(out) - ((write - offset) % 4096)
    if start < 0:
        return False
    for step in range(length):
        out.append(out[start + step])
    return True
