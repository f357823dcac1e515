"""Paths and parameters of MAIL and RCPT (RFC 5321 4.1.2, RFC 3461 4, RFC 6531 3.3), read strictly.

What is read is what was sent: an address is given back letter by letter, or refused. Source routes, unclosed
quotes, control characters and anything behind the closing bracket that is no parameter are refused, since
two programs that read them differently make two addresses of one (pitfalls 38, 39).
"""

import re
from dataclasses import dataclass

from milter.relay.reply import Reply

_PATH_OCTETS = 512  # RFC 5321 4.5.3.1.3 has 256; senders rewritten by forwarders are longer
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_SIMPLE = re.compile(rf"<({_ATOM}(?:\.{_ATOM})*@{_NAME}(?:\.{_NAME})*)>(?: +(.*))?")
_ATEXT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~")
_LABEL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_LITERAL = re.compile(r"\[(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")  # RFC 3461 section 4
_ORCPT = re.compile(r"[A-Za-z0-9-]+;[!-~]+")  # type, then xtext or utf-8-addr-xtext (RFC 6533 3)


class Refusal(Exception):  # noqa: N818  a refusal is an answer, no error
    """A command is refused; the reply says why."""

    def __init__(self, code: int, enhanced: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, enhanced, text)


@dataclass(frozen=True, slots=True)
class MailParameters:
    """The parameters of MAIL FROM, checked; None or False where not given."""

    size: int = 0
    body: str | None = None
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None
    require_tls: bool = False


def read_path(argument: str) -> tuple[str, str]:
    """Split '<address> parameters' into the address and the rest. '' is the null path `<>`.

    Raises `Refusal` for what is no path in angle brackets. Simple addresses take one pattern, all others
    the grammar.
    """
    simple = _SIMPLE.fullmatch(argument)
    if simple and len(simple[1]) <= 254:
        return simple[1], simple[2] or ""
    return _read_any_path(argument)


def _read_any_path(argument: str) -> tuple[str, str]:
    if not argument.startswith("<"):
        raise Refusal(501, "5.1.7", "An address must stand in angle brackets")
    end = _closing_bracket(argument)
    address, rest = argument[1:end], argument[end + 1 :]
    if rest and not rest.startswith(" "):
        raise Refusal(501, "5.5.4", "A blank must stand between the address and its parameters")
    if len(address.encode("utf-8", "surrogateescape")) > _PATH_OCTETS:
        raise Refusal(501, "5.1.7", "The address is too long")
    if address and not is_address(address):
        raise Refusal(501, "5.1.7", "The address is malformed")
    return address, rest.strip(" ")


def _closing_bracket(argument: str) -> int:
    quoted = escaped = False
    for at, char in enumerate(argument):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == ">" and not quoted:
            return at
    raise Refusal(501, "5.1.7", "The address does not end")


def is_address(address: str) -> bool:
    """Say whether this is `local-part@domain` or `local-part@[literal]`; bare `postmaster` counts (4.5.1)."""
    if not address.isprintable():
        return False
    local, at, domain = address.rpartition("@")
    if not at:
        return address.lower() == "postmaster"
    return _is_local(local) and (_is_domain(domain) or _LITERAL.fullmatch(domain) is not None)


def _is_local(local: str) -> bool:
    if len(local) >= 2 and local[0] == local[-1] == '"':
        return _is_quoted(local[1:-1])
    return all(atom and all(c in _ATEXT or c > "\x7f" for c in atom) for atom in local.split("."))


def _is_quoted(inside: str) -> bool:
    escaped = False
    for char in inside:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            return False
    return not escaped


def _is_domain(domain: str) -> bool:
    return len(domain) <= 255 and all(
        label
        and len(label) <= 63
        and label[0] != "-"
        and label[-1] != "-"
        and all(c in _LABEL or c > "\x7f" for c in label)
        for label in domain.split(".")
    )


def read_parameters(rest: str) -> dict[str, str | None]:
    """Split ESMTP parameters by blanks; keywords in upper case, values as given. None comes twice."""
    given: dict[str, str | None] = {}
    for word in rest.split(" "):
        if not word:
            continue
        keyword, equals, value = word.partition("=")
        keyword = keyword.upper()
        if not _KEYWORD.fullmatch(keyword) or (equals and not value) or keyword in given:
            raise Refusal(501, "5.5.4", "The parameters are malformed")
        given[keyword] = value if equals else None
    return given


def mail_parameters(rest: str, allowed: frozenset[str]) -> MailParameters:
    """Read the parameters of MAIL FROM; those not in `allowed` are refused with 555."""
    given = _known(rest, allowed)
    return MailParameters(
        size=_size(given),
        body=_choice(given, "BODY", ("7BIT", "8BITMIME")),
        smtputf8=_flag(given, "SMTPUTF8"),
        ret=_choice(given, "RET", ("FULL", "HDRS")),
        envid=_envid(given),
        require_tls=_flag(given, "REQUIRETLS"),
    )


def rcpt_parameters(rest: str, allowed: frozenset[str]) -> tuple[tuple[str, ...], str | None]:
    """Read NOTIFY and ORCPT of RCPT TO: the first as words in upper case, the second byte by byte."""
    given = _known(rest, allowed)
    orcpt = given.get("ORCPT")
    if "ORCPT" in given and (not orcpt or len(orcpt) > 500 or not _ORCPT.fullmatch(orcpt)):
        raise Refusal(501, "5.5.4", "ORCPT is malformed")
    return _notify(given), orcpt


def _known(rest: str, allowed: frozenset[str]) -> dict[str, str | None]:
    given = read_parameters(rest) if rest else {}
    if not given.keys() <= allowed:
        raise Refusal(555, "5.5.4", "A parameter is not supported")
    return given


def _size(given: dict[str, str | None]) -> int:
    size = given.get("SIZE", "0")
    if not size or not size.isascii() or not size.isdecimal() or len(size) > 20:
        raise Refusal(501, "5.5.4", "SIZE is malformed")
    return int(size)


def _choice(given: dict[str, str | None], keyword: str, choices: tuple[str, ...]) -> str | None:
    if keyword not in given:
        return None
    value = (given[keyword] or "").upper()
    if value not in choices:
        raise Refusal(501, "5.5.4", f"{keyword} must be {' or '.join(choices)}")
    return value


def _flag(given: dict[str, str | None], keyword: str) -> bool:
    if given.get(keyword) is not None:
        raise Refusal(501, "5.5.4", f"{keyword} takes no value")
    return keyword in given


def _envid(given: dict[str, str | None]) -> str | None:
    envid = given.get("ENVID")
    if "ENVID" in given and (not envid or len(envid) > 100 or not _XTEXT.fullmatch(envid)):
        raise Refusal(501, "5.5.4", "ENVID is malformed")
    return envid


def _notify(given: dict[str, str | None]) -> tuple[str, ...]:
    if "NOTIFY" not in given:
        return ()
    words = tuple((given["NOTIFY"] or "").upper().split(","))
    if words == ("NEVER",) or (
        set(words) <= {"SUCCESS", "FAILURE", "DELAY"} and len(set(words)) == len(words)
    ):
        return words
    raise Refusal(501, "5.5.4", "NOTIFY is malformed")
