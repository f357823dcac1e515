"""Places that are no disclosure (N1, pitfall 29): signature blocks, letterheads, standing disclaimers, mail headers.

A block behind 'Kind regards' is a professional's when it speaks of a job or an organisation; a parent's name,
home address and mobile number under a letter are hers, and count.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

import re2

from milter.detect.branches import factored
from milter.detect.context import latin_options
from milter.detect.page import Page, looks_like_name

Place = Literal["signature", "private-signature", "mail-header", "letterhead", "disclaimer", ""]
_MOST_LINES = 16  # of one signature

_SIGN_OFF = re2.compile(
    rb"(?m)^[ >\t]*(?:(?:with |very |my )?(?:kind(?:est)?|best|warm(?:est)?|many|yours?|all the|with) ?(?:regards?|wishes|thanks|best|sincerely|faithfully"
    rb"|truly)|regards|yours (?:sincerely|faithfully|truly)|sincerely|many thanks|thanks(?: again| in advance| very much| so much)?|thank you(?: again| in advance| very much)?|cheers|best|kr|br|rgds"
    rb"|sent from my [a-z ]+|get outlook for \w+|signed(?: by)?|-- ?)[ ,.!:\-]*(?:and [a-z ]{3,20})?[ ,.!]*$",
    latin_options(),
)
_HEADER = re2.compile(
    rb"(?m)^[ >\t*]*(?:from|sent|to|cc|bcc|subject|date|reply-to|importance|attachments?)\*?[ ]?:[^\n]*$|^[ >]*on [^\n]{8,120} wrote:",
    latin_options(),
)
DISCLAIMER = re2.compile(
    rb"this (?:e-?mail|message|communication|transmission)(?: and any| is| may| contains| has| \(including)|the information (?:contained )?in this (?:e-?mail|message)"
    rb"|if you (?:are not|have received) (?:the intended|this e-?mail|this message)|disclaimer:|please consider the environment|registered (?:office|charity|in england)"
    rb"|(?:our|your) privacy notice|scanned (?:for|by)|confidentiality notice",
    latin_options(),
)
WORK = factored(
    r"\bcouncil\b|\bschools?\b|\bacademy\b|\bcollege\b|\buniversity\b|\btrust\b|\bhospital\b|\bsurgery\b|\bpractice\b|\bltd\b|\blimited\b|\bplc\b|\bllp\b"
    r"|\bservices?\b|\bdepartment\b|\bdirectorate\b|\bteam\b|\bunit\b|\bofficer?\b|\boffices\b|\bmanager\b|\bhead ?teacher\b|\bhead of\b|\bdeputy\b|\bdirector\b"
    r"|\bassistant\b|\bco-?ordinator\b|\badvis[eo]r\b|\badministrator\b|\bclerk\b|\bsecretary\b|\bsocial worker\b|\bteacher\b|\bsenco\b|\bconsultant\b"
    r"|\bpractitioner\b|\btherapist\b|\bpsychologist\b|\bnurse\b|\bmidwife\b|\bhealth visitor\b|\bsolicitors?\b|\bchief\b|\bexecutive\b|\bspecialist\b|\blead\b"
    r"|\bengineer\b|\bsurveyor\b|\binspector\b|\bconstable\b|\bpolice\b|\bcllr\b|\bcouncillor\b|\bgov\.uk\b|\bsch\.uk\b|\bnhs\.(?:uk|net)\b|\bac\.uk\b|\bpolice\.uk\b"
    r"|\bwww\.|\bhttps?:|\bdirect (?:line|dial)\b|\bswitchboard\b|\bfax\b|\bext(?:ension)?\b\.?|\btel:|\bt: ?0|\bm: ?0|\bcivic\b|\bhouse,|\bcentre\b|\bleader\b"
    r"|\bchair\b|\bgovernor\b|\bparalegal\b|\bcaseworker\b|\bbursar\b|\breceptionist\b|\bprincipal\b|\beditor\b|\bpartner\b|\bcharity\b|\bassociation\b|\bsecretariat\b"
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of a page that is read differently."""

    start: int
    end: int
    place: Place


class Zones:
    """The zones of one page, by offset."""

    __slots__ = ("_starts", "zones")

    def __init__(self, page: Page) -> None:
        """Find them; a table has none."""
        found: list[Zone] = (
            []
            if page.passage.table
            else [*_headers(page), *_signatures(page), *_disclaimers(page), *_letterhead(page)]
        )
        self.zones = sorted(found, key=lambda zone: zone.start)
        self._starts = [zone.start for zone in self.zones]

    def has(self, place: Place) -> bool:
        """Say whether the page has such a zone at all."""
        return any(zone.place == place for zone in self.zones)

    def at(self, offset: int) -> Place:
        """The zone that holds an offset; '' for none. The latest to begin wins."""
        at = bisect_right(self._starts, offset) - 1
        for zone in reversed(self.zones[max(0, at - 3) : at + 1]):
            if zone.start <= offset < zone.end:
                return zone.place
        return ""


def _headers(page: Page) -> list[Zone]:
    spans = [match.span() for match in _HEADER.finditer(page.octets)]
    together = {
        at
        for at, (low, high) in enumerate(spans)
        if b" wrote:" in page.octets[low:high]
        or (at and low - spans[at - 1][1] < 60)
        or (at + 1 < len(spans) and spans[at + 1][0] - high < 60)
    }
    return [Zone(spans[at][0], spans[at][1], "mail-header") for at in sorted(together)]


def _signatures(page: Page) -> list[Zone]:
    found: list[Zone] = []
    done = -1
    for match in _SIGN_OFF.finditer(page.octets):
        if match.start() < done:
            continue
        start, end = match.start(), _signature_end(page, match.end())
        block = page.lower[match.end() : end]
        found.append(Zone(start, end, "signature" if WORK.search(block) else "private-signature"))
        done = end
    return found or ([] if page.more else _closing(page))


def _closing(page: Page) -> list[Zone]:
    """A name and a job as the last lines of a message, without 'Kind regards'."""
    text = page.text.rstrip()
    low = max(0, len(text) - 400)
    lines = text[low:].split("\n")
    at = len(lines)
    while at > 1 and 0 < len(lines[at - 1].strip()) <= 70 and len(lines) - at < 7:
        at -= 1
    block = lines[at:]
    if (
        not 2 <= len(block) <= 5
        or at == 0
        or lines[at - 1].strip()
        or not re.fullmatch(r"[A-Z][\w'\-]+(?: [A-Z][\w'.\-]+){0,3},?", block[0].strip())
    ):
        return []
    start = len(text) - sum(len(line) + 1 for line in block) + 1
    return (
        [Zone(start, len(text), "signature")] if any(WORK.search(line.lower()) for line in block[1:]) else []
    )


def _signature_end(page: Page, at: int) -> int:
    first = page.line_at(at) + 1
    last = min(first + _MOST_LINES, len(page.starts))
    filled = 0
    blank = 0
    end = at
    for number in range(first, last):
        low, high = page.line(number)
        line = page.text[low:high].strip(" >\t")
        if not line:
            blank += 1
            if blank >= 2 and filled >= 2:
                break
            continue
        if (
            len(line) > 110
            or _HEADER.match(page.octets, low, high)
            or re.match(r"(?i)dear |[-_=]{5,}|p\.?s\.?\b|enc\b", line)
        ):
            break
        blank = 0
        filled += 1
        end = high
    return end


def _disclaimers(page: Page) -> list[Zone]:
    found: list[Zone] = []
    for match in DISCLAIMER.finditer(page.octets):
        start = page.starts[page.line_at(match.start())]
        end = page.text.find("\n\n", match.end())
        end = len(page.text) if end < 0 else end
        found.append(Zone(start, min(end, start + 2500), "disclaimer"))
    return found


def _letterhead(page: Page) -> list[Zone]:
    """The lines above the addressee, a date or 'Our ref', where they begin with an organisation."""
    if page.goes_on:
        return []
    end = 0
    work = False
    for number in range(min(12, len(page.starts))):
        low, high = page.line(number)
        line = page.lower[low:high].strip()
        if (
            _LETTER_BEGINS.match(line)
            or len(line) > 90
            or (_FIELD.match(line) and not _OFFICE_FIELD.match(line))
        ):
            break
        if not line:
            if end and number > 6:
                break
            continue
        if (
            re.search(r"[a-z]\. [A-Z][a-z]", page.text[low:high])
            or (number >= 3 and not work)
            or _SOMEBODY.search(line)
            or _NAME_ALONE.fullmatch(page.text[low:high].strip())
            or (number and _names(page, number) and _names(page, number + 1))
            or len(_PROSE.findall(page.text[low:high])) >= 5
        ):
            break
        work = work or bool(WORK.search(line))
        end = high
    return [Zone(0, end, "letterhead")] if work and 0 < end < 700 else []


def _names(page: Page, number: int) -> bool:
    """Say whether a line is a person's name and nothing else."""
    if number >= len(page.starts):
        return False
    line = page.text[slice(*page.line(number))].strip(" -*\t\xb7")
    return len(line) < 40 and looks_like_name(line) and not WORK.search(line.lower())


_SOMEBODY = factored(
    r"\b(?:defendant|offender|victim|patient|client|tenant|claimant|applicant|pupil|child's name|name of|d\.?o\.?b|born|date of birth|aged? \d|re:|nhs n|age[:;])"
)
_NAME_ALONE = re.compile(  # one of a list of names below a title, not of an office's lines
    r"(?:(?:\d{1,2}[.)]|[-*\xb7]) )?(?:[A-Z]{2,}[A-Z'\- ]* [A-Z][a-z]+|[A-Z][a-z]+ [A-Z][a-z'\-]+)(?: +[\d\-+A-Z][\d.%]*){2,}|(?:(?:\d{1,2}[.)]|[-*\xb7]) )?[A-Z]{3,} [A-Z][a-z]+"
)
_PROSE = re.compile(r"(?<![\w.@/-])[a-z]{2,}(?![\w@/.-]*[@/])|\. (?=[A-Z][a-z]+ [a-z])")
_LETTER_BEGINS = re.compile(
    r"dear |(?:our|your) ref|date\b|(?:mr|mrs|miss|ms|mx|dr|master)\b|to:|from:|private and|subject|re:|hi |hello|the parent|parents? of|\d{1,2}(?:st|nd|rd|th)? [a-z]+ 20\d\d|\d"
    r"{1,2}/\d{1,2}/\d{2}"
)
_FIELD = re.compile(r"[a-z][a-z .'/()\-]{1,40}[:\t]")
_OFFICE_FIELD = re.compile(
    r"(?:tel|telephone|phone|fax|e-?mail|web|website|www|https?|t|e|m|w|dx|minicom|text|enquiries|please ask for|ask for|contact|direct|head ?teacher|principal|chief)\b"
)
