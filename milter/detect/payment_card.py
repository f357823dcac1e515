"""Payment card numbers: 13 to 19 digits with the Luhn check digit (ISO/IEC 7812-1)."""

from milter.detect.detector import NumberKind

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# Numbers that card schemes and payment services publish for tests: nobody's.
PUBLISHED = frozenset(
    "4242424242424242 4111111111111111 4012888888881881 4000056655665556 4000000000000002 5555555555554444 5105105105105100 2223003122003222"
    " 378282246310005 371449635398431 6011111111111117 5200828282828210 4222222222222 4929000000006 5404000000000001".split()
)


def valid(digits: str) -> bool:
    """Say whether the Luhn sum is right and the digits are not all alike."""
    total = 0
    for at, digit in enumerate(reversed(digits)):
        total += _DOUBLED[int(digit)] if at % 2 else int(digit)
    return total % 10 == 0 and len(set(digits)) > 1


def issued(digits: str) -> bool:
    """Say whether a card scheme in use here issues numbers of this beginning and length."""
    head = int(digits[:4])
    if digits[0] == "4":
        return len(digits) in (13, 16, 19)
    if 5100 <= head <= 5599 or 2221 <= head <= 2720:
        return len(digits) == 16
    if digits[:2] in ("34", "37"):
        return len(digits) == 15
    return digits[:2] in ("50", "56", "57", "58", "60", "63", "64", "65", "67") and len(digits) >= 16


DETECTORS = (
    NumberKind(
        kind="payment-card",
        category="financial",
        shapes=(
            (4, 4, 4, 4),
            (16,),
            (4, 6, 5),
            (15,),
            (4, 4, 4, 4, 3),
            (6, 13),
            (19,),
            (13,),
            (6, 10),
            (8, 8),
        ),
        valid=valid,
        issued=issued,
        alone=0.85,
        rule="ISO/IEC 7812-1",
    ),
)
