"""Labelled identifiers with a scanning or typing slip: O for 0, l for 1, S for 5, a missing suffix.

Only behind a label, or in a column under one: nothing here fires on shape alone.
"""

import re

from milter.detect.context import specimen
from milter.detect.detector import Hit
from milter.detect.finding import Category
from milter.detect.page import Page

_REPAIR = str.maketrans("OoQDIil|SsBZz", "0000111155822")
_DIGITISH = r"[0-9OoQDIil|SsBZz]"
_TEN = rf"(?:{_DIGITISH}[ .\-]{{0,2}}){{9}}{_DIGITISH}"
_SHAPES: tuple[tuple[str, str, Category, re.Pattern[str]], ...] = (
    ("nhs", "nhs-number", "identifier", re.compile(_TEN)),
    ("chi", "chi", "identifier", re.compile(_TEN)),
    ("hc", "hc-number", "identifier", re.compile(_TEN)),
    ("uln", "uln", "identifier", re.compile(_TEN)),
    ("utr", "utr", "identifier", re.compile(_TEN)),
    ("nino", "nino", "identifier",
     re.compile(rf"[A-Za-z0]{{2}}[ .\-/]{{0,2}}(?:{_DIGITISH}[ .\-/]{{0,2}}){{5}}{_DIGITISH}(?:[ .\-/]{{0,2}}[A-Da-d8])?")),
    ("upn", "upn", "identifier", re.compile(rf"[A-Za-z](?:[ .\-]{{0,2}}{_DIGITISH}){{11}}[ .\-]{{0,2}}[0-9A-Za-z]")),
    ("licence", "driving-licence", "identifier",
     re.compile(r"[A-Z0-9]{5}[ \-]?[0-9OIl]{6}[ \-]?[A-Z0-9]{2}[ ]?[A-Z0-9][A-Z0-9]{2}")),
    ("born", "date-of-birth", "identifier", re.compile(rf"{_DIGITISH}{{1,2}}[/.\-]{_DIGITISH}{{1,2}}[/.\-](?:[12l]{_DIGITISH}{{3}}|{_DIGITISH}{{2}})|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d(?!\d)")),
    ("homephone", "phone", "contact", re.compile(rf"[O0]7{_DIGITISH}{{2,3}}(?:[ ]?{_DIGITISH}){{6,8}}")),
    ("phone", "phone", "contact", re.compile(rf"[O0]7{_DIGITISH}{{2,3}}(?:[ ]?{_DIGITISH}){{6,8}}")),
    ("passport", "passport", "identifier", re.compile(rf"(?:{_DIGITISH}[ ]?){{8}}{_DIGITISH}|[A-Z]{{1,2}}[ ]?\d{{6,8}}")),
)  # fmt: skip
_BY_NAME = {name: (kind, category, pattern) for name, kind, category, pattern in _SHAPES}
_GAP = re.compile(
    r"[^A-Za-z0-9\n]{0,6}(?:\n[ \t]*)?(?:(?:is|was|are|no|number|given as|of)[ :]{1,2}){0,2}[^A-Za-z0-9\n]{0,4}"
)


def find(page: Page, taken: list[Hit]) -> list[Hit]:
    """Labelled values that only a slip keeps from their form, where nothing was found already."""
    found: list[Hit] = []
    starts = {hit.start for hit in taken}
    spans = sorted((hit.start, hit.end) for hit in taken)
    for name, end in page.labels.places():
        if name in _BY_NAME:
            gap = _GAP.match(page.text, end, end + 24)
            low = gap.end() if gap else end
            if low not in starts:
                found += _read(page, name, low, spans)
    for block in page.blocks:
        columns = [(at, role) for at, role in enumerate(block.roles) if role in _BY_NAME]
        if columns:
            for low, _, role in page.column_cells(block, columns):
                if low not in starts:
                    found += _read(page, role, low, spans)
    return found


def _read(page: Page, name: str, low: int, spans: list[tuple[int, int]]) -> list[Hit]:
    kind, category, pattern = _BY_NAME[name]
    match = pattern.match(page.text, low, low + 40)
    if not match or page.text[match.end() : match.end() + 1].isalnum():
        return []
    value = match.group()
    digits = sum(char.isdigit() for char in value)
    if kind == "phone" and digits == sum(char.isalnum() for char in value):
        return []  # no slip: judged by its place already
    if (
        digits < 3
        or (digits < 5 and name in ("nino", "passport"))
        or len(set(value.translate(_REPAIR)) - set(" .-/")) < 4
        or re.sub(r"\D", "", value.translate(_REPAIR))
        in ("123456789", "987654321", "1234567890", "123456789012")
    ):
        return []
    if any(start < match.end() and match.start() < end for start, end in spans):
        return []
    if name in ("nhs", "chi", "hc") and value.startswith("999"):
        return []
    if name == "nino" and value.replace(" ", "").upper().startswith("QQ"):
        return []
    if page.specimens and specimen(
        page.lower[max(0, low - 220) : low], page.lower[match.end() : match.end() + 40]
    ):
        return []
    if kind == "date-of-birth" and value.isdecimal():
        confidence, why = 0.9, f"labelled '{name}', six digits"
    else:
        confidence, why = 0.8, f"labelled '{name}', form right but for a slip"
    return [Hit(kind, category, match.start(), match.end(), confidence, why)]
