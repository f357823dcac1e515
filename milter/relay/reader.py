"""asyncio's StreamReader, with what it lacks for SMTP: a look at what has come already.

Touches three private names of the standard library, here and nowhere else.
"""

import asyncio


class Reader(asyncio.StreamReader):
    """A reader whose waiting octets can be seen, taken, and moved under TLS."""

    _buffer: bytearray
    _transport: asyncio.Transport

    @property
    def pending(self) -> bytearray:
        """What has come and was not read: look, don't touch."""
        return self._buffer

    def take(self) -> bytes:
        """Take all that has come, which may be nothing, without waiting."""
        taken = bytes(self._buffer)
        self._buffer.clear()
        self._maybe_resume_transport()  # type: ignore[attr-defined]
        return taken

    def move(self, transport: asyncio.Transport) -> None:
        """Go on with another transport, the TLS one that lies upon the first."""
        self._transport = transport
