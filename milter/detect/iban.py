"""International bank account numbers (ISO 13616): country, two check digits by modulus 97, up to 30 characters."""

from milter.detect.detector import CodeKind

LENGTHS = {
    "GB": 22, "IE": 22, "DE": 22, "FR": 27, "ES": 24, "IT": 27, "NL": 18, "BE": 16, "PL": 28, "PT": 25,
    "RO": 24, "LT": 20, "LV": 21, "BG": 22, "CZ": 24, "HU": 28, "SK": 24, "GR": 27, "CY": 28, "MT": 31,
    "AT": 20, "CH": 21, "SE": 24, "NO": 15, "DK": 18, "FI": 18, "TR": 26, "AE": 23, "UA": 29, "EE": 20,
    "HR": 21, "SI": 19, "LU": 20, "IS": 26, "GI": 23, "IM": 22, "JE": 22, "GG": 22, "PK": 24, "SA": 24,
}  # fmt: skip


def valid(code: str) -> bool:
    """Say whether length fits the country and the remainder is 1."""
    if LENGTHS.get(code[:2], len(code)) != len(code) or not 15 <= len(code) <= 34:
        return False
    turned = code[4:] + code[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


DETECTORS = (
    CodeKind(
        kind="iban",
        category="financial",
        pattern=r"\b(?:GB|IE|DE|FR|ES|IT|NL|BE|PL|PT|RO|LT|LV|BG|CZ|HU|SK|GR|CY|MT|AT|CH|SE|NO|DK|FI|TR|AE|UA|EE|HR"
        r"|SI|LU|IS|GI|PK|SA)[ ]?\d{2}(?:[ \-]?[A-Z0-9]{4}){2,7}(?:[ \-]?[A-Z0-9]{1,3})?\b",
        valid=valid,
        alone=0.95,
        loose=0.7,
        rule="ISO 13616",
    ),
)
