"""Home addresses: the street line, and the postcode apart (uk-facts, BS 7666 in spirit).

A street line is one of a private person when a label, a sentence ('lives at'), a column or the name on the
line above says so; offices, venues, letterheads and planning sites are none (N1, N2, N5).
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from operator import itemgetter

import re2

from milter.detect.context import latin_options
from milter.detect.detector import Hit
from milter.detect.page import Page
from milter.detect.places import Kin, block_kin, surroundings
from milter.detect.sieve import matches
from milter.detect.signature import Zones

_TYPE = (
    r"(?:Road|Rd|Street|St|Avenue|Ave|Lane|Ln|Close|Cl|Drive|Dr|Way|Court|Ct|Crescent|Cres|Gardens|Gdns|Place|Pl|Terrace|Terr|Grove|Gr|Hill|Walk|Square|Sq"
    r"|Park|Mews|Rise|View|Row|Green|Parade|Gate|Mount|Vale|Croft|Meadows?|Path|End|Wharf|Quay|Yard|Fields?|Orchard|Chase|Broadway|Bank|Villas|Buildings"
    r"|Circus|Approach|Common|Copse|Dene|Heath|Highway|Ridge|Dale|Mead|Garth|Wynd|Brae|Loan|House|Cottages?|Lodge|Farm|Heights|Point|Esplanade|Promenade|Drift"
    r"|Spinney|Hollow|Bottom|Leys?|Leas|Side|Acre|Acres|Towers?|Town|Holt|Warren|Paddock|Glebe|Glade|Dell|Drove|Reach|Crofts|Elms|Oaks|Limes|Firs|Beeches|Bridge|Cross|Fold|Steps|Flats|Alley|Ginnel|Snicket|Back|Bungalows?|Maltings|Mansions|Bldgs|Cott\\.?|Hse|Wharves|Lea|Knoll|Close|Twitten|Pightle)"
)
_WORDS = r"(?:[A-Z][A-Za-z'\-]*\.?(?: \n?|\n)){1,4}?"
_PERSON = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Cllr|IP|Master)\b")
_FLAT = (
    r"(?:(?:Flat|FLAT|flat|Apartment|Apt|Maisonette|Room|Studio)\.? ?[0-9A-Z]{1,4}[A-Za-z]?(?:,? |, ?\n?))"
)
_HOUSE = r"(?:[A-Z][A-Za-z']+ (?:House|Court|Lodge|Cottage|Farm|Mansions|Heights|Tower|Point|Villas)(?:,? ))"
STREET = (
    rf"\b{_FLAT}?{_HOUSE}?\d{{1,4}}[A-Za-z]?(?: ?[-/] ?\d{{1,4}}[A-Za-z]?)?,? (?:{_WORDS}{_TYPE}|The [A-Z][a-z]+|[A-Z]{{2}}[A-Z' ]{{2,24}} (?:ROAD|STREET|AVENUE"
    rf"|LANE|CLOSE|DRIVE|WAY|COURT|CRESCENT|GARDENS|PLACE|TERRACE|GROVE|HILL|WALK|SQUARE|PARK|MEWS|RISE|VIEW|ROW|GREEN))\b"
    rf"|\b{_FLAT}{_HOUSE}|\b{_FLAT}(?:The )?(?:[A-Z][A-Za-z']+,? ){{1,3}}{_TYPE}\b"
    # the name of a street that says its kind itself: 'Fishergate', 'Tideway'
    r"|\b\d{1,4}[A-Za-z]? [A-Z][a-z]{2,}(?:gate|way|croft|fields?|hurst|stead|holme|brow|dale|side|wharf|pits|mead|hill|walk|row|ley|bank)\b"
    rf"|\b[A-Z][a-z]+ (?:Cottage|Farm|Lodge|Farmhouse|Barn), (?:[A-Z][a-z]+ ){{1,3}}{_TYPE}\b"
)
_CASED = latin_options()
_CASED.case_sensitive = True
_STREET = re2.compile(STREET.encode("latin-1"), _CASED)
POSTCODE = r"\b(?:[A-Z]\d{1,2}|[A-Z][A-HK-Y]\d{1,2}|[A-PR-UWYZ]\d[A-HJKMNPR-Y]|[A-PR-UWYZ][A-HK-Y]\d[ABEHMNPRVWXY]|GIR ?0A) {0,2}\d[ABD-HJLNP-UW-Z]{2}\b"
_POSTCODE = re2.compile(POSTCODE.encode("latin-1"), latin_options())
_LABELLED = re.compile(
    r"(?:\bnow at|\bformerly of|\b(?:s?he|they|i|who|mum|dad|nan)(?:'s|'m| is| am| are)(?: now)? at|\baddr(?:ess)? is|\bhomeless (?:\w+ )?from|\bwidow at|\bfamily at|\bsit at|\bhome \([^)\n]{0,40}\):|\bcyfeiriad(?: / address)?:|\b(?:home |current |previous |permanent |postal |correspondence |client'?s? |tenant'?s? |patient'?s? |child'?s? |pupil'?s? |his |her |their |my |family |contact |parents?'?s? |carer'?s? )?address(?:es)?"
    r"(?: of (?:client|child|patient|pupil|tenant|applicant|claimant|property))?(?: ?\(?(?:if different|incl[a-z. ]+postcode)\)?)?\s?(?:[:\-=]|is\b|\|)|\b(?:lives?|lived|living|resides?|residing|resident|staying|moved|housed|placed)\s(?:at|in|on|to|with \w+ (?:at|in))\b"
    r"|\bhome visit (?:to|at)\b|\b(?:home|lives|property|resident of|resident at|at|addr|address line 1)\s?[:=]|\b(?:home|lives|property|resident of|resident at)|\bof no\.?|; of|\baddre?ss?|\b(?:collect(?:ed)?|pick(?:ed)? up|moved?|leaves|away) (?:[^\n.]{0,40} )?from|\bwrite to|\bleaves|\bregistered at|\bstaying at|\bsleeping (?:at|on [a-z' ]{0,24} at)|\bhostel at|\bhim at|\bher at|\bthem at)\s{0,3}$"
)
# `re` sees the end before a last line feed too: one more blank here.
_MAY_BE_LABELLED = re2.compile(
    _LABELLED.pattern.replace(r"\s{0,3}$", r"\s{0,4}$").encode("latin-1"), latin_options()
)
_NAMED_LINE = re.compile(
    r"^\s*(?:(?:mr|mrs|miss|ms|mx|dr|master)\b\.?(?: ?(?:&|and) ?(?:mr|mrs|ms|miss)\b\.?)?|[A-Z]\.? (?:[A-Z]\.? )?[A-Z][a-z'\-]+,?\s*$|the parents?(?:/| or | and )?(?:carers?|guardians?)? of|parents? of|the occupier)",
    re.IGNORECASE,
)


def patterns() -> tuple[str, ...]:
    """The postcode's pattern, for the gate."""
    return (POSTCODE,)


def find(page: Page, zones: Zones, names: list[tuple[int, int]], own: frozenset[str]) -> list[Hit]:
    """Home addresses and their postcodes. `names` are spans of people; `own` an organisation's, folded."""
    streets = [
        hit for match in _STREET.finditer(page.octets) if (hit := _street(page, zones, names, *match.span()))
    ]
    postcodes = [match.span() for match in _POSTCODE.finditer(page.octets)]
    found = [hit for hit in streets if _fold(page.text[hit.start : hit.end]) not in own]
    found += _columns(page)
    found += _behind_names(page, zones, names, found)
    found += _named_houses(page, zones, names, found)
    lines = _Lines(found)
    for low, high in postcodes:
        street = _before_postcode(page, zones, names, lines, low)
        lines.add(street)
        found += street
        hit = _postcode(page, zones, lines, low, high)
        if hit is not None and _fold(page.text[low:high]) not in own:
            found.append(hit)
    return found


class _Lines:
    """The street lines found so far, to be looked up by place: a long list has thousands."""

    def __init__(self, hits: list[Hit]) -> None:
        self._spans: list[tuple[int, int]] = []
        self._longest = 0
        self.add(hits)

    def add(self, hits: list[Hit]) -> None:
        """Take those of some hits that are addresses."""
        for hit in hits:
            if hit.kind == "address":
                insort(self._spans, (hit.start, hit.end))
                self._longest = max(self._longest, hit.end - hit.start)

    def before(self, low: int) -> Iterator[tuple[int, int]]:
        """The spans that begin at `low` or before it and end less than 90 characters before it, or behind it."""
        at = bisect_right(self._spans, (low, low + self._longest))
        while at and self._spans[at - 1][0] > low - 90 - self._longest:
            at -= 1
            if low - self._spans[at][1] < 90:
                yield self._spans[at]


def _fold(value: str) -> str:
    return re.sub(r"[^a-z0-9]", "", value.lower())


def own_places(addresses: tuple[str, ...], postcodes: tuple[str, ...]) -> frozenset[str]:
    """Own addresses and postcodes in the form that `find` compares."""
    return frozenset(_fold(value) for value in (*addresses, *postcodes))


def _street(page: Page, zones: Zones, names: list[tuple[int, int]], low: int, high: int) -> Hit | None:
    while high > low and page.text[high - 1] in " ,\n":
        high -= 1
    if _NO_HOUSE.search(page.lower[max(0, low - 12) : low]) or page.text[low] == "0":
        return None
    aged = _AGED.match(page.text, low, high)
    if aged and low in {end + 2 for end in _ends_before(names, low)}:
        low = aged.end()  # 'Mrs Jean Tallis, 81, Ivy House': an age
        if not _NAMED_HOUSE.match(page.text, low, high + 40):
            return None
    confidence, why = _whose(page, zones, names, low, high)
    if confidence < 0.5 or _PERSON.search(page.text[low:high]):
        return None
    return Hit("address", "contact", low, high, confidence, why)


_NO_HOUSE = re.compile(
    r"(?:\d[.:]|\b(?:year|class|room|garage|aged?|item|chapter|page|no\.|ward|bed|week|in|since)\s)$"
)
_AGED = re.compile(r"\d{1,3}, ")


def _whose(page: Page, zones: Zones, names: list[tuple[int, int]], low: int, high: int) -> tuple[float, str]:
    if zones.at(low) in ("signature", "letterhead", "disclaimer"):
        return 0.0, ""
    role, head = page.column(low)
    if role:
        if role in ("address", "postcode", "name", "notes") and page.private_rows(low):
            return 0.9, f"in a column headed '{head[:40]}'"
        return 0.0, ""
    if page.field(low)[0] == "address":
        return 0.9, "in a field of the address"
    if _labelled(page.lower[max(0, low - 70) : low]):
        kin = block_kin(page, low, high)
        return (0.9, "labelled as an address") if kin != Kin.WORK else (0.0, "")
    line = page.starts[page.line_at(low)]
    if not page.text[line:low].strip(" ,"):
        above = page.text[max(0, line - 90) : line].rstrip().rsplit("\n", 1)[-1]
        if _NAMED_LINE.match(above) or _is_name(page, names, line):
            return 0.9, "under a person's name"
    near = _ends_before(names, low)
    if any(low - 24 <= end and _BETWEEN.fullmatch(page.text, end, low) for end in near):
        return 0.85, "right behind a person's name"
    if zones.at(low) == "private-signature":
        return 0.8, "under a private signature"
    kin = block_kin(page, low, high)
    if kin == Kin.PRIVATE:
        return 0.75, "among a person's details"
    if kin == Kin.UNKNOWN and near:
        return 0.7, "beside a person's name"
    return 0.0, ""


_BETWEEN = re.compile(
    r"(?:'s)?(?:,? ?\(?(?:aged? )?\d{1,3}\)?)?,? ?(?:\n|[(/|-]|of|at|who lives at|lives(?: at)?|formerly of)?,? ?"
)


def _labelled(before: str) -> bool:
    """Say whether a label of an address stands right before a place; RE2 says quickly that none can."""
    if before.isascii() and _MAY_BE_LABELLED.search(before.encode()) is None:
        return False
    return _LABELLED.search(before) is not None


def _ends_before(names: list[tuple[int, int]], low: int) -> list[int]:
    """Where names end within 60 characters before a place; `names` are in the order of the text, none in another."""
    at = bisect_right(names, low, key=_END)
    return [names[number][1] for number in range(bisect_left(names, low - 60, hi=at, key=_END), at)]


_END = itemgetter(1)
_START = itemgetter(0)


def _is_name(page: Page, names: list[tuple[int, int]], line: int) -> bool:
    """Say whether the line above is a person's name and little else."""
    if line == 0:
        return False
    low, high = page.line(page.line_at(line - 1))
    length = len(page.text[low:high].strip())
    at = bisect_left(names, low, key=_START)
    while at < len(names) and names[at][0] <= high:
        start, end = names[at]
        if end <= high and length - (end - start) <= 8:
            return True
        at += 1
    return False


def _columns(page: Page) -> list[Hit]:
    found: list[Hit] = []
    for block in page.blocks:
        columns = [(at, role) for at, role in enumerate(block.roles) if role == "address"]
        if columns and page.private_block(block):
            for low, high, _ in page.column_cells(block, columns):
                code = _POSTCODE.search(page.octets, low, high)
                end = low + len(page.text[low : code.start() if code else high].rstrip(" ,"))
                if (
                    end - low > 4
                    and (page.text[low].isupper() or page.text[low].isdigit())
                    and " " in page.text[low:end]
                    and not _STREET.search(page.octets, low, high)
                ):
                    found.append(Hit("address", "contact", low, end, 0.85, "in a column of addresses"))
    return found


def _behind_names(page: Page, zones: Zones, names: list[tuple[int, int]], found: list[Hit]) -> list[Hit]:
    """'Ella Smith, 26 Beechcroft.': a number and a word right behind a private person's name."""
    more: list[Hit] = []
    for _, end in names:
        match = _INLINE.match(page.text, end, end + 80)
        if (
            match
            and not _MONTHS.search(match.group(1))
            and zones.at(end) not in ("signature", "letterhead", "disclaimer")
        ):
            if not any(hit.start < match.end(1) and match.start(1) < hit.end for hit in found):
                more.append(Hit("address", "contact", *match.span(1), 0.75, "right behind a person's name"))
    return more


_INLINE = re.compile(
    r"(?:'s)?,? ?(?:\n|[(/|]|of|at|who lives at|lives at)?,? ?((?:(?:Flat|Apartment|Apt|Room) ?\w{1,4},? )?\d{1,4}[A-Za-z]? [A-Z][a-z']{3,}(?: [A-Z][a-z']+){0,2})(?=[,.;)\n]|$)"
)
_MONTHS = re.compile(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Year|Class|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Days?|Hours|Pupils|Children)"
)


_TITLE_WORD = r"[A-Z][A-Za-z'\-]*[a-z]"
_NAMED_HOUSE = re.compile(  # a house without a number: before its street, by its kind, or by a Welsh or Cornish beginning
    rf"(?:The )?(?:{_TITLE_WORD} (?:(?:y|yr|an|en) )?){{0,2}}{_TITLE_WORD}, (?:{_TITLE_WORD} ){{1,2}}{_TYPE}\b"
    rf"|(?:The )?(?:{_TITLE_WORD} ){{1,2}}(?:House|Cottage|Farm|Farmhouse|Lodge|Barn|Hall|Villa|Forge|Mill|Manse|Rectory|Vicarage|Bungalow|Bank|View|Gatehouse|Chapel)\b"
    rf"|The (?:Smithy|Forge|Bungalow|Lodge|Rectory|Vicarage|Gatehouse|Old {_TITLE_WORD}|Stables|Barn|Mill|Manse)\b(?:, (?:{_TITLE_WORD} ){{1,2}}{_TYPE}\b)?"
    rf"|(?:Ty|Tan|Pen|Pant|Bryn|Plas|Llys|Maes|Chy|Cae|Nant|Ael|Hafod|Wheal)[ \-](?:(?:y|yr|an|'r)[ \-])?[A-Za-z][a-z]+(?:, (?:{_TITLE_WORD} (?:y )?){{1,3}}{_TYPE}?)?"
)
_HOME_BEFORE = re.compile(
    r"(?:\baddress\s?[:(]|\baddress,|\blives?(?: at)?:?|\bliving (?:now )?(?:at|in)|\bresides at|\bhome:?|\b(?:s?he|they|i)(?:'s|'m| is| am| are) (?:now )?at|\bfamily at|\bplacement:?|\bformerly of|\bcyfeiriad(?: / address)?:) ?\(?$"
)


def _named_houses(page: Page, zones: Zones, names: list[tuple[int, int]], found: list[Hit]) -> list[Hit]:
    """'Rose Cottage, Mill Lane' or 'Ty Gwyn' right behind a person's name or 'lives at', where no number stands."""
    more: list[Hit] = []
    taken = sorted((hit.start, hit.end) for hit in found)
    for match in matches(_NAMED_HOUSE, page.text, page.octets):
        low, high = match.span()
        at = bisect_left(taken, low, key=itemgetter(1))
        if (at < len(taken) and taken[at][0] < high) or page.column(low)[0]:
            continue
        if zones.at(low) in ("signature", "letterhead", "disclaimer", "mail-header"):
            continue
        behind = any(
            low - 24 <= end and _BETWEEN.fullmatch(page.text, end, low) for end in _ends_before(names, low)
        )
        if (behind and page.text[low - 1] in " \n(") or _HOME_BEFORE.search(
            page.lower[max(0, low - 40) : low]
        ):
            if not _PERSON.search(match.group()) and not _INSTITUTION.search(page.text[low : high + 24]):
                more.append(
                    Hit("address", "contact", low, high, 0.75, "a named house beside a person's name")
                )
    return more


_INSTITUTION = re.compile(
    r"\b(?:School|Nursery|College|Hospital|Surgery|Academy|Primary|Infants?|Junior|Council|Ltd|Trust|Practice|Hospice|Clinic)\b"
)


def _before_postcode(
    page: Page, zones: Zones, names: list[tuple[int, int]], lines: _Lines, low: int
) -> list[Hit]:
    """The street line of an address that names no kind of street: '9 Beechcroft, Millbeck, SA6 1XG'."""
    window = page.text[max(0, low - 110) : low]
    matches = list(_PLAIN_LINE.finditer(window))
    if not matches:
        return []
    start = max(0, low - 110) + matches[-1].start(1)
    end = max(0, low - 110) + matches[-1].end(1)
    if any(start - 110 < first < low and last <= low for first, last in lines.before(low)):
        return []
    hit = _street(page, zones, names, start, end)
    return [hit] if hit else []


_PLAIN_LINE = re.compile(
    r"(?:^|\n|, ?|\b(?:of|at|to|is|address:?)\s|: ?|[ ]{2})((?:(?:Flat|Apartment|Apt|Room) ?\w{1,4},? )?[\dlIO]{1,4}[A-Za-z]?,? (?:[A-Z][A-Za-z']+ ?){1,4}|(?:Flat|FLAT) \w{1,3},? [A-Z][a-z]+ (?:[A-Z][a-z]+ ?){1,2}|The (?:[A-Z][a-z']+ ?){1,3},? (?:[A-Z][a-z']+ ?){1,3}|[A-Z][a-z']+(?: [A-Z][a-z']+)? (?:House|Cottage|Farm|Lodge|Barn|Hall|Villa))(?=\s*[,\n])"
)


def _postcode(page: Page, zones: Zones, lines: _Lines, low: int, high: int) -> Hit | None:
    if not page.text[low:high].isupper() and " " not in page.text[low:high]:
        return None
    if next(lines.before(low), None):
        return Hit("postcode", "contact", low, high, 0.9, "of a home address")
    if zones.at(low) in ("signature", "letterhead", "disclaimer"):
        return None
    role, head = page.column(low)
    if role:
        private = role in ("postcode", "address", "name", "notes") and page.private_rows(low)
        return (
            Hit("postcode", "contact", low, high, 0.85, f"in a column headed '{head[:40]}'")
            if private
            else None
        )
    if block_kin(page, low, high) == Kin.PRIVATE:
        return Hit("postcode", "contact", low, high, 0.7, "among a person's details")
    return None


__all__ = ["find", "own_places", "patterns", "surroundings"]
