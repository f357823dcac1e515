"""Scotland's CHI numbers: date of birth DDMMYY, two digits, a sex digit, the NHS check digit."""

from datetime import date

from milter.detect import nhs_number
from milter.detect.detector import NumberKind


def dated(digits: str) -> bool:
    """Say whether the first six digits are a day that exists in some century."""
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True


DETECTORS = (
    NumberKind(
        kind="chi",
        category="identifier",
        shapes=((10,), (6, 4)),
        valid=nhs_number.valid,
        issued=dated,
        alone=0.0,  # every tenth landline number looks like one
        rule="NHS National Services Scotland, CHI",
    ),
)
