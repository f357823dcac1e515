"""Masks a value where it is found (law 8): enough to find it again in the document, too little to use it."""

import re

_SIGN = re.compile(r"[^\W_]")  # a letter or a digit


def masked(kind: str, value: str) -> str:
    """The value with all but a few characters starred; its length and separators stay."""
    if kind == "email":
        local, at, domain = value.partition("@")
        return (
            f"{local[:1]}{'*' * max(len(local) - 1, 1)}{at}{'*' * len(domain.split('.')[0])}"
            if at
            else _starred(value, 1, 0)
        )
    if kind == "person":
        return " ".join(word[:1] + "*" * (len(word) - 1) for word in value.split())
    if kind == "date-of-birth":
        return _starred(value, 0, 2)
    if kind in ("address", "postcode"):
        return _starred(value, 2, 0)
    return _starred(value, 2, 2)


def _starred(value: str, first: int, last: int) -> str:
    if sum(map(str.isalnum, value)) <= 2 * (first + last):
        first, last = min(first, 1), 0
    low, high = _past(value, first), len(value) - _past(value[::-1], last)
    hidden = _SIGN.sub("*", value[low:high])
    return f"{value[:low]}{hidden}{value[high:]}".replace("\n", " ")


def _past(value: str, signs: int) -> int:
    """The place behind so many letters and digits."""
    at = 0
    while signs and at < len(value):
        signs -= value[at].isalnum()
        at += 1
    return at
