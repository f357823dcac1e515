"""Unique Pupil Numbers: a check letter, twelve digits, or a last letter for a temporary one (DfE)."""

from milter.detect.detector import CodeKind

_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def valid(code: str) -> bool:
    """Say whether the check letter is right: weights 2 to 13, modulus 23. A final letter counts by its place."""
    digits = code[1:12] + (code[12] if code[12].isdigit() else "")
    total = sum(weight * int(digit) for weight, digit in zip(range(2, 14), digits, strict=False))
    if code[12].isalpha():
        if code[12] not in _LETTERS:
            return False
        total += 13 * _LETTERS.index(code[12])
    return "000" < code[1:4] and _LETTERS[total % 23] == code[0]


DETECTORS = (
    CodeKind(
        kind="upn",
        category="identifier",
        pattern=r"\b[A-HJ-NP-RT-Z](?:[ .\-]{0,2}\d){11}[ .\-]{0,2}[0-9A-HJ-NP-RT-Z]\b",
        valid=valid,
        alone=0.97,
        loose=0.85,
        rule="DfE, Unique pupil numbers: a guide",
    ),
)
