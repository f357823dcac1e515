"""National Insurance numbers: two prefix letters, six digits, a suffix A to D (HMRC NIM39110)."""

from milter.detect.detector import CodeKind

_NEVER = frozenset(("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"))


def valid(code: str) -> bool:
    """Say whether the prefix is one that is issued; QQ, the specimen's, is not."""
    return (
        code[0] not in "DFIQUV"
        and code[1] not in "DFIOQUV"
        and code[:2] not in _NEVER
        and code[2:8].isdigit()
        and len(set(code[2:8])) > 1
        and (len(code) == 8 or code[8] in "ABCD")
    )


DETECTORS = (
    CodeKind(
        kind="nino",
        category="identifier",
        pattern=r"\b[A-Z]\.?[ ]?[A-Z]\.?(?:[ \-./]{0,2}|\t|\s?\n)\d[ ]?\d(?:[ \-./]{0,2}|\t|\s?\n)\d[ ]?\d(?:[ \-./]{0,2}|\t|\s?\n)\d[ ]?\d"
        r"(?:(?:[ \-./]{0,2}|\t|\s?\n)[A-D])\b",
        valid=valid,
        alone=0.9,
        loose=0.75,
        rule="HMRC NIM39110",
    ),
)
