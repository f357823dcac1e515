"""Addresses: strict where the envelope decides, tolerant where a header merely tells.

The strict side refuses what it can't read without doubt (pitfall 39): a domain is never taken from a header,
a quoted string or a comment. The tolerant side gives every address that a header shows, in linear time.
"""

import re

import idna

from milter.message.text import decode_text, decode_words, unfold

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(r"\"(?:[ !#-\[\]-~\u00a0-\U0010ffff]|\\[ -~])*\"")
_LABELS = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?)*"
)
_LITERAL = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)
_UNSEEN = re.compile(
    r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]"
)


class AddressError(ValueError):
    """An envelope address that can't be read without doubt; mail for it is refused, not guessed at."""


def split(address: str) -> tuple[str, str]:
    """Local part and domain of an envelope address, as given (RFC 5321 4.1.2, RFC 6531 3.3).

    The address stands without angle brackets and source route. Raises AddressError for anything else than
    Local-part '@' (Domain / address-literal): comments, spaces, control and invisible characters.
    """
    if len(address.encode("utf-8", "replace")) > 254 or _UNSEEN.search(address):
        raise AddressError("the address is too long or holds invisible characters")
    found = _QUOTED.match(address) if address.startswith('"') else _DOT_STRING.match(address)
    if not found or address[found.end() : found.end() + 1] != "@":
        raise AddressError("the address is not local-part@domain")
    local, domain = found[0], address[found.end() + 1 :]
    if len(local.encode("utf-8", "replace")) > 64:
        raise AddressError("the part of the address in front of the @ is longer than 64 octets")
    _ascii_domain(domain)
    return local, domain


def domain_of(address: str) -> str:
    """Return an envelope address's domain in lower-case A-labels, or its address literal."""
    return _ascii_domain(split(address)[1])


def canonical(address: str) -> str:
    """Return the address without needless quotes, its domain in lower-case A-labels.

    The local part keeps its case: whether it matters is the receiving host's business (RFC 5321 2.4).
    """
    local, domain = split(address)
    if local.startswith('"'):
        bare = re.sub(r"\\(.)", r"\1", local[1:-1])
        local = bare if _DOT_STRING.fullmatch(bare) else local
    return f"{local}@{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    if domain.startswith("["):
        if not _LITERAL.fullmatch(domain):
            raise AddressError("the address literal can't be read")
        return domain.lower()
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise AddressError("the domain is no valid internationalised name") from error
    if len(domain) > 253 or not _LABELS.fullmatch(domain):
        raise AddressError("the domain can't be read")
    return domain.lower()


_TOKEN = re.compile(r"[\"(<>,;:\\]|[^\"(<>,;:\\]+")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@]{1,64}@(?:[^\s<>,;:\"()\[\]\\@]{1,253}|\[[^\]\s]{1,60}\])")


def header_addresses(value: bytes | str, most: int = 10_000) -> tuple[str, ...]:
    """Every address that a From, To, Cc or Reply-To field shows, groups included, at most `most`.

    Tolerant and linear; what is in quotes or comments is a name and no address, angle brackets win over what
    stands beside them. Encoded words are names too. Never raises.
    """
    text = decode_text(unfold(value)) if isinstance(value, bytes) else value
    found: list[str] = []
    for mailbox in _mailboxes(text):
        if len(found) >= most:
            break
        found += mailbox.addresses()
    return tuple(found[:most])


def header_mailboxes(value: bytes, most: int = 1_000) -> tuple[tuple[str, str], ...]:
    """Every (name, address) that a field shows, at most `most`; the name is '' where none stands beside it.

    As tolerant and as linear as `header_addresses`.
    """
    found: list[tuple[str, str]] = []
    for mailbox in _mailboxes(decode_text(unfold(value))):
        if len(found) >= most:
            break
        found += [(mailbox.name(), address) for address in mailbox.addresses()]
    return tuple(found[:most])


def _mailboxes(text: str) -> "list[_Mailbox]":
    """Return the field cut at commas, semicolons and group names, quotes and comments taken whole."""
    done: list[_Mailbox] = []
    box = _Mailbox()
    at = 0
    broken: set[str] = set()  # an opening mark that nothing closes: later ones are plain text
    while (token := _TOKEN.match(text, at)) is not None:
        mark, at = token[0], token.end()
        if mark in (",", ";"):
            done.append(box)
            box = _Mailbox()
        elif mark == ":":
            box = _Mailbox()
        elif mark in _CLOSERS and mark not in broken:
            stop = _CLOSERS[mark](text, at)
            if stop < 0:
                broken.add(mark)
            else:
                box.take(mark, text[at : stop - 1])
                at = stop
        else:
            box.bare.append(mark if mark not in ("\\", "<") else " ")
    return [*done, box]


class _Mailbox:
    """One mailbox as it is read: what stands bare, what in quotes, what in angle brackets."""

    __slots__ = ("angles", "bare", "quoted")

    def __init__(self) -> None:
        self.bare: list[str] = []
        self.quoted: list[str] = []
        self.angles: list[str] = []

    def take(self, mark: str, text: str) -> None:
        if mark == "<":
            self.angles.append(text)
        elif mark == '"':
            self.quoted.append(text)
            self.bare.append("\0")  # keeps its place: a quoted local part stands right before an '@'

    def name(self) -> str:
        """What stands before the address in angle brackets, quoted or bare."""
        bare = "".join(self.bare).replace("\0", " ") if self.angles else ""
        return " ".join(decode_words(" ".join((*self.quoted, bare))).split())[:200]

    def addresses(self) -> list[str]:
        shown = [address for angle in self.angles if (address := _plain(angle))]
        if shown:
            return shown
        bare = "".join(self.bare)
        if "@" not in bare:
            return []
        if len(self.quoted) == 1 and (domain := re.fullmatch(r"\s*\0(@[^\s@\0]{1,253})\s*", bare)):
            return [f'"{self.quoted[0]}"{domain[1]}']
        return [found.strip("'") for found in _ADDRESS.findall(bare.replace("\0", " "))]


def _plain(angle: str) -> str:
    """Return what stands in angle brackets without its source route and spaces; '' where it is no address."""
    address = angle.strip()
    if address.startswith("@") and ":" in address:
        address = address.partition(":")[2]
    local, at, domain = address.rpartition("@")
    local, domain = local.strip(), "".join(domain.split())
    return f"{local}@{domain}" if at and local and domain else ""


_QUOTE_END = re.compile(r"[^\"\\]*(?:\\.[^\"\\]*)*\"", re.DOTALL)
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)


def _quote_end(text: str, at: int) -> int:
    found = _QUOTE_END.match(text, at)
    return found.end() if found else -1


def _comment_end(text: str, at: int) -> int:
    depth = 1
    for mark in _PARENTHESIS.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    return -1


def _angle_end(text: str, at: int) -> int:
    return text.find(">", at) + 1 or -1


_CLOSERS = {'"': _quote_end, "(": _comment_end, "<": _angle_end}
