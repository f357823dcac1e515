"""A message's octets on the wire: line ends and the transparency of dots (RFC 5321 4.5.2), in bulk.

All passes are linear. `clean` is what every message must be that comes in or goes out: its only CR and LF
are CRLF and it holds no NUL, so that no server can take a part of it for the end of the message
(SMTP smuggling, pitfall 38).
"""

_FEW = 64  # dots that are looked at one by one; base64 has none, text is better searched for the pair


def clean(octets: bytes) -> bool:
    """Say whether CR and LF come only as CRLF, and NUL not at all."""
    ends = octets.count(b"\r\n")
    return octets.count(b"\n") == ends and octets.count(b"\r") == ends and b"\0" not in octets


def stuff(message: bytes) -> bytes:
    """Give the message as it follows DATA: dots doubled, the end marked. A missing last line end is added."""
    stuffed = message.replace(b"\r\n.", b"\r\n..") if _has_leading_dots(message) else message
    start = b"." if stuffed.startswith(b".") else b""
    end = b".\r\n" if not stuffed or stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
    return b"".join((start, stuffed, end))


def unstuff(body: bytes) -> bytes:
    """Undo the doubling of dots of what came behind DATA, its end mark taken off already."""
    plain = body.replace(b"\r\n.", b"\r\n") if _has_leading_dots(body) else body
    return plain[1:] if plain.startswith(b".") else plain


def _has_leading_dots(octets: bytes) -> bool:
    if octets.count(b".") > _FEW:
        return b"\r\n." in octets
    at = octets.find(b".", 1)
    while at != -1:
        if octets[at - 1] == 10:
            return True
        at = octets.find(b".", at + 1)
    return False
