"""Unique Learner Numbers: ten digits, the first not 0, weights 10 to 1, remainder 10 (Learning Records Service)."""

from milter.detect.detector import NumberKind


def valid(digits: str) -> bool:
    """Say whether ten digits satisfy the learner number's rule; no NHS number does."""
    total = sum((10 - at) * int(digit) for at, digit in enumerate(digits))
    return digits[0] != "0" and total % 11 == 10


def issued(digits: str) -> bool:
    """Learner numbers start at 1."""
    return digits[0] != "0"


DETECTORS = (
    NumberKind(
        kind="uln",
        category="identifier",
        shapes=((10,), (3, 3, 4)),
        valid=valid,
        issued=issued,
        alone=0.3,  # one random number in eleven passes: reported only in learners' company
        rule="Learning Records Service, ULN check digit",
    ),
)
