"""Whose details a stretch of text gives: a private person's or an organisation's, by the words around."""

from enum import Enum
from functools import lru_cache

from milter.detect.branches import factored
from milter.detect.page import Page
from milter.detect.sieve import Sieve
from milter.detect.signature import WORK


class Kin(Enum):
    """Whose they are."""

    PRIVATE = 1
    WORK = -1
    UNKNOWN = 0


_PRIVATE = factored(
    r"\bdefendant\b|\boffender\b|\bvictim\b|\baged? \d|\bage[:;] ?\d|\bmr\b|\bmrs\b|\bms\b|\bmiss\b|\bmx\b|\bmaster\b|\bhome\b|\blive[sd]?\b|\bliving\b|\bresid\w+|\bparents?\b|\bmum\b|\bdad\b|\bmother\b|\bfather\b|\bcarers?\b"
    r"|\bguardian\b|\bpatient\b|\bclient\b|\btenant\b|\btenancy\b|\bd\.?o\.?b\b|\bdate of birth\b|\bborn\b|\bpupil\b|\bchild\b|\bson\b|\bdaughter\b|\bclaimant\b|\bapplicant\b"
    r"|\bnext of kin\b|\bemergency contact\b|\bname:|\bnhs n|\bni n|\bnational insurance|\bmobile:|\bhis\b|\bher\b|\bshe\b|\bhe\b|\bmy\b|\bmoved (?:to|from|out|in)\b|\bfamily\b"
    r"|\bcouple\b|\bneighbour\b|\bhousehold\b|\bhusband\b|\bwife\b|\bpartner\b|\bflat\b|\bcouncil tax\b|\brent\b|\barrears\b|\byour (?:home|property|address)\b|\boccupier\b"
    r"|\bcall me\b|\bring me\b|\bcontact me\b|\breach me\b|\btext me\b|\bcomplainant\b|\bhome address\b|\bcurrent address\b|\bdischarged\b|\bvisit(?:ed)? (?:him|her|mr|mrs)"
)
_VENUE = factored(
    r"\bvenue\b|\bheld (?:at|in|on)\b|\bmeeting (?:at|in|on|will)\b|\blocated\b|\bsite\b|\bproposal\b|\bplanning\b|\bpremises\b|\bshop\b|\bopening hours\b|\bdepot\b|\broad closure\b"
    r"|\bcar park\b|\broadworks\b|\blicen[sc]\w+|\bdelivery address\b|\binvoice\b|\bregistered office\b|\bclosure\b|\bpotholes?\b|\bjunction\b|\bworks\b|\berection\b|\bextension\b"
    r"|\bapplication number\b|\blibrary\b|\bclub\b|\bhotel\b|\brestaurant\b|\bpub\b|\bstreet ?light\b|\bcompany\b|\bsupplier\b|\bcontact us\b|\bcall us\b|\bour office"
    r"|\breturn(?:ed)? (?:this form |the form |it )?to\b|\btown hall\b|\bcivic\b|\bbook(?:ing)?s?\b|\btickets?\b|\bnotice\b|\bpolling\b|\bward\b|\bclinic\b|\bhelpline\b|\bcustomer services?\b|\bcontractor\b|\bunit \d|\bindustrial\b|\bbusiness\b"
)


_SPEAK = (_PRIVATE, WORK, _VENUE)


@lru_cache(maxsize=1)
def _sieve() -> Sieve:
    return Sieve(*_SPEAK)


def surroundings(page: Page, low: int, high: int) -> str:
    """The lines around a value that belong together: its block, at most six lines and 500 characters each way."""
    line = page.line_at(low)
    first = last = line
    while (
        first > 0
        and line - first < 5
        and page.text[slice(*page.line(first - 1))].strip()
        and low - page.line(first - 1)[0] < 400
    ):
        first -= 1
    count = len(page.starts)
    while (
        last + 1 < count
        and last - line < 4
        and page.text[slice(*page.line(last + 1))].strip()
        and page.line(last + 1)[1] - high < 300
    ):
        last += 1
    return page.lower[max(page.line(first)[0], low - 400) : min(page.line(last)[1], high + 300)]


def sentence(page: Page, low: int, high: int) -> str:
    """The sentence around a value, within its paragraph."""
    text = page.lower
    start = max(0, low - 220)
    for mark in (". ", "\n\n", "? ", "! "):
        at = text.rfind(mark, start, low)
        start = at + len(mark) if at >= 0 else start
    end = min(len(text), high + 160)
    for mark in (". ", "\n\n", "? ", "! "):
        at = text.find(mark, high, end)
        end = at if at >= 0 else end
    return text[start:end]


def kin_of(words: str) -> Kin:
    """Whose details some words give, by the count of what speaks for each."""
    there = _sieve().surely(words.encode("latin-1", "replace"))
    private, office, venue = (
        len(set(pattern.findall(words))) if at in there else 0 for at, pattern in enumerate(_SPEAK)
    )
    work = office + venue
    if private > work:
        return Kin.PRIVATE
    return Kin.WORK if work > private else Kin.UNKNOWN


def block_kin(page: Page, low: int, high: int) -> Kin:
    """Whose value this is: its sentence first, then the lines around it."""
    value = page.lower[low:high]  # says nothing of itself: 'House, ...' is no office
    near = kin_of(sentence(page, low, high).replace(value, " "))
    if near != Kin.UNKNOWN:
        return near
    return kin_of(surroundings(page, low, high).replace(value, " "))
