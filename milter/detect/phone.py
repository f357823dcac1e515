"""Telephone numbers of private people: mobile or labelled as home; switchboards and signatures are none (N1)."""

import re
from collections.abc import Sequence

import re2

from milter.detect.context import latin_options, specimen
from milter.detect.detector import Hit
from milter.detect.page import Page
from milter.detect.person import Name
from milter.detect.places import Kin, block_kin, kin_of
from milter.detect.signature import Zones

PATTERN = r"(?:\+ ?44|\b0044|\(\+44\)) ?\(?0?\)?[ \-.]{0,2}\d(?:[ \-.()]{0,2}\d){8,9}\b|\(?\b0[1237]\d(?:[ \-.()]{0,2}\d){7,8}\b|\b07\d{2}[ \-.]{1,3}\d{3}\n\d{3}\b|\+(?:3[0-9]|4[0-35-9]|9[0-8]|2\d\d|35\d|37\d|38\d|42\d)(?:[ \-.]?\d){8,11}\b"
_PHONE = re2.compile(PATTERN.encode("latin-1"), latin_options())
_WORK_LABEL = re.compile(
    r"\b(?:work|office|direct|switchboard|fax|helpline|hotline|reception|main|school|council|duty|freephone|customer services?|out of hours|enquir\w+|bookings?|extension|ext)\b[^\n:.!?,;]{0,20}[:\- ]*\(?$"
)

# 'Call 0118 ...', 'talk to Minh Chen, our family worker, on 0118 ...': an office's line, unless it says 'me' or 'her'.
_CALL = re.compile(
    r"\b(?:call|ring|phone|contact|telephone|talk to|speak to|dial|helpline|enquiries|line)\b(?! (?:me|him|her|them|mum|dad|his|my)\b)[^.\n]{0,60}$"
)
_WORK_AFTER = re.compile(
    r" ?(?:\(|- ?|, )(?:the )?(?:branch|office|work|duty|school|club|shop|main|team|switchboard|helpline|reception|depot|desk|on[ -]call)\b"
)
_SERVICE = re.compile(
    r"\b(?:quer(?:y|ies)|questions?|enquiries|helpdesk|help ?line|support|desk|advice|referrals?|self-refer|line|talk|information|details|book(?:ings?)?|contact|ring (?:the|us)|or ring|call (?:the|us)|council|team|service|services|centre|office"
    r"|victim care|legal|pensions|psychological|nurse|officer|caretaker|alarm|reception|company|solicitors?|consultant|critical incident|tel(?:ephone)? us)\b[^\n]{0,50}$"
)
_TESTS = re.compile(r"\btest (?:numbers?|phones?|region|data)\b|\bdummy\b|\bsandbox\b|\bplaceholder")
_KIN = re.compile(
    r"\b(?:lives? (?:with|w/)[^\n.]{0,24}|mum|mam|mummy|dad|daddy|mother|father|gran|nan|nana|grandma|grandad|grandmother|grandfather|auntie|aunt|uncle|wife|husband|partner|sister|brother|son|daughter|carer|neighbour|niece|nephew|safe (?:no|number)|hers|his|mob no)(?:'s)?(?: (?:on|is|mob|mobile|tel|no|number))?[ :,(\-]{1,3}$"
)
_MINE = re.compile(r"\b(?:my|me|i'm)\b[^.\n]{0,30}$")


def _clause(text: str, low: int, high: int) -> str:
    """The words right around a number, on its line, within the sentence."""
    before = re.split(r"[\n;]|\. |\s{3,}", text[max(0, low - 120) : low])[-1]
    after = re.split(r"[\n;]|\. |\.$|\s{3,}", text[high : high + 60])[0]
    return f"{before} {after}"


def patterns() -> tuple[str, ...]:
    """The pattern, for the gate."""
    return (PATTERN,)


def find(page: Page, zones: Zones, names: Sequence[Name], own: frozenset[str]) -> list[Hit]:
    """Telephone numbers of private people; `own` are an organisation's digits."""
    roles = {name.end: name.role for name in names}
    found: list[Hit] = []
    for match in _PHONE.finditer(page.octets):
        low, high = match.span()
        if page.text[low] == "(" and ")" not in page.text[low:high]:
            low += 1
        digits = re.sub(r"\D", "", page.text[low:high])
        abroad = page.text[low] == "+" and not digits.startswith("44")
        digits = (
            "07" + digits[-9:] if abroad else "0" + digits.removeprefix("0044").removeprefix("44").lstrip("0")
        )
        if not 10 <= len(digits) <= 11 or digits in own or page.text[high : high + 1].isalnum():
            continue
        confidence, why = _judge(page, zones, low, high, digits, roles)
        if confidence >= 0.5:
            found.append(Hit("phone", "contact", low, high, confidence, why))
    return found


def _beside(text: str, low: int, roles: dict[int, int]) -> int | None:
    """The role of a person whose name stands right before a number; None for nobody."""
    near = re.search(r"[,:;(\-\s]{0,4}$", text[max(0, low - 4) : low])
    start = low - (len(near.group()) if near else 0)
    return next((roles[end] for end in range(start, low + 1) if end in roles), None)


_TITLED = re.compile(r"\b(?:Mrs?|Miss|Ms)\.? [A-Z][^,;.\n\d]{1,40}[,:;(\- ]{1,3}$")


def _among_people(page: Page, low: int) -> bool:
    """Say whether a table gives people's homes, papers or troubles beside their numbers."""
    block = page.block_at(page.line_at(low))
    roles = set(block.roles) if block else set()
    return bool(roles & {"name", "surname"}) and bool(
        roles & {"address", "postcode", "passport", "health", "benefit", "criminal", "sort"}
    )


def _grouped(number: str) -> bool:
    """Say whether a number is set like a landline's, in groups or of eleven digits."""
    return not number.isdigit() or len(number) == 11


def _judge(
    page: Page, zones: Zones, low: int, high: int, digits: str, roles: dict[int, int]
) -> tuple[float, str]:
    label = page.label(low, high)
    before = page.lower[max(0, low - 60) : low]
    if (
        (label.name in ("nhs", "chi", "utr", "uln") and len(digits) == 10)
        or (label.name == "other" and "phone" not in before)
        or (page.specimens and specimen(before[-40:], page.lower[high : high + 25]))
    ):
        return 0.0, ""
    mobile = digits.startswith("07") and len(digits) == 11 and not digits.startswith("070")
    place = zones.at(low)
    if place in ("letterhead", "disclaimer", "signature"):
        return 0.0, ""
    role, head = page.column(low)
    if role:
        if role in ("phone", "homephone", "name", "address", "notes", "education", "organisation"):
            near = page.private_rows(low) or (mobile and _among_people(page, low))
            return (0.8, f"in a column headed '{head[:40]}'") if near else (0.0, "")
        return 0.0, ""
    if _WORK_AFTER.match(page.lower[high : high + 24]) or (_MINE.search(before) and zones.has("signature")):
        return 0.0, ""
    owner = _beside(page.text, low, roles)
    if owner is not None and owner < 0 and place != "private-signature" and label.name != "homephone":
        return 0.0, ""
    if label.name == "homephone":
        return 0.9, f"{label.how} '{label.words[:40]}'"
    if _WORK_LABEL.search(before):
        return 0.0, ""
    if _KIN.search(before) and not _SERVICE.search(before[-30:]):
        return 0.85, "behind a word of kin"
    if _TESTS.search(page.lower[max(0, low - 160) : low]):
        return 0.0, ""
    if not mobile and _CALL.search(before):
        return 0.0, ""
    titled = owner is not None and _TITLED.search(page.text[max(0, low - 50) : low]) is not None
    if owner is not None and (mobile or ((owner > 0 or titled) and not _SERVICE.search(before))):
        return 0.8, "right behind a person's name"
    kin = kin_of(_clause(page.lower, low, high)) if mobile else block_kin(page, low, high)
    if kin == Kin.WORK:
        return 0.0, ""
    if mobile:
        return 0.75, "a mobile number outside any signature"
    if digits.startswith("03") or _SERVICE.search(before) or not _grouped(page.text[low:high]):
        return 0.0, ""
    if kin == Kin.PRIVATE or place == "private-signature":
        return 0.7, "a landline among a person's details"
    return 0.0, ""
