"""Codes of letters and digits (NINO, UPN, driving licence, IBAN, passport): found by shape, judged by label."""

import re

import re2

from milter.detect import driving_licence, iban, nino, passport, upn
from milter.detect.context import latin_options, specimen
from milter.detect.detector import CodeKind, Hit
from milter.detect.page import Page

KINDS: tuple[tuple[str, CodeKind], ...] = (
    ("upn", upn.DETECTORS[0]),
    ("nino", nino.DETECTORS[0]),
    ("licence", driving_licence.DETECTORS[0]),
    ("iban", iban.DETECTORS[0]),
    ("passport", passport.CODES[0]),
)
_COMPILED = tuple(
    (name, kind, re2.compile(kind.pattern.encode("latin-1"), latin_options())) for name, kind in KINDS
)
_COUNTED = re.compile(r" {1,3}x ?\d")
_SEPARATORS = re.compile(r"[\s.\-/]+")

# A case or claim is often numbered by the person's own number, an order or a meter never is.
_OF_A_PERSON = re.compile(
    r"claim|customer|client|case|file|payroll|employee|staff|member|record|patient|tenant|pupil|council tax|document"
)


def patterns() -> tuple[str, ...]:
    """The patterns, for the gate that tells in one pass which occur at all."""
    return tuple(kind.pattern for _, kind in KINDS)


def find(page: Page, present: frozenset[int]) -> list[Hit]:
    """Genuine codes of a passage; `present` are the indexes of the patterns that the gate saw."""
    found: list[Hit] = []
    for at, (name, kind, pattern) in enumerate(_COMPILED):
        if at not in present:
            continue
        for match in pattern.finditer(page.octets):
            hit = _judge(page, name, kind, *match.span())
            if hit is not None:
                found.append(hit)
    return found


def _judge(page: Page, name: str, kind: CodeKind, low: int, high: int) -> Hit | None:
    code = _SEPARATORS.sub("", page.text[low:high]).upper()
    if name == "iban":
        high, code = _trim_iban(page.text, low, high)
    label = page.label(low, high)
    good = kind.valid(code)
    if _made_up(code):
        return None
    if (
        label.name == "other" and not (good and name in ("nino", "upn") and _OF_A_PERSON.search(label.words))
    ) or code.startswith("QQ"):
        return None
    said = f"{label.how} '{label.words[:40]}'"
    if label.name == name:
        confidence, why = (0.99, f"{said}, right form") if good else (kind.loose, f"{said}, taken for a slip")
        if name == "passport":
            confidence, why = kind.loose, said
    else:
        confidence, why = (kind.alone, "right form and check, no label") if good else (0.0, "")
        if name == "nino" and page.text[low:high].islower():
            confidence -= 0.2
        if name == "nino" and (
            page.text[low:high].upper() == "AB123456C" or _COUNTED.match(page.text, high, high + 8)
        ):
            confidence = 0.0  # what everyone types for an example; so many of a part
    if (
        confidence < 0.5
        or page.example(low)
        or (page.specimens and specimen(page.lower[max(0, low - 220) : low], page.lower[high : high + 40]))
    ):
        return None
    return Hit(kind.kind, kind.category, low, high, confidence, why)


def _made_up(code: str) -> bool:
    """Say whether a code's figures are all alike or count up: a placeholder, whatever its check letter says."""
    figures = re.sub(r"\D", "", code)
    return len(figures) >= 6 and (len(set(figures)) == 1 or figures in _COUNTING)


_COUNTING = frozenset(("123456789012", "012345678901", "001234567890", "1234567890123", "000000000000"))


def _trim_iban(text: str, low: int, high: int) -> tuple[int, str]:
    """Cut an IBAN to the length that its country gives, so that a word behind it is not swallowed."""
    wanted = iban.LENGTHS.get(text[low : low + 2].upper(), 34)
    kept: list[str] = []
    at = low
    while at < high and len(kept) < wanted:
        if text[at].isalnum():
            kept.append(text[at].upper())
        at += 1
    return at, "".join(kept)
