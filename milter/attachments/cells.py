"""What a spreadsheet cell shows: numbers and dates by their format, as a person reads them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

DATE_IDS = frozenset((14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)))  # ECMA-376 part 1, 18.8.30
TIME_IDS = frozenset((18, 19, 20, 21, 45, 46, 47))
XF = re.compile(rb"<(?:\w+:)?xf\b[^>]*?\bnumFmtId=[\"'](\d{1,9})")
FORMAT = re.compile(rb"<(?:\w+:)?numFmt\b([^>]*)")
FORMAT_ID = re.compile(rb"numFmtId=[\"'](\d{1,9})")
FORMAT_CODE = re.compile(rb"formatCode=(?:\"([^\"]*)\"|'([^']*)')")
LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
ZEROS = re.compile(r'[0\\ "\-/]*0[0\\ "\-/]*')  # '00000000', '00-00-00': every digit shown, zeros too
NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{0,40})?(?:[eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Styles:
    """How cell styles show numbers: by index of the style, 'date', 'time', a format of zeros, or ''."""

    kinds: tuple[str, ...] = ()
    from_1904: bool = False

    @classmethod
    def of(cls, styles: bytes, workbook: bytes) -> "Styles":
        """From the bytes of styles.xml and workbook.xml."""
        codes: dict[int, str] = {}
        for attributes in FORMAT.findall(styles):
            number, code = FORMAT_ID.search(attributes), FORMAT_CODE.search(attributes)
            if number and code:
                raw = code[1] or code[2] or b""
                codes[int(number[1])] = raw.decode("utf-8", "replace").replace("&quot;", '"')
        start = max(0, styles.find(b"cellXfs"))
        kinds = tuple(kind_of(int(number), codes) for number in XF.findall(styles, start)[:65_536])
        return cls(kinds, b"date1904" in workbook and b'date1904="0"' not in workbook)


def kind_of(number: int, codes: dict[int, str]) -> str:
    """'date', 'time', a format made of zeros, or '' for other formats."""
    if number in DATE_IDS:
        return "date"
    if number in TIME_IDS:
        return "time"
    code = codes.get(number, "").split(";")[0]
    if ZEROS.fullmatch(code):
        return code
    letters = LITERAL.sub("", code).lower()
    if "d" in letters or "y" in letters:
        return "date"
    return "time" if ("h" in letters or "ss" in letters) and "general" not in letters else ""


@lru_cache(maxsize=20_000)
def column_number(reference: str) -> int:
    """'C7' and 'C' are 3; 0 where there is no reference."""
    number = 0
    for letter in reference[:3]:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number


def shown(value: str, kind: str, style: str, styles: Styles) -> str:
    """The text of one cell that is not a string. `style` is the number of its style, in digits."""
    if kind == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(value, value)
    if kind == "d":
        return iso_date(value)
    if kind != "n" or not value:
        return value
    if not style and value.isdecimal():
        return value
    try:
        look = styles.kinds[int(style)] if style else ""
    except (ValueError, IndexError):
        look = ""
    return number_shown(value, look, from_1904=styles.from_1904)


def number_shown(value: str, look: str, *, from_1904: bool = False) -> str:
    """A number in the look of its format."""
    if look == "date":
        return date_of(value, from_1904=from_1904)
    if look and look != "time" and value.isdigit():
        return fill(value, look)
    if ("E" in value or "e" in value) and NUMBER.fullmatch(value):
        number = float(value)
        return str(int(number)) if abs(number) < 1e20 and number == int(number) else value
    if len(value) > 16 and "." in value and NUMBER.fullmatch(value):
        return repr(float(value))  # 0.21199999999999999 is 0.212
    return value.removesuffix(".0")


def date_of(serial: str, *, from_1904: bool = False) -> str:
    """A day count as dd/mm/yyyy, with the time where it is not midnight; other values as they stand."""
    try:
        days = float(serial)
        if not 0 < days < 2_958_466:
            return serial
        start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if days >= 60 else 31)  # noqa: DTZ001 a wall-clock date
        moment = start + timedelta(seconds=round(days * 86_400))
    except (ValueError, OverflowError):
        return serial
    if not (moment.hour or moment.minute):
        return moment.strftime("%d/%m/%Y")
    return moment.strftime("%d/%m/%Y %H:%M")


def iso_date(value: str) -> str:
    """'2012-04-03T00:00:00' as 03/04/2012; other values as they stand."""
    match = re.match(r"(\d{4})-(\d\d)-(\d\d)(?:T(?:00:00(?::00)?\S*)?)?", value)
    return f"{match[3]}/{match[2]}/{match[1]}{value[match.end() :]}" if match else value


def fill(digits: str, look: str) -> str:
    """Lay digits into a format of zeros: '1234567' in '00-00-00' is '1234567' filled from the right."""
    code = look.replace("\\", "").replace('"', "")
    holes = code.count("0")
    digits = digits.zfill(holes)
    rest, digits = digits[: len(digits) - holes], digits[len(digits) - holes :]
    left = iter(digits)
    return rest + "".join(next(left) if character == "0" else character for character in code)
