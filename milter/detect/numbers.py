"""Numbers in groups of digits: found once, told apart by residue, then range, label, header and company.

NHS numbers, learner numbers, taxpayer references and telephone numbers all have ten digits or so, and one
random number in eleven passes a modulus 11 check. So a label wins over a residue, a label of something else
(order, meter, ISBN) silences it, and a lone number counts only where its form is common and its check right.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2

from milter.detect import (
    bank,
    chi_number,
    driving_licence,
    hc_number,
    nhs_number,
    passport,
    payment_card,
    uln,
    utr,
)
from milter.detect.context import NO_LABEL, Label, latin_options, specimen
from milter.detect.detector import Hit, NumberKind
from milter.detect.page import Page

# The label's name of each kind, in the order in which a lone number is tried.
KINDS: tuple[tuple[str, NumberKind], ...] = (
    ("nhs", nhs_number.DETECTORS[0]),
    ("hc", hc_number.DETECTORS[0]),
    ("chi", chi_number.DETECTORS[0]),
    ("uln", uln.DETECTORS[0]),
    ("utr", utr.DETECTORS[0]),
    ("card", payment_card.DETECTORS[0]),
    ("passport", passport.DETECTORS[0]),
    ("sort", bank.SORT_CODES[0]),
    ("account", bank.ACCOUNTS[0]),
    ("licence", driving_licence.NORTHERN_IRELAND[0]),
)
_BY_LABEL = dict(KINDS)
_CLUMP = re2.compile(rb"\d(?:[ .\-/\t]{0,2}\d|[ .\-]?\n[ >]{0,2}\d|\t ?\d){5,}", latin_options())
# Whatever holds a number that may count without a label: the first shapes of the kinds with a worth of their own.
_ALONE = re2.compile(
    rb"\d{10}|\d{3}[ .\-]{1,2}\d{3}[ .\-]{1,2}\d{4}|\d{5}[ .\-]{1,2}\d{5}|\d{4}[ .\-]{1,2}\d{4}[ .\-]{1,2}\d{4}"
    rb"|\d{4}[ .\-]{1,2}\d{6}[ .\-]{1,2}\d{5}",
    latin_options(),
)
_GROUP = re.compile(r"\d+")
_TENS = (
    (1,) * 10,
    (2, 2, 2, 2, 2),
    (3, 7),
    (6, 4),
    (5, 5),
    (4, 3, 3),
    (3, 4, 3),
    (4, 6),
    (3, 3, 2, 2),
    (3, 3, 1, 3),
)
_OBVIOUS = frozenset(
    (
        "1234567890",
        "0123456789",
        "0987654321",
        "9876543210",
        "1231231234",
        "12345678",
        "123456789",
        "987654321",
        "00000000",
        "12341234",
    )
)


def _shapes() -> dict[tuple[int, ...], tuple[str, ...]]:
    """Which kinds each grouping may be; groupings that only a label justifies are in too."""
    found: dict[tuple[int, ...], tuple[str, ...]] = {}
    for name, kind in KINDS:
        for shape in kind.shapes:
            found[shape] = (*found.get(shape, ()), name)
    tens = ("nhs", "hc", "chi", "uln", "utr")
    for shape in (*_TENS, (3, 3, 4), (10,)):
        found[shape] = tuple(dict.fromkeys((*found.get(shape, ()), *tens)))
    found[(1,) * 16] = found[(1,) * 6] = found[(1,) * 8] = ()
    found[(1,) * 16], found[(1,) * 6], found[(1,) * 8] = ("card",), ("sort",), ("account",)
    return found


_SHAPES = _shapes()
# How many groups a shape may have, the most first, by the length of its first group.
_COUNTS = {
    first: sorted({len(shape) for shape in _SHAPES if shape[0] == first}, reverse=True)
    for first in {shape[0] for shape in _SHAPES}
}


@dataclass(slots=True)
class Number:
    """Some groups of a clump that together have the shape of an identifier."""

    start: int
    end: int
    digits: str
    shape: tuple[int, ...]
    names: tuple[str, ...]  # labels of the kinds that it may be
    joined: bool  # no separator, or the same one throughout, on one line
    bare: bool  # no letter or other digit touches it


def numbers(page: Page) -> Iterator[Number]:
    """Every run of digits with the shape of some identifier; overlapping readings of a clump are all given.

    Left out are those that nothing names and whose shape alone says nothing, such as the time stamps of a log.
    """
    text = page.text
    for low, high in _clumps(page):
        groups = [match.span() for match in _GROUP.finditer(text, low, high)]
        if len(groups) == 1 and not 6 <= groups[0][1] - groups[0][0] <= 19:
            continue
        lengths = tuple(end - start for start, end in groups)
        for at in range(len(groups)):
            for count in _COUNTS.get(lengths[at], ()):
                names = _SHAPES.get(lengths[at : at + count]) if at + count <= len(groups) else None
                if names:
                    yield _number(text, groups[at : at + count], lengths[at : at + count], names)


def _clumps(page: Page) -> Iterator[tuple[int, int]]:
    """The spans of digits in groups that may count: of a telling shape, in a table or near a label."""
    telling = [match.start() for match in _ALONE.finditer(page.octets)]
    passports = "passport" in page.lower  # may head a list of lines
    if not telling and not passports and not page.blocks and not page.labels.near(0, len(page.text)):
        return
    for clump in _CLUMP.finditer(page.octets):
        low, high = clump.span()
        at = bisect_left(telling, low)
        if (
            (at < len(telling) and telling[at] < high)
            or (page.blocks and _in_a_table(page, low, high))
            or passports
            or page.labels.near(low, high)
        ):
            yield low, high


def _in_a_table(page: Page, low: int, high: int) -> bool:
    first, last = page.line_at(low), page.line_at(high)
    return last > first + 1 or page.block_at(first) is not None or page.block_at(last) is not None


def _number(
    text: str, groups: list[tuple[int, int]], shape: tuple[int, ...], names: tuple[str, ...]
) -> Number:
    start, end = groups[0][0], groups[-1][1]
    gaps = {text[a[1] : b[0]] for a, b in zip(groups, groups[1:], strict=False)}
    before, after = text[start - 1 : start], text[end : end + 1]
    return Number(
        start,
        end,
        "".join(text[low:high] for low, high in groups),
        shape,
        names,
        joined=len(gaps) <= 1 and not any("\n" in gap or "\t" in gap or "/" in gap for gap in gaps),
        bare=not (
            before.isalnum()
            or after.isalnum()
            or before in ("_", "$", "\xa3", "=", "/", "%", "+", "@")
            or after in ("_", "@")
        ),
    )


def find(page: Page, company: frozenset[str], people: Sequence[int] = ()) -> list[Hit]:
    """Genuine numbers of a passage.

    `company` names what else the document speaks of: 'health', 'learner', 'tax'; `people` are the ends of their names.
    """
    found: list[Hit] = []
    ends = frozenset(people)
    lone: list[Number] = []
    for number in numbers(page):
        label = page.label(number.start, number.end)
        hit = _judge(page, number, label, company, beside=_beside(page, number.start, ends))
        if hit is not None:
            found.append(hit)
        elif number.shape == (10,) and not label.name and number.bare:
            lone.append(number)
    return found + _pairs(page, found) + _runs(page, lone)


def _beside(page: Page, low: int, ends: frozenset[int]) -> bool:
    """Say whether a person's name ends right before a number."""
    before = page.text[max(0, low - 4) : low]
    return low - len(before) + len(before.rstrip(" \t,:;-(=")) in ends


def _runs(page: Page, lone: list[Number]) -> list[Hit]:
    """Learner numbers without any label, each alone on its line: three that all pass are no chance."""
    found: list[Hit] = []
    run: list[Number] = []
    for number in [*lone, None]:
        if number and run and page.line_at(number.start) - page.line_at(run[-1].start) == 1:
            run.append(number)
            continue
        if len(run) >= 3 and all(uln.valid(one.digits) for one in run):
            why = "one of a list of numbers that all have a learner number's check digit"
            found += [Hit("uln", "identifier", one.start, one.end, 0.75, why) for one in run]
        run = [number] if number else []
    return found


def _pairs_of(page: Page) -> Iterator[re.Match[str]]:
    if _SOME_PAIR.search(page.octets) is None:
        return
    yield from _PAIR.finditer(page.text)
    for match in _PLAIN_PAIR.finditer(page.text):
        before = page.lower[max(0, match.start() - 80) : match.start()]
        if _PAYMENT.search(before) or (page.passage.table and page.private_rows(match.start())):
            yield match


def _pairs(page: Page, found: list[Hit]) -> list[Hit]:
    """A sort code and an account number that stand together, where at most one of them bears a label."""
    known = {hit.start for hit in found}
    more: list[Hit] = []
    for match in _pairs_of(page):
        spans = (match.span(1), match.span(2))
        if len(set(match[2])) == 1 or match[2].startswith("000000"):
            continue
        if any(span[0] not in known for span in spans) and page.labels.before(match.start(1)).name != "other":
            more += [
                Hit("bank", "financial", *span, 0.85, "a sort code and an account number together")
                for span in spans
                if span[0] not in known
            ]
    return more


# What must not stand before a pair is looked for behind its first digit: so only digits are tried.
_PLAIN_PAIR = re.compile(r"(\d(?<![\d\-/.]\d)\d{5})[ ,;:/|]{1,3}(\d{8})(?![\d\-/])")
_PAYMENT = re.compile(
    r"\b(?:bank|pay|paid|refund|sort|account|acc|a/c|wages|salary|transfer|bacs|money|expenses|nationwide|barclays|lloyds|natwest|halifax|santander|hsbc|monzo|starling)\b[^\n]{0,60}$"
)
_PAIR = re.compile(
    r"(\d(?<![\d\-/.]\d)\d[ \-]\d\d[ \-]\d\d)[ ,;:/|\t\-\n]{1,5}(?:(?:and|a/?c(?:count|c)?(?: ?no\.?)?|account(?: ?(?:no\.?|number))?|number|no\.?)[: ]{0,2})?(\d{8}|\d{4} \d{4})(?![\d\-/])"
)


_SOME_PAIR = re2.compile(  # whatever either of them matches
    rb"\d\d[ \-]?\d\d[ \-]?\d\d[ ,;:/|\t\-\n]{1,5}"
    rb"(?:(?:and|a/?c(?:count|c)?(?: ?no\.?)?|account(?: ?(?:no\.?|number))?|number|no\.?)[: ]{0,2})?\d{4} ?\d{4}",
    latin_options(),
)


def _judge(
    page: Page, number: Number, label: Label, company: frozenset[str], *, beside: bool = False
) -> Hit | None:
    if number.digits in _OBVIOUS or number.digits in payment_card.PUBLISHED or len(set(number.digits)) == 1:
        return None
    if number.digits.startswith("999") and len(number.digits) == 10:
        return None  # the range that the NHS keeps for tests
    low, high = number.start, number.end
    if label.name == "other":
        good = "nhs" in number.names and nhs_number.DETECTORS[0].valid(number.digits)
        if not (good and re.search(r"patient|hospital", label.words)):
            return None
        label = Label("nhs", label.words, label.how)
    if not label.name and number.shape == (9,) and _under_passports(page, low):
        label = Label("passport", "passport", "in a list under")
    name = _labelled(number, label)
    if name:
        kind = _BY_LABEL[name]
        if not number.bare and page.text[low - 1 : low].isalnum():
            return None
        confidence, why = _with_label(kind, number, label)
    elif (
        label.name in _BY_LABEL
        and label.name not in ("account", "card", "licence")
        and label.how == "labelled"
    ):
        return None  # labelled as a kind that it can't be
    else:
        kind, confidence, why = _alone(number, label, company, beside=beside)
        if kind.kind != "payment-card" and _of_goods(page, low):
            return None
        if "card" in number.names and payment_card.issued(number.digits) and _expiry(page, low, high):
            kind, confidence, why = _BY_LABEL["card"], max(confidence, 0.75), "beside an expiry date"
    if (
        confidence < 0.5
        or page.example(low)
        or (page.specimens and specimen(page.lower[max(0, low - 220) : low], page.lower[high : high + 40]))
    ):
        return None
    return Hit(kind.kind, kind.category, low, high, confidence, why)


_EXPIRES = re.compile(r"\W{0,3}(?:(?:exp\w*|valid to|end)\W{0,3})?(?:0[1-9]|1[0-2]) ?/ ?(?:20)?[2-4]\d\b")
_CARDHOLDER = re.compile(
    r"\b(?:exp(?:iry|ires)?|cvv|cvc|security code|on the back|cardholder|name on card)\b"
)


def _expiry(page: Page, low: int, high: int) -> bool:
    """Say whether a card's expiry stands behind a number, or the words of paying by card do."""
    return bool(
        _EXPIRES.match(page.lower, high, high + 24) or _CARDHOLDER.search(page.lower, high, high + 60)
    ) and not page.lower[max(0, low - 40) : low].rstrip().endswith(("ref", "no.", "number"))


def _labelled(number: Number, label: Label) -> str:
    """The kind that the label says, if the number can be that."""
    if label.name in number.names:
        return label.name
    if label.name == "nhs" and len(number.digits) == 10:
        return "nhs"
    if label.name == "account" and number.shape in bank.SORT_CODES[0].shapes and number.shape == (2, 2, 2):
        return "sort"
    if label.name == "account" and "card" in number.names and payment_card.valid(number.digits):
        return "card"
    return ""


def _with_label(kind: NumberKind, number: Number, label: Label) -> tuple[float, str]:
    said = f"{label.how} '{label.words[:40]}'"
    if kind.kind in ("passport", "bank", "driving-licence"):
        return 0.9, f"{said}, {len(number.digits)} digits"
    if kind.valid(number.digits):
        where = "issued range" if kind.issued(number.digits) else "range not known to be issued"
        return (0.99 if kind.issued(number.digits) else 0.9), f"{said}, check digit right, {where}"
    return 0.75, f"{said}, check digit wrong: taken for a slip"


def _under_passports(page: Page, low: int) -> bool:
    """Say whether a number stands in a list, one a line, whose heading speaks of passports."""
    number = page.line_at(low)
    for up in range(number - 1, max(-1, number - 60), -1):
        line = page.lower[slice(*page.line(up))]
        if not re.search(r"\d{9}\s*$", line):
            return re.search(r"\bpassports?\b", line) is not None
    return False


def _of_goods(page: Page, low: int) -> bool:
    """Say whether a number stands in a table that lists no people."""
    block = page.block_at(page.line_at(low))
    return block is not None and not page.private_block(block)


def _alone(
    number: Number, label: Label, company: frozenset[str], *, beside: bool
) -> tuple[NumberKind, float, str]:
    """Judge a number that nothing names: form and check digit, then the company it keeps."""
    none = (_BY_LABEL["nhs"], 0.0, "")
    if (
        not number.bare
        or not number.joined
        or (label.name in ("phone", "homephone", "account", "card", "sort") and "card" not in number.names)
    ):
        return none
    goods = "business" in company and "health" not in company
    for name in number.names:
        kind = _BY_LABEL[name]
        if goods and name != "card":
            continue  # numbers of goods, orders and customers come in every shape
        if not kind.alone or number.shape not in kind.shapes[:5]:
            continue
        if not (kind.issued(number.digits) and kind.valid(number.digits)):
            continue
        confidence, why = kind.alone, "check digit right, issued range, no label"
        if number.shape == (10,):
            confidence -= 0.4
        wanted = {"nhs": "health", "hc": "health", "uln": "learner", "utr": "tax"}.get(name, "")
        if wanted in company:
            confidence, why = confidence + 0.35, f"{why}, in a text about {wanted}"
        if beside:
            confidence, why = confidence + 0.3, f"{why}, right behind a person's name"
        if confidence >= 0.5:
            return kind, min(confidence, 0.9), why
    return none


__all__ = ["KINDS", "NO_LABEL", "Number", "find", "numbers"]
