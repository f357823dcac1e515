"""Dates of birth: a date in any common form beside 'DOB', 'born', a person's age, or in such a column.

A date alone is none; nor is one in the 1800s, whose owner is not living (N3). Only dates near something that makes
them a date of birth are looked at one by one: a log of a million time stamps has none.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

import re2

from milter.detect.context import latin_options, specimen
from milter.detect.detector import Hit
from milter.detect.page import Page

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)"
)
_NTH = (
    r"(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    r"|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
PATTERN = (
    r"\b(?:\d{1,2} ?[/.\-] ?\d{1,2} ?[/.\-] ?(?:(?:19|20)\d{2}|\d{2})|(?:19|20)\d{2}[/.\-]\d{1,2}[/.\-]\d{1,2}|\d{1,2} \d{1,2} (?:19|20)?\d{2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)?[ \-/.]{{0,2}}{_MONTH}\.?,?[ \-/.]{{0,2}}(?:'?\d{{2}}|(?:19|20)\d{{2}})"
    rf"|(?:the )?(?:{_NTH}) (?:day )?(?:of )?{_MONTH},? (?:19|20)\d{{2}}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\b"
)
_DATE = re2.compile(PATTERN.encode("latin-1"), latin_options())
_LABEL = re.compile(
    r"(?P<born>\bd\s?[./]?\s?o\s?[./]?\s?b\b\.?|\bdates?[ _]?of[ _]?births?|\bbirth[ _\-]?dates?\b|\bborn\b|\bbirth ?days?\b|\bbirth\s?[:=]"
    r"|\bd of b\b|\bdobs\b|\bdyddiad geni\b|\bgeni\b|(?:^|[\s,(;])b\.(?=\s{0,2}$)|(?:^|[,(;]\s?)b(?=\s$)|\bdate birth)"
    r"|(?P<other>\bdates?\b|\bstart(?:ed|s|ing)?\b|\bended?\b|\bdue\b|\bissued?\b|\breview\w*|\breceived\b|\bsent\b|\badmi(?:ssion|tted)\b"
    r"|\bjoin(?:ed|ing)\b|\bleft\b|\bleaving\b|\bmeeting\b|\bappointment\b|\bappt\b|\bexpir\w+|\bvalid\b|\bsigned\b|\bprinted\b|\beffective\b"
    r"|\bcompleted\b|\breferr\w+|\bassess\w*|\bseen\b|\bvisit\w*|\bhearing\b|\bincident\b|\bdied\b|\bdeath\b|\bd\.?o\.?d\b|\bsince\b|\btoday\b"
    r"|\bfrom\b|\buntil\b|\bas of\b)"
)
_AGED = re.compile(r"\b(?:aged?|age is|age:)\s?\(?\d{1,2}\b|\b\d{1,2}\s?(?:yrs?|years?)(?:[ \-]old)?\b")
_YEAR = re.compile(r"(?:19|20)\d{2}")


# Whatever makes a date near it one of birth: a label, or an age; each matches more than it must.
_BIRTH = re2.compile(
    rb"\bd\s?[./]?\s?o\s?[./]?\s?b|_dob|birth|born|\bd of b\b|\bgeni\b|\bb\b|\bage|\d\s?y(?:rs?|ears?)\b",
    latin_options(),
)
_INITIALS_BEFORE = rb"(?-i:[A-Z]\.\s?[A-Z]\.?,? ?[(\[]?\s?)(?:(?-i:born |b\.? ?))?|(?-i:[A-Z]{2}),? ?[(\[]\s?"
_BEHIND_SOME_INITIALS = re2.compile(
    rb"(?:" + _INITIALS_BEFORE + rb")(?:" + PATTERN.encode("latin-1") + rb")", latin_options()
)
_GAP = r"(?:'s)?(?:,? ?[(\[]|,|\s[/|\-]|\s?;)?[ ]{0,6}"  # between a name and a date that is its owner's
_NEAR_BEFORE, _NEAR_BEHIND, _LINES_BELOW = 60, 160, 41  # how far a label reaches, at least


def patterns() -> tuple[str, ...]:
    """The pattern, for the gate."""
    return (PATTERN,)


def find(page: Page, names: list[tuple[int, int]]) -> list[Hit]:
    """Dates of birth of a passage; `names` are the spans of people who may be private."""
    found: list[Hit] = []
    ends = sorted(end for _, end in names)
    columns: dict[int, list[str]] = {}
    for low, high in _dates(page, ends):
        confidence, why = _judge(page, low, high, columns)
        if not confidence and _behind_a_name(page, low, high, ends):
            confidence, why = 0.75, "right behind a person's name"
        if (
            not confidence
            and _BEHIND_INITIALS.search(page.text[max(0, low - 12) : low])
            and _long_ago(page.text[low:high])
        ):
            confidence, why = 0.7, "right behind initials"
        if not confidence and _BEHIND_WORDS.search(page.text[max(0, low - 40) : low]):
            if _long_ago(page.text[low:high]):
                confidence, why = 0.7, "in brackets behind two capitalised words"
        if confidence >= 0.5 and _plausible(page.text[low:high]):
            if not (page.specimens and specimen(page.lower[max(0, low - 40) : low], "")):
                found.append(Hit("date-of-birth", "identifier", low, high, confidence, why))
    return found


def _dates(page: Page, ends: list[int]) -> Iterator[tuple[int, int]]:
    """The spans of all dates in lines where one may be of birth, in the order of the text; none crosses a line."""
    done = 0
    for start, stop in sorted(_regions(page, ends)):
        low = page.line(page.line_at(max(start, done)))[0] if start < stop else stop
        high = page.line(page.line_at(min(stop, len(page.text))))[1]
        for match in _DATE.finditer(page.octets, max(low, done), high):
            yield match.span()
        done = max(done, high)


def _regions(page: Page, ends: list[int]) -> Iterable[tuple[int, int]]:
    """Where to look: around labels of birth, behind initials and names, and in columns of dates of birth."""
    last = len(page.starts) - 1
    for match in _BIRTH.finditer(page.octets):
        low, high = match.span()
        below = min(page.line_at(high) + _LINES_BELOW, last)
        yield max(0, low - _NEAR_BEFORE), max(high + _NEAR_BEHIND, page.starts[below])
    for match in _BEHIND_SOME_INITIALS.finditer(page.octets):
        yield match.span()
    for match in _BRACKETED.finditer(page.octets):
        yield match.span()
    for end in ends:
        if _SOON.match(page.text, end):
            yield end, end + _NEAR_BEFORE
    for block in page.blocks:
        if "born" in block.roles:
            yield page.starts[block.first], page.line(block.last)[1]


def _behind_a_name(page: Page, low: int, high: int, ends: list[int]) -> bool:
    """Say whether a date of some years ago stands right behind a name: 'Ella Smith, 12/03/2014', 'Ella Smith (12.3.14)'."""
    at = bisect_right(ends, low) - 1
    if (
        at < 0
        or page.block_at(page.line_at(low)) is not None
        or not re.fullmatch(_GAP, page.text[ends[at] : low])
    ):
        return False
    enclosed = page.text[low - 1 : low] in ("(", "[") and page.text[high : high + 1] in (")", "]", ",", ";")
    return _long_ago(page.text[low:high]) or enclosed


_SOON = re.compile(_GAP + r"[0-9JFMASONDjfmasond]")
_BRACKETED = re2.compile(rb"(?-i:[A-Z])[\w'\-]+ (?-i:[A-Z])[\w'\-]+ \(\d", latin_options())
_BEHIND_WORDS = re.compile(
    r"[A-Z][\w'\-]+ [A-Z][\w'\-]+ \($|[\"')] [A-Z][\w\-]+, $|\b(?:son|daughter|child|baby) [A-Z][\w\-]+,? \(?$"
)
_BEHIND_INITIALS = re.compile(
    r"(?<![A-Za-z.])(?:[A-Z]\.\s?){1,2}[A-Z]\.?,? ?[(\[]?\s?(?:born |b\.? ?)?$|(?<![A-Za-z.])[A-Z]{2},? ?[(\[]\s?$"
)


def _long_ago(value: str) -> bool:
    """Say whether a date is some years past, as a birthday is and an appointment is not."""
    year = _YEAR.search(value)
    digits = value[-2:] if not year else year.group()[2:]
    century = year.group()[:2] if year else ""
    if value.isdigit() and len(value) == 8:
        backwards = value[:2] in ("19", "20") and int(value[4:6]) <= 12
        century, digits = (value[:2], value[2:4]) if backwards else (value[4:6], value[6:])
    return digits.isdigit() and not (century in ("20", "") and 22 <= int(digits) <= 35)


def _plausible(value: str) -> bool:
    numbers = [int(number) for number in re.findall(r"\d+", value)]
    if len(value) == 8 and value.isdigit():
        return True
    year = _YEAR.search(value)
    small = [number for number in numbers if number < 100]
    if year and not 1905 <= int(year.group()) <= 2035:
        return False
    return (
        bool(small)
        and all(number <= 99 for number in small)
        and min(small) >= 0
        and any(1 <= n <= 31 for n in small)
    )


def _judge(page: Page, low: int, high: int, columns: dict[int, list[str]]) -> tuple[float, str]:
    role, head = page.column(low)
    if role:
        return (0.97, f"in a column headed '{head.strip()[:40]}'") if role == "born" else (0.0, "")
    line = page.starts[page.line_at(low)]
    window = page.lower[max(line, low - 70) : low]
    last = None
    for label in _LABEL.finditer(window):
        last = label
    if last is not None:
        between = window[last.end() :]
        if last.lastgroup == "born" and not re.search(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2}", between):
            return 0.97, f"labelled '{last.group().strip(' ,(;')}'"
        if last.lastgroup == "other" and "birth" not in window[last.start() :]:
            if not re.sub(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", "", between).strip(" :.-"):
                return 0.0, ""
    behind = page.lower[high : high + 30]
    if re.match(r"[\s,]{0,2}(?:[(\[\-]\s?)?(?:d\.?o\.?b|date of birth|born|birth)\b", behind):
        return 0.95, "followed by its label"
    if page.field(low)[0] == "born":
        return 0.95, "in a field of the date of birth"
    if _above(page, line, low):
        return 0.9, "under a line that says date of birth"
    if ":" not in window[-30:] and not _in_cells(page, low) and _loose(page, low, line, columns):
        return 0.8, "under a heading line with date of birth"
    before = page.lower[max(0, low - 30) : low]
    if _AGED.search(before[-22:]) and before.rstrip()[-1:] in "(,":
        return 0.8, "beside a person's age"
    if re.match(r"\s?\)?[\s,]{1,2}\(?aged?\b", behind):
        return 0.75, "beside a person's age"
    return 0.0, ""


def _in_cells(page: Page, low: int) -> bool:
    """Say whether a date stands in a table whose cells are parted by signs, so that its own heading is known."""
    block = page.block_at(page.line_at(low))
    return block is not None and block.delimiter in ("\t", "|")


def _above(page: Page, line: int, low: int) -> bool:
    """The date stands at the start of its line and the line above is a label of birth alone."""
    if page.text[line:low].strip(" \t-:.*|>#"):
        return False
    start = max(0, line - 120)
    above = page.lower[start:line].rstrip().rsplit("\n", 1)[-1].strip()
    last = None
    for label in _LABEL.finditer(above):
        last = label
    return last is not None and last.lastgroup == "born" and len(above) <= len(last.group()) + 24


def _loose(page: Page, low: int, line: int, columns: dict[int, list[str]]) -> bool:
    """In text set like a table but parted by single blanks: the n-th date under the n-th heading of a date."""
    number = page.line_at(low)
    for up in range(number - 1, max(-1, number - 40), -1):
        if up not in columns:
            start, end = page.line(up)
            words = page.lower[start:end]
            columns[up] = _date_heads(words) if words.strip() else ["end"]
        heads = columns[up]
        if heads == ["end"]:
            return False
        if heads:
            nth = len(_DATE.findall(page.octets[line:low]))
            return nth < len(heads) and heads[nth] == "born"
    return False


def _date_heads(words: str) -> list[str]:
    """Which dates a heading line promises, left to right; [] where it is no heading line."""
    if len(words) > 160 or re.search(r"\d{2}|:", words):
        return []
    if not re.search(
        r"\bname|\bpupil|\bchild|\bsurname|\bforename|\bupn\b|\bnhs\b|\bclient|\bpatient|\btenant|\bemployee|\bsex\b|\bgender|\baddress",
        words,
    ):
        return []
    return [
        match.lastgroup or ""
        for match in _LABEL.finditer(words)
        if match.lastgroup == "born" or "date" in match.group()
    ]
