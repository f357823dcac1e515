"""Passport numbers: nine digits for the United Kingdom, without a public check digit: only beside a label."""

from milter.detect.detector import CodeKind, NumberKind, always

DETECTORS = (
    NumberKind(
        kind="passport",
        category="identifier",
        shapes=((9,), (3, 3, 3), (2, 7), (4, 5), (2, 6, 1), (8,)),
        valid=always,
        issued=always,
        alone=0.0,
        rule="ICAO Doc 9303; HM Passport Office",
    ),
)
CODES = (
    CodeKind(
        kind="passport",
        category="identifier",
        pattern=r"\b(?:[A-Z]{1,2} ?\d{6,8}[A-Z]?|\d{2}[A-Z]{2}\d{5}|[A-Z]\d{2}[A-Z0-9]{6})\b",  # other countries'
        valid=always,
        alone=0.0,
        loose=0.8,
        rule="ICAO Doc 9303",
    ),
)
