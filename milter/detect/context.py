"""What stands beside a value: the label that names it, or the words that make it something else (pitfall 26).

A value is read as a person would read it: the nearest label to its left on the line decides, else a label
right behind it in brackets, else a short label line above, else the header of its column (see tables). Labels
are found once for a passage by RE2 and looked up by place; every look-up is bounded.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

FAR = 64  # characters between a label and its value at most, on one line
_REACH = 2 * FAR + 200 + 80 + FAR  # characters before a value beyond which no label is looked for

_NO = r"(?:[ _\-]{0,2}(?:n[o0]s?|num|numbers?|nr|#|id|ref(?:erence)?|identifier|code)\b\.?)"
_WHO = (
    r"(?:home|parents?'?s?|mum'?s?|dad'?s?|mother'?s?|father'?s?|carer'?s?|guardian'?s?|emergency|next of kin|nok|personal"
    r"|private|his|her|their|daytime|evening|client'?s?|tenant'?s?|patient'?s?|claimant'?s?|applicant'?s?|my|family|partner'?s?"
    r"|husband'?s?|wife'?s?|son'?s?|daughter'?s?|gran'?s?|nan'?s?|aunt'?s?|resident'?s?|complainant'?s?|pupil'?s?|child'?s?)"
)
_KNOWN = (
    r"invoice|inv|purchase order|purchase|p/o|quote|quotation|product|part|item|stock|sku|catalogue|model|serial|s/n|asset"
    r"|batch|lot|barcode|ean|gtin|upc|tracking|parcel|consignment|delivery|despatch|dispatch|shipment|waybill|job|ticket|incident"
    r"|helpdesk|call ref|meter|mpan|mprn|supply|isbn|issn|company|charity|vat|registration|registered|reg|crn|receipt|transaction"
    r"|txn|booking|reservation|voucher|coupon|gift card|contract|tender|policy|claim|customer|supplier|vendor|creditor|debtor"
    r"|membership|member|library card|library|loyalty|uprn|usrn|urn|ukprn|laestab|dfe|estab|ofsted|duns|grid|easting|northing"
    r"|planning|application|imei|sim|iccid|version|build|release|plate|tag|crime|case|file|ledger|cost centre|budget|journal"
    r"|project|grant|council tax|business rates|rates|swift|bic|giro|fund|order|hospital|exam|candidate|record|centre|payroll"
    r"|employee|staff|patient|system|device|machine|engine|chassis|vin|drawing|certificate|cert|document|doc"
)
_LABELS = (
    ("nhs", rf"\bn\.?\s?h\.?\s?s\.?[ _\-]?(?:patient )?{_NO}|\bnhs(?:no|num(?:ber)?)\b|\bnhs\s?[:=]|\bnational health service{_NO}"),
    ("chi", rf"\bc\.?h\.?i\.?{_NO}|\bchi\s?[:=]|\bcommunity health index{_NO}?"),
    ("hc", rf"\bh\s?(?:&|\+|and)\s?c{_NO}?|\bhcn\b|\bhealth (?:and|&) (?:social )?care{_NO}|\bhsc{_NO}"),
    ("uln", rf"\bulns?\b{_NO}?|\bu\.? ?l\.? ?n\b\.?|\bunique[ _]learner{_NO}|\blearner{_NO}"),
    ("utr", rf"\butrs?\b{_NO}?|\bu\.? ?t\.? ?r\b\.?|\bunique tax(?:payer)?(?:'s)?{_NO}|\btax(?:payer)?(?:'s)? ref(?:erence)?{_NO}?|\btax(?:payer)?{_NO}"
            rf"|\bself[ \-]?assessment{_NO}|\bsa[ _\-]{_NO}"),
    ("upn", rf"\bu\.? ?p\.? ?n\.?s?\b{_NO}?|\bunique[ _]pupil{_NO}|\bpupil{_NO}"),
    ("nino", rf"\bn\.?\s?i\.?{_NO}|\bninos?\b{_NO}?|\bni(?:num(?:ber)?)\b|\bnat(?:ional|\.)?[ _]?ins(?:urance|\.)?{_NO}?|\bni\s?[:=]|\bnin\b"
             rf"|\bn\.i\.(?:\s?[:=])?"),
    ("passport", rf"\bpassport(?:no|num(?:ber)?)\b|\bpassports?\b{_NO}?|\bppts?\b{_NO}?"),
    ("licence", rf"\bdriv(?:ing|er'?s?)[ _]?(?:licen[cs]es?{_NO}?|{_NO})|\bdln\b|\bdvla\b{_NO}?|\blicen[cs]e{_NO}"),
    ("iban", r"\bibans?\b"),
    ("card", rf"\b(?:credit|debit|bank|payment|visa|mastercard|amex|barclaycard|maestro|purchase|corporate)[ _]?cards?{_NO}?"
             rf"|\bcard{_NO}|\bcards? on file\b|\blong (?:card )?number|\bvisa\b|\bmastercard\b|\bamex\b|\bamerican express\b|\bcard\s?[:=]"),
    ("sort", r"\bsort(?:ing)?[ \-_]?(?:code|no\b)|^sc$|^s ?code$|\bs/c\b|\bs\.?c\.?\s?[:=]|\bsort\b"),
    ("account", rf"^ac ?no$|\bacc(?:oun)?t?(?:no|num(?:ber)?)\b|\b(?:bank[ _])?(?:account|acc(?:oun)?t?|a/c)\b\.?{_NO}?|\bbank details\b|\bbank\s?[:\-]"),
    ("born", r"\bd\s?[./]?\s?o\s?[./]?\s?b\b\.?|\bdate[ _]?of[ _]?birth|\bbirth[ _\-]?dates?\b|\bborn\b|\bbirth ?days?\b|\bdate birth"
             r"|\bbirth\s?[:=]|\bd of b\b|\bdobs\b|\bdyddiad geni\b|\bgeni\b"),
    ("homephone", rf"\b{_WHO}\b[^\n:;,.\t]{{0,16}}\b(?:tel(?:ephone)?|phone|mobile|mob|contact|cell|landline)\b"
                  r"(?:\s?no\.?| number)?|\b(?:home|daytime|evening|emergency) numbers?\b"),
    ("phone", r"\b(?:tel(?:ephone)?|phone|mobile|mob|cell|landline|fax|call|ring|text|helpline|switchboard|ext(?:ension)?"
              r"|whatsapp|dial|rang|phoned|called|contact)\b\.?(?:\s?(?:no\.?|numbers?|details|tel))?"),
    ("other", rf"\b(?:{_KNOWN})\b\.?{_NO}|\b(?:isbn(?:-1[03])?|issn|uprn|usrn|urn|mpan|mprn|imei|iccid|sku|ean|gtin|vat|ukprn|laestab"
              r"|crn|duns|barcode|serial|s/n|meter|order|invoice|ticket|asset|product|part|batch|tracking|consignment|parcel|charity"
              r"|version|receipt|transaction|voucher|easting|northing|po|model)\b(?:\s?[:#])?|\bref(?:erence)?s?\b\.?(?:\s?(?:nos?|numbers?)\b)?\.?|\bcat\.|\bquoting\b|\bdocket\b|\bmpan\b|\bcompany no"),
    ("nhs~", r"\bnhs\b"),
    ("chi~", r"\bchi\b"),
    ("uln~", r"\blearner\b"),
    ("other~", r"\b(?:job|batch|lot|item|supply|call|route|marker|policy|booking|case|file|plot|unit|loan|stock|drawing|kit|torque sheet|rent account|council tax account|customer account|energy account)\b"),
    ("nino~", r"\bni\b"),
    ("born~", r"\bb\.|\bb\b"),
)  # fmt: skip
_PATTERN = "|".join(f"(?:{pattern})" for _, pattern in _LABELS)
_NAMED = re.compile("|".join(f"(?P<k{at}>{pattern})" for at, (_, pattern) in enumerate(_LABELS)))
_LIKE = r"e\.?\s?g\b\.?|for examples?|examples?|for instance|such as|formats?|in the form(?: of)?|looks? like|specimens?|samples?|dummy|placeholder|fictional|fictitious|invented|made[- ]up|illustration"
_NAMING = (
    r"(?:nhs|ni|nino|upn|uln|utr|chi|h&c|national|insurance|unique|pupil|learner|taxpayer|card|bank|account|sort|code|numbers?|nos?|passport|driving|licence|dob|date|of|birth"
    r"|values?|records?|is|are|as|the|a|an|in|form|like|follows|shown|and|or|with|:|,|\.|\(|\"|'|-|=|\s)"
)
_SPECIMEN_BEFORE = re.compile(rf"\b(?:{_LIKE}){_NAMING}{{0,20}}$")
_SPECIMEN_AFTER = re.compile(
    r"^[\s,;\")\]]{0,3}[(\[-]?\s?(?:is |are |was )?(?:an? |the |only an? |just an? )?(?:e\.?g\b|examples?\b|specimen|sample\b|dummy|fictional|fictitious|made[- ]up|invented|placeholder|not (?:a )?(?:real|genuine|valid)|test (?:number|value|data|record|patient|card)|illustrat)"
)
_SPECIMEN_NEAR = re.compile(
    r"\b(?:dummy|fictitious|fictional|fake|made[- ]up|test (?:cards?|data|patients?|pupils?|numbers?|accounts?|records?)|do not use|not (?:a )?real|placeholders?|specimens? (?:only|number|form|letter))\b"
)


_CONSUMED = re.compile(
    r"\d{3}[^\n]{0,30}?[.!?]\s"
)  # a value, then the end of a sentence: the label was for another


def latin_options() -> re2.Options:
    """RE2 over Latin-1 octets without captures: the fast way."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


def cased_options() -> re2.Options:
    """The same where a capital letter is none but itself."""
    options = latin_options()
    options.case_sensitive = True
    return options


_RE2 = re2.compile(_PATTERN.encode("latin-1"), latin_options())


@lru_cache(maxsize=4096)
def _name(words: str) -> str:
    match = _NAMED.match(words)
    return _LABELS[int((match.lastgroup or "k0")[1:])][0] if match else ""


def header_name(words: str) -> str:
    """Name of the label that a heading (lower case) is or holds; '' for none."""
    if words.isascii() and _RE2.search(words.encode()) is None:
        return ""
    match = _NAMED.search(words)
    return _LABELS[int((match.lastgroup or "k0")[1:])][0].rstrip("~") if match else ""


@dataclass(frozen=True, slots=True)
class Label:
    """A label in the text, or none at all ('')."""

    name: str = ""
    words: str = ""
    how: str = "labelled"  # 'labelled', 'under the label', 'followed by', 'in a column headed'


NO_LABEL = Label()


class Labels:
    """The labels of one passage, by place."""

    __slots__ = ("_ends", "_spans", "_text")

    def __init__(self, text: str, octets: bytes) -> None:
        """Find every label of a passage; `text` in lower case."""
        self._text = text.replace("_", " ")  # 'refund_sort='
        self._spans = [match.span() for match in _RE2.finditer(octets.replace(b"_", b" "))]
        self._ends = [end for _, end in self._spans]

    def before(self, start: int, low: int = 0) -> Label:
        """The nearest label on the same line (from `low` on) left of a value, or a label line just above."""
        text = self._text
        line = text.rfind("\n", max(0, start - 2 * FAR), start) + 1
        label = self._nearest(max(line, start - FAR, low), start)
        if label.name or low or not line or text[line:start].strip(" \t-:.*|>#"):
            return label
        low = max(0, line - 200)
        above_end = low + len(text[low:line].rstrip())
        above = text.rfind("\n", low, above_end) + 1
        if above_end - above > 80:
            return NO_LABEL
        label = self._nearest(above, above_end)
        if label.name and len(text[above:above_end].strip()) <= len(label.words) + 24:
            return Label(label.name, label.words, "under the label")
        return NO_LABEL

    def near(self, start: int, end: int) -> bool:
        """Whether any label is where `before` or `after` may find it for a value within this span."""
        at = bisect_left(self._ends, start - _REACH)
        return at < len(self._spans) and self._spans[at][0] <= end + FAR

    def places(self) -> Iterator[tuple[str, int]]:
        """Name and end of every label, in the order of the text."""
        for start, end in self._spans:
            yield _name(self._text[start:end]).rstrip("~"), end

    def _nearest(self, low: int, high: int) -> Label:
        at = bisect_left(self._ends, high + 1) - 1
        while at >= 0 and self._spans[at][0] >= low:
            start, end = self._spans[at]
            words = self._text[start:end]
            name = _name(words)
            if name.endswith("~"):  # short words that are labels only right before the value
                if self._text[end:high].strip(" \t:.-=(") == "":
                    return Label(name[:-1], words)
                at -= 1
                continue
            if _CONSUMED.search(self._text, end, high):
                return NO_LABEL
            return Label(name, words.strip())
        return NO_LABEL

    def after(self, end: int) -> Label:
        """A label that follows a value directly: '943 476 5919 (NHS number)'."""
        window = self._text[end : end + 40]
        head = re.match(r"[\s,]{0,2}(?:[(\[]|is (?:the|his|her|their|my)|[-=] |as |being )\s?", window)
        if not head:
            return NO_LABEL
        at = bisect_left(self._ends, end)
        while at < len(self._spans) and self._spans[at][0] <= end + head.end() + 8:
            start, stop = self._spans[at]
            if start >= end:
                words = self._text[start:stop]
                return Label(_name(words).rstrip("~"), words.strip(), "followed by")
            at += 1
        return NO_LABEL


MAY_BE_SPECIMEN = re2.compile(  # without any of these in a text, nothing in it is presented as an example
    rb"\be\.?\s?g|example|instance|such as|format|in the form|looks? like|specimen|sample|dummy|placeholder|fictional|fictitious|invented"
    rb"|made[- ]up|illustrat|not (?:a )?(?:real|genuine|valid)|test (?:number|value|data|record|patient|card|pupil|account)|fake|do not use",
    latin_options(),
)


def specimen(before: str, after: str) -> bool:
    """Say whether the words around a value present it as an example (N3); both in lower case."""
    return bool(
        _SPECIMEN_BEFORE.search(before[-60:])
        or _SPECIMEN_AFTER.match(after[:40])
        or _SPECIMEN_NEAR.search(before[-220:])
    )
