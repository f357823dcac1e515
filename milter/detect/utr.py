"""Unique Taxpayer References: ten digits, the first a check digit of the other nine (HMRC)."""

from milter.detect.detector import NumberKind, always

_WEIGHTS = (6, 7, 8, 9, 10, 5, 4, 3, 2)


def valid(digits: str) -> bool:
    """Say whether the first digit checks the rest."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits[1:], strict=True))
    return digits[0] == "21987654321"[total % 11]


DETECTORS = (
    NumberKind(
        kind="utr",
        category="identifier",
        shapes=((10,), (5, 5)),
        valid=valid,
        issued=always,
        alone=0.3,
        rule="HMRC, Unique Taxpayer Reference",
    ),
)
