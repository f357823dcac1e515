"""One message between parent and child: a JSON object and some bytes, over a SOCK_SEQPACKET socket.

Small messages travel in the packet; larger ones in a memory file (memfd_create(2)) whose descriptor travels
instead. The parent trusts nothing that it gets: sizes are bounded, the file must be a sealed memory file, so
that its reader can neither be blocked nor be cut off. Never pickle: a child that hostile input has taken over
must not own its parent.
"""

import array
import fcntl
import json
import os
import socket
import stat
import struct
from collections.abc import Mapping
from typing import Any

from milter.untrusted import json_object

SIZES = struct.Struct("<QQ")  # octets of JSON, octets of content
INLINE_BYTES = 48 * 1024  # below the smallest default of net.core.wmem_default, so that a send never blocks
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE

Message = tuple[dict[str, Any], bytes]


class WireError(Exception):
    """The other side sent what no honest one sends, or is gone."""


def send(channel: socket.socket, header: Mapping[str, Any], *pieces: bytes) -> None:
    """Send one message whose content is the pieces behind each other. Raises OSError where the other side is gone."""
    text = json.dumps(header, separators=(",", ":")).encode()
    size = sum(map(len, pieces))
    sizes = SIZES.pack(len(text), size)
    if len(text) + size <= INLINE_BYTES:
        channel.sendmsg((sizes, text, b"".join(pieces)))
        return
    file = os.memfd_create("message", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for piece in (text, *pieces):
            _write(file, piece)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, SEALS)
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", (file,)))
        channel.sendmsg((sizes,), (rights,))
    finally:
        os.close(file)


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def receive(channel: socket.socket, most: int) -> Message | None:
    """The next message, or None where the other side has closed.

    `most` bounds its octets. Raises WireError for anything dishonest, BlockingIOError where nothing is there.
    """
    data, ancillary, flags, _ = channel.recvmsg(SIZES.size + INLINE_BYTES + 1, socket.CMSG_LEN(4))
    files = _files(ancillary)
    try:
        if not data and not files:
            return None
        if len(data) < SIZES.size or flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(files) > 1:
            raise WireError("a damaged packet")
        text_size, size = SIZES.unpack_from(data)
        if text_size + size > most:
            raise WireError("a message beyond its bound")
        if files:
            _check(files[0], text_size + size)
            text, content = _contents(files[0], text_size, 0), _contents(files[0], size, text_size)
        else:
            text, content = data[SIZES.size :][:text_size], data[SIZES.size :][text_size:]
    finally:
        for file in files:
            os.close(file)
    if len(text) != text_size or len(content) != size:
        raise WireError("a message of the wrong size")
    try:
        return json_object(text), content
    except ValueError as fault:
        raise WireError("no JSON object") from fault


def _files(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return found.tolist()


def _check(file: int, size: int) -> None:
    """Demand a sealed memory file of exactly `size` octets."""
    try:
        sealed = fcntl.fcntl(file, fcntl.F_GET_SEALS) & SEALS == SEALS
    except OSError as fault:  # no memory file at all
        raise WireError("not a memory file") from fault
    status = os.fstat(file)
    if not sealed or not stat.S_ISREG(status.st_mode) or status.st_size != size:
        raise WireError("not a sealed memory file")


def _contents(file: int, size: int, start: int) -> bytes:
    """Some of a memory file; nearly always in one piece, so that nothing is copied twice."""
    pieces: list[bytes] = []
    at = 0
    while at < size:
        piece = os.pread(file, size - at, start + at)
        if not piece:
            raise WireError("a short memory file")
        pieces.append(piece)
        at += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
