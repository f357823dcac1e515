"""Driving licence numbers of Great Britain: sixteen characters that spell surname and date of birth (DVLA)."""

from milter.detect.detector import CodeKind, NumberKind, always


def valid(code: str) -> bool:
    """Say whether the coded date exists and nines only pad: month 01-12, or 51-62 for women; day 01-31."""
    surname, month, day = code[:5], int(code[6:8]), int(code[8:10])
    padded = surname.rstrip("9")
    return (
        padded.isalpha()
        and len(padded) >= 1
        and (1 <= month <= 12 or 51 <= month <= 62)
        and 1 <= day <= 31
        and not (code[11] == "9" and code[12] != "9")
    )


DETECTORS = (
    CodeKind(
        kind="driving-licence",
        category="identifier",
        pattern=r"\b[A-Z][A-Z9]{4}[ \-]?\d[0156]\d[0-3]\d\d[ \-]?[A-Z9]{2}[ ]?[A-Z0-9][ ]?[A-Z]{2}\b",
        valid=valid,
        alone=0.95,
        loose=0.8,
        rule="DVLA, driver number",
    ),
)
NORTHERN_IRELAND = (
    NumberKind(
        kind="driving-licence",
        category="identifier",
        shapes=((8,),),
        valid=always,
        issued=always,
        alone=0.0,
        rule="DVA Northern Ireland",
    ),
)
