"""What follows DATA, taken in as large pieces as the network gives (RFC 5321 4.1.1.4).

Guarantees that only CRLF.CRLF ends a message, wherever the pieces are cut, that what stands behind it is
given back untouched, and that no more is kept than the limit allows. Judges nothing: see `octets.clean`.
"""

from milter.relay.octets import leading_dot, unstuff

_END = b"\r\n.\r\n"


class Incoming:
    """One message on its way in."""

    def __init__(self, limit: int) -> None:
        self.too_big = False  # it went beyond the limit
        self.discarded = False  # for whatever reason, it is read to its end without being kept
        self.held = 0  # octets kept
        self._limit = limit + 3  # the end mark
        self._pieces: list[bytes] = []
        self._tail = b"\r\n"  # the last four octets; at the start, a dot on the first line is a dot on a line

    def feed(self, piece: bytes) -> bytes | None:
        """Take the next octets; give what stands behind the end of the message, None while it goes on."""
        end = self._find_end(piece)
        if end is None:
            self._tail = (self._tail + piece[-4:])[-4:]
            self._keep(piece)
            return None
        self._keep(piece[:end])
        return piece[end:]

    def discard(self) -> None:
        """Keep nothing of it any more; it is still read to its end."""
        self.discarded = True
        self._pieces.clear()
        self.held = 0

    def message(self) -> bytes:
        """Give the whole message, once, with the dots undone; what was held for it is let go."""
        pieces, self._pieces = self._pieces, []
        if len(pieces[-1]) >= 3:
            pieces[-1] = pieces[-1][:-3]
            body = b"".join(pieces)
        else:
            body = b"".join(pieces)[:-3]
        pieces.clear()  # before the dots are undone: a large message is not kept three times over
        return unstuff(body)

    def _keep(self, piece: bytes) -> None:
        if self.discarded:
            return
        if self.held + len(piece) > self._limit:
            self.too_big = True
            self.discard()
            return
        self.held += len(piece)
        self._pieces.append(piece)

    def _find_end(self, piece: bytes) -> int | None:
        seam = (self._tail + piece[:4]).find(_END)
        if seam != -1:
            return seam + 5 - len(self._tail)
        dot = leading_dot(piece)
        inside = piece.find(_END, max(0, dot - 2)) if dot != -1 else -1
        return None if inside == -1 else inside + 5
