"""Sort codes (six digits) and account numbers (eight): no public check, so label, shape and company decide.

The modulus tables are licensed data and not shipped. A sort code and its account are two findings.
"""

from milter.detect.detector import NumberKind, always

SORT_CODES = (
    NumberKind(
        kind="bank",
        category="financial",
        shapes=((2, 2, 2), (6,)),
        valid=always,
        issued=always,
        alone=0.0,
        rule="Pay.UK, sort code",
    ),
)
ACCOUNTS = (
    NumberKind(
        kind="bank",
        category="financial",
        shapes=((8,), (4, 4), (2, 2, 2, 2), (7,), (3, 5), (2, 3, 3), (3, 3, 2)),
        valid=always,
        issued=always,
        alone=0.0,
        rule="Pay.UK, account number",
    ),
)
DETECTORS = SORT_CODES + ACCOUNTS
