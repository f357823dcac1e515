"""An SMTP reply as a value: what the next hop said, and what is said to the client.

Guarantees one reply on the wire whatever its text holds: no line end, no control character, no line longer
than RFC 5321 4.5.3.1.5 allows. Refuses codes that are no SMTP replies.
"""

from dataclasses import dataclass

_LINE = 480  # octets of text in a line: 512 less code, enhanced code and line end
_LINES = 20


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with its enhanced status code (RFC 5321 4.2, RFC 2034). Line ends in `text` part its lines."""

    code: int  # 2xx to 5xx
    enhanced: str  # '2.0.0'; '' only for the greeting, 354 and the answer to EHLO, which have none
    text: str

    def __post_init__(self) -> None:
        if not 200 <= self.code <= 599:
            raise ValueError("not an SMTP reply code", self.code)

    @property
    def wire(self) -> bytes:
        """The reply as octets, the last line end included."""
        lines = [_plain(line)[:_LINE] for line in self.text.split("\n")[:_LINES]]
        prefix = f"{self.enhanced} " if self.enhanced else ""
        last = len(lines) - 1
        return b"".join(
            f"{self.code}{' ' if n == last else '-'}{prefix}{line}\r\n".encode("ascii", "replace")
            for n, line in enumerate(lines)
        )


def _plain(line: str) -> str:
    return (
        line
        if line.isascii() and line.isprintable()
        else "".join(c if c.isprintable() else " " for c in line)
    )
