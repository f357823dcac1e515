"""Values that nobody was ever given: rows of one digit, counting digits, ranges for tests, numbers of leaflets (N3).

Such a value has the right form, and often the right check digit, since it was made to be shown. In a paper that
shows examples, tests or blanks it protects nothing by itself; elsewhere it is taken for somebody's.
"""

import re

_COUNTING = "01234567890123456789"
_COUNTED_DOWN = _COUNTING[::-1]
_SHOWN = frozenset((
    "9434765919", "4857773456", "4010232137", "1234567881",  # NHS numbers of public guidance
    "4111111111111111", "4242424242424242", "5555555555554444", "378282246310005",  # cards of payment firms' guides
    "GB29NWBK60161331926819", "GB33BUKB20201555555555", "GB82WEST12345698765432",  # IBANs of standards and guides
    "MORGA657054SM9IJ", "MORGA753116SM9IJ",  # the DVLA's specimens
    "925665416",  # the specimen passport of HM Passport Office
))  # fmt: skip


def made_up(kind: str, text: str) -> bool:
    """Say whether a value looks made to be shown: six equal or counting digits in a row, a test range, a known one."""
    code = re.sub(r"[^A-Z0-9]", "", text.upper())
    digits = re.sub(r"\D", "", code)
    if code in _SHOWN or (kind == "nhs-number" and digits.startswith("999")):
        return True
    if re.search(r"(\d)\1{5}", digits):
        return (
            kind not in ("payment-card", "iban", "bank", "upn") or re.search(r"(\d)\1{8}", digits) is not None
        )
    return any(
        digits[at : at + 6] in counted for counted in (_COUNTING, _COUNTED_DOWN) for at in range(2)
    ) and (len(digits) >= 6)
