"""Valid identifiers of people, and numbers of the same shape that are none, from a seeded generator.

Each follows the rule of its issuer as `docs` state it; none is taken from a person.
"""

import datetime as dt
from random import Random

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
NINO_FIRST = "ABCEGHJKLMNOPRSTWXYZ"
NINO_SECOND = "ABCEGHJKLMNPRSTWXYZ"
NINO_NEVER = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
UPN_AUTHORITIES = ("838", "870", "872", "873", "330", "331", "350", "380", "825", "919", "940", "306")
BANKS = ("NWBK", "BARC", "LOYD", "MIDL", "HBUK", "ABBY", "RBOS", "CPBK")


def digits(rng: Random, count: int) -> str:
    """Any digits, the first not 0."""
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(count - 1))


def mod11(first: str) -> str | None:
    """Give the check digit of an NHS, CHI or H&C number's first nine digits; None where none exists."""
    total = sum(int(digit) * weight for digit, weight in zip(first, range(10, 1, -1), strict=True))
    check = (11 - total % 11) % 11
    return None if check == 10 else str(check)


def _with_check(rng: Random, low: int, high: int) -> str:
    while True:
        first = str(rng.randint(low, high))
        if check := mod11(first):
            return first + check


def nhs(rng: Random) -> str:
    """Give an NHS number of an issued range."""
    return _with_check(rng, *rng.choice(((400_000_000, 499_999_999), (600_000_000, 799_999_999))))


def hc_number(rng: Random) -> str:
    """Give a Health and Care number of Northern Ireland."""
    return _with_check(rng, 320_000_001, 399_999_999)


def chi(rng: Random, born: dt.date, *, female: bool) -> str:
    """Give a Community Health Index number: date of birth, two digits, a digit even for women, the check."""
    while True:
        sex = rng.choice("02468" if female else "13579")
        first = f"{born:%d%m%y}{rng.randint(0, 99):02}{sex}"
        if check := mod11(first):
            return first + check


def uln(rng: Random) -> str:
    """Give a Unique Learner Number: weights 10 to 1, the sum's residue by 11 is 10."""
    while True:
        first = str(rng.randint(100_000_000, 999_999_999))
        residue = sum(int(d) * w for d, w in zip(first, range(10, 1, -1), strict=True)) % 11
        check = (10 - residue) % 11
        if check < 10:
            return first + str(check)


def upn(rng: Random, *, temporary: bool = False) -> str:
    """Give a Unique Pupil Number; a temporary one ends in a letter."""
    last = rng.choice(UPN_LETTERS) if temporary else str(rng.randint(0, 9))
    body = (
        f"{rng.choice(UPN_AUTHORITIES)}{rng.randint(1000, 7999)}{rng.randint(10, 24)}{rng.randint(0, 99):02}"
    )
    values = [int(digit) for digit in body] + [UPN_LETTERS.index(last) if temporary else int(last)]
    total = sum(value * weight for value, weight in zip(values, range(2, 14), strict=True))
    return UPN_LETTERS[total % 23] + body + last


def nino(rng: Random) -> str:
    """Give a National Insurance number."""
    while (pair := rng.choice(NINO_FIRST) + rng.choice(NINO_SECOND)) in NINO_NEVER:
        pass
    return f"{pair}{rng.randint(0, 999_999):06}{rng.choice('ABCD')}"


def utr(rng: Random) -> str:
    """Give a Unique Taxpayer Reference."""
    rest = f"{rng.randint(0, 999_999_999):09}"
    total = sum(int(d) * w for d, w in zip(rest, (6, 7, 8, 9, 10, 5, 4, 3, 2), strict=True))
    return "21987654321"[total % 11] + rest


def passport(rng: Random) -> str:
    """Give a British passport's number, which has no public check."""
    return digits(rng, 9)


def driving_licence(rng: Random, last: str, first: str, born: dt.date, *, female: bool) -> str:
    """Give a driver number of Great Britain; its last characters follow no public rule."""
    name = "".join(letter for letter in last.upper() if "A" <= letter <= "Z")[:5].ljust(5, "9")
    month = born.month + (50 if female else 0)
    middle = rng.choice("ABCDEFGHJKLMNPRSTW9")
    tail = (
        f"{rng.randint(2, 9)}{rng.choice('ABCDEFGHJKLMNPRSTUVWXYZ')}{rng.choice('ABCDEFGHJKLMNPRSTUVWXYZ')}"
    )
    return (
        f"{name}{born.year // 10 % 10}{month:02}{born.day:02}{born.year % 10}{first[0].upper()}{middle}{tail}"
    )


def sort_code(rng: Random) -> str:
    """Six digits that look like a British bank branch."""
    return f"{rng.choice((20, 30, 40, 60, 77, 9))!s:0>2}{rng.randint(0, 9999):04}"


def account(rng: Random) -> str:
    """Eight digits."""
    return digits(rng, 8)


def iban(rng: Random) -> str:
    """Give a British IBAN with its two check digits (ISO 13616)."""
    rest = rng.choice(BANKS) + sort_code(rng) + account(rng)
    number = "".join(str(int(letter, 36)) for letter in rest + "GB00")
    return f"GB{98 - int(number) % 97:02}{rest}"


def luhn(first: str) -> str:
    """Give the check digit that makes a number pass Luhn's test."""
    total = 0
    for place, digit in enumerate(reversed(first)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(rng: Random) -> str:
    """Give a payment card's sixteen digits."""
    first = rng.choice(("4", "51", "52", "53", "54", "55"))
    first += "".join(str(rng.randint(0, 9)) for _ in range(15 - len(first)))
    return first + luhn(first)


def isbn13(rng: Random) -> str:
    """Give a book's number with its check digit."""
    first = f"978{rng.randint(0, 1)}" + "".join(str(rng.randint(0, 9)) for _ in range(8))
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(first))
    return first + str(-total % 10)


def isbn10(rng: Random) -> str:
    """Give an older book's number; those that end in X are left out, so that it is ten digits."""
    while True:
        first = f"0{rng.randint(10_000_000, 99_999_999)}"
        check = -sum(int(d) * w for d, w in zip(first, range(10, 1, -1), strict=True)) % 11
        if check < 10:
            return first + str(check)


def gtin(rng: Random) -> str:
    """Give a product's bar code of thirteen digits."""
    first = "50" + "".join(str(rng.randint(0, 9)) for _ in range(10))
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(first))
    return first + str(-total % 10)


def mpan(rng: Random) -> str:
    """Give an electricity meter's thirteen digits."""
    return f"{rng.randint(10, 23)}" + "".join(str(rng.randint(0, 9)) for _ in range(11))


def vat(rng: Random) -> str:
    """Give a VAT registration as printed on invoices."""
    return f"GB {rng.randint(100, 999)} {rng.randint(1000, 9999)} {rng.randint(10, 99)}"
