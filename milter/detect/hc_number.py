"""Northern Ireland's Health and Care numbers: 320 000 001x to 399 999 999x, the NHS check digit."""

from milter.detect import nhs_number
from milter.detect.detector import NumberKind


def issued(digits: str) -> bool:
    """Say whether the number lies in Northern Ireland's range."""
    return 320_000_001 <= int(digits[:9]) <= 399_999_999


DETECTORS = (
    NumberKind(
        kind="hc-number",
        category="identifier",
        shapes=((3, 3, 4), (10,)),
        valid=nhs_number.valid,
        issued=issued,
        alone=0.7,
        rule="HSC Northern Ireland, Health and Care Number",
    ),
)
