"""NHS numbers of England, Wales and the Isle of Man: ten digits, modulus 11 (NHS Data Dictionary)."""

from milter.detect.detector import NumberKind

_WEIGHTS = range(10, 1, -1)


def valid(digits: str) -> bool:
    """Say whether ten digits carry the right check digit; ten equal ones are never a number."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return digits[9] == str((11 - total % 11) % 11) and len(set(digits)) > 1


def issued(digits: str) -> bool:
    """Say whether the number lies in 400-499 or 600-799 million, or in the range kept for tests (999)."""
    return digits[0] == "4" or digits[0] in "67" or digits.startswith("999")


def likely(digits: str) -> bool:
    """Say whether an unlabelled number may be one: 9xx was used in examples that look genuine."""
    return issued(digits) or digits[0] == "9"


DETECTORS = (
    NumberKind(
        kind="nhs-number",
        category="identifier",
        shapes=((3, 3, 4), (10,)),
        valid=valid,
        issued=likely,
        alone=0.8,
        rule="NHS Data Dictionary, NHS NUMBER",
    ),
)
