"""Whom a protected page is about: the private people to report, besides those whom a decision rests on.

Once a page is known to be private, less is needed to tell a person: a given name alone, one behind 'her son', the
surname of 'the Fairley boy', 'Hollie W', or a name in small letters. Nothing here makes a page private.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter

from milter.detect.detector import Hit
from milter.detect.lexicon import Lexicon, shipped
from milter.detect.page import Page
from milter.detect.person import Name
from milter.detect.sieve import matches
from milter.detect.signature import Zones

_W = r"[A-Z\xc0-\xde][a-z\xdf-\xff]+(?:(?:-[A-Z\xc0-\xde]?|'[A-Z\xc0-\xde])[a-z\xdf-\xff]+)*"
# Behind these a name that no list knows is one as well; `near` words need a name of the list.
_KIN = re.compile(
    r"\b(?P<kin>son|daughter|brother|sister|mum|mam|mummy|mother|dad|father|husband|wife|partner|boyfriend|girlfriend|uncle|aunt|auntie|aunty|nan|nana|gran|grandma|grandad"
    r"|grandson|granddaughter|grand-?daughter|nephew|niece|cousin|baby|half-(?:brother|sister)|step-?(?:son|daughter|dad|mum|brother|sister)|(?:brother|sister|mother|father)[ -]in[ -]law|fianc\xe9e?|n\xe9e"
    r"|formerly|known as|goes by|aka)\b"
    r"|\b(?P<near>[Ss]on|[Dd]aughter|[Bb]rother|[Ss]ister|[Mm]um|[Mm]ummy|[Mm]other|[Dd]ad|[Ff]ather|[Pp]arents|[Hh]usband|[Ww]ife|[Pp]artner|[Uu]ncle|[Aa]unt|[Aa]untie|[Nn]an|[Nn]ana|[Gg]ran"
    r"|[Gg]randad|[Gg]randma|[Gg]randpa|[Cc]hild|[Cc]hildren|[Bb]aby|[Tt]oddler|[Tt]wins?|[Ss]iblings?|[Bb]oys?|[Gg]irls?|[Ll]ads?|[Nn]eighbour|[Ff]riend|[Mm]ate|[Cc]arers?|[Ll]ittle|[Bb]ig|[Kk]ids"
    r"|[Ss]ons|[Dd]aughters|[Ss]isters|[Bb]rothers|[Ff]amily|[Nn]anny|[Gg]rampy|Pastor|Old|Young|called|named)\b"
)
_THEN = re.compile(rf"(?: (?:is|are|was|also|and))?(?:[:,]? |,? \(|, now )({_W})\b(?! [A-Z][a-z])")
_FAMILY = re.compile(
    rf"\b[Tt]he ({_W}s)\b(?! ?[A-Z])|\b({_W}) (?:family|children|siblings|twins?|boys?|girls?|brothers|sisters|household|kids|lads?)\b"
)
_SIBLINGS = re.compile(r"(?<!ish)(?<!ian)(?<!ese) (?:twins|brothers|sisters|siblings|boy|girl|lad)$")
_SURNAMED = re.compile(rf"\b(?:[Bb]rothers|[Ss]isters|Misses|Messrs|[Tt]wins|[Ff]amily) ({_W})\b(?! [A-Z])")
_LABELLED = re.compile(
    r"\b(?:[Cc]lient|[Pp]upil|[Pp]atient|[Tt]enant|[Cc]laimant|[Rr]esident|[Gg]uests?|[Ll]earner|[Ss]tudent|[Yy]oung person|[Oo]ccupier|[Cc]ardholder|[Mm]y name is|[Nn]ame is|[Tt]his is"
    rf"|[Ii]n the name of|[Mm]embers?|[Cc]hild|[Cc]hildren):? ({_W}(?: {_W}){{1,3}})"
)
_PAIR = re.compile(
    rf"\b({_W}(?: {_W}){{1,2}}),? \(?(?:\d{{1,2}}[./]\d{{1,2}}[./]|\d{{1,2}}\)|aged?\b|born\b|b\. ?\d|d\.?o\.?b|DOB|D\.O\.B|NHS|UPN|NI\b|NINO)"
)
_INITIAL = re.compile(rf"\b({_W}) [A-Z]\b(?![\w.'\-]?\w)\.?(?! [A-Z][a-z])")
_INITIALS = re.compile(
    rf"(?<![\w.&])(?:[A-Z]\. ?){{1,3}}({_W})\b(?! [A-Z][a-z])|(?<![\w.&])(?:[A-Z] ){{1,3}}({_W})\b(?! [A-Z][a-z])"
)
_ENDS = re.compile(r" ?[\t\n]|$")  # a name that fills its cell or line
_GIVEN_FIRST = re.compile(rf"\b({_W}) ([A-Z][A-Z'\-]{{2,}})\b")
_RUN_TOGETHER = re.compile(r"(?<![\w@./])([A-Z][a-z]{2,})([A-Z][A-Za-z']{2,})(?![\w@./])")
_ON_CARD = re.compile(
    r"\b(?:in the name of|name as on card|name on (?:card|account)|cardholder|name):? ((?:[A-Z] ){1,3}[A-Z][A-Za-z'\-]+(?: [A-Z][A-Z'\-]+){0,2})\b"
)
_NICKNAMED = re.compile(rf"\b({_W}|[A-Z]\.) (?:[\"']{_W}[\"']|\({_W}\)) ({_W})|\b({_W}) [\"']{_W}[\"']")
_TITLED = re.compile(r"\b(?:mrs?|miss|ms) (?:[a-z]\.? )?[a-z]{3,}(?![\w@])")
_TAG = re.compile(
    r"<(?:\w+:)?(?:[Ss]ur|[Ff]ore|[Ff]irst|[Ll]ast|[Gg]iven|[Ff]amily|[Ff]ull)[Nn]ame>([^<>\n]{2,40})<"
)
_DOES = re.compile(
    rf"\b({_W})"
    r"(?: ?\(\d{1,2}\)|, (?:aged )?\d{1,2}\b(?!\d|[/.:])|'s (?:mum|dad|nan|mother|father|brother|sister|family|school|teacher|phone)\b| (?:has|had|is|was|said|told|bit|hit|came|comes|went|needs|wants|lives|attended"
    r"|refused|cried|can't|won't|doesn't|didn't|still)\b| - [a-z])"
)
_SMALL = re.compile(r"(?<![\w@./'\-])[a-z\xdf-\xff]{4,}(?:-[a-z]+)?(?![\w@/])")
_LAST = re.compile(r" ([a-z\xdf-\xff'\-]{3,})")
_SPEAKER = re.compile(r"\s?(?:\d{1,2}[:.]\d\d|\(\d{1,2}[:.]\d\d\))?\s?:")
_STAMP = re.compile(r"(?:^|\n)[ >\-*]*(?:\[[^\]\n]{3,24}\] ?|\d{1,2}[:.]\d\d,? ?(?:-|[ap]m)? ?)?$")
_WRITES = re.compile(
    r"(?i)(?:\b(?:it'?s|its|this is|msg for|message for|love|from|ask|see|with|told|thanks?|cheers|ta|regards?|by|per|fao|cc|ps|and) |[\w'] x+ ?)$"
)
_HOUSE = re.compile(r" (?:House|Court|Lodge|Road|Street|Ward|Team|Class|Room|Group|Unit|School)\b")
_MOST = 4_000  # people beside those of the decision, on one page


def report(
    page: Page,
    zones: Zones,
    names: Sequence[Name],
    singles: Sequence[tuple[int, int]],
    others: Sequence[Hit],
    *,
    alone: bool,
) -> list[Hit]:
    """The people of a protected page, outside its `others`, values of other kinds.

    `alone`: nobody is told to be private, so one with a job may be whom it is about.
    """
    owned = frozenset(hit.start for hit in others)
    hits = [
        Hit("person", "contact", _from(page, name), name.end, name.sure, name.why)
        for name in names
        if name.role >= 0 or (alone and name.job) or _all_the_same(page, zones, name, owned)
    ]
    spans = sorted((hit.start, hit.end) for hit in others)
    found = [hit for hit in hits if not _within(hit, spans)]
    if page.quiet:
        return found
    spans = sorted([*spans, *((name.start, name.end) for name in names)])
    more = (
        Hit("person", "contact", start, end, 0.6, why)
        for start, end, why in (*_singles(page, singles), *_told(page))
        if zones.at(start) not in _ELSEWHERE and page.column(start)[0] != "professional"
    )
    return found + list(islice((hit for hit in more if not _within(hit, spans)), _MOST))


def _all_the_same(page: Page, zones: Zones, name: Name, owned: frozenset[int]) -> bool:
    """Say whether someone with an office is told of as a private person: by the table or by what is theirs right behind."""
    if page.quiet or zones.at(name.start) in _ELSEWHERE:
        return False
    column, heading = page.column(name.start)
    if heading:
        return column != "professional" and page.private_rows(name.start)
    gap = _GAP.match(page.text, name.end, name.end + 6)
    return gap is not None and gap.end() in owned


_GAP = re.compile(r"(?: \([A-Z]+\))?[ ,:;(\-\u2013]{1,4}")


def _from(page: Page, name: Name) -> int:
    """Where a name begins, with an office before it, and with the one of 'Pauline and Des Marlow' that shares it."""
    office = _OFFICE.search(page.text[max(0, name.start - 10) : name.start])
    if office and len(name.words) <= 3:
        return name.start - len(office.group())
    if len(name.words) != 2:
        return name.start
    both = _BOTH.search(page.text[max(0, name.start - 30) : name.start])
    return name.start - len(both.group()) if both and _listed(both[1] or both[2], shipped()) else name.start


_OFFICE = re.compile(r"\b(?:Lady|Lord|Sir|Dame|Sgt|Fr|Sister|Sr|Rev|Cllr|Hon|Pastor|Prof)\.? $")
_BOTH = re.compile(rf"(?<![A-Za-z\-] )(?<![\w'\-])({_W}) (?:and|&) $|(?<=[a-z] )({_W}) (?:and|&) $")
_ELSEWHERE = frozenset(("signature", "letterhead", "mail-header", "disclaimer", "private-signature"))


def _within(hit: Hit, spans: list[tuple[int, int]]) -> bool:
    """Say whether any of some spans, in the order of the text and apart from each other, overlaps a hit."""
    at = bisect_right(spans, hit.end - 1, key=itemgetter(0)) - 1
    return at >= 0 and hit.start < spans[at][1]


def _singles(page: Page, singles: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Given names that stand alone and are not those of whoever writes, speaks or signs."""
    for start, end in singles:
        if not _speaks(page, start, end) and not _HOUSE.match(page.text, end, end + 12):
            yield start, end, "a given name"
    words = shipped()
    for match in matches(_DOES, page.text, page.octets):
        word = match[1]
        if (
            word in words.given_doubtful
            and word not in words.cuts
            and page.text[match.start() - 1 : match.start()] not in _JOINED
        ):
            yield match.start(1), match.end(1), "a given name, and what it does"


_JOINED = frozenset("'-/@.&_")


def _speaks(page: Page, start: int, end: int) -> bool:
    """Say whether a name is a writer's: before a colon in a chat, alone at the end, behind 'it's' or 'thanks'."""
    low, high = page.line(page.line_at(start))
    before, after = page.text[max(low, start - 24) : start], page.text[end:high]
    if _SPEAKER.match(after) and _STAMP.search("\n" + before):
        return True
    if _WRITES.search(before) and not before.lower().endswith(("and ", "with ", "told ", "see ")):
        return True
    return (
        not after.strip(" x,.!")
        and not page.text[high : high + 60].strip()
        and (not before.strip() or before.rstrip()[-1:] in ".!?")
    )


def _told(page: Page) -> Iterator[tuple[int, int, str]]:
    """Names that the words beside them tell, whether a list knows them or not."""
    words = shipped()
    yield from _of_a_family(page, words)
    yield from _labelled(page, words)
    yield from _surname_lines(page, words)
    yield from _by_form(page, words)
    yield from _small(page, words)


def _of_a_family(page: Page, words: Lexicon) -> Iterator[tuple[int, int, str]]:
    """'her son Kobi', 'Nanny Pam', 'the Fairley boy', 'the brothers Pask'."""
    for match in matches(_KIN, page.text, page.octets):
        name = _THEN.match(page.text, match.end(), match.end() + 60)
        if name and (_listed(name[1], words) or (match["kin"] and _may_be(name[1], words))):
            together = match.group()[0].isupper() and name.start(1) == match.end() + 1  # 'Nanny Pam'
            yield match.start() if together else name.start(1), name.end(1), "behind a word of kin"
    for match in matches(_FAMILY, page.text, page.octets):
        which = 1 if match[1] else 2
        bare = match[which].removesuffix("s") if which == 1 else match[which]
        siblings = which == 2 and _SIBLINGS.search(match.group()) and _may_be(bare, words)
        known = bare in words.surnames or (match[which] in words.surnames and which == 2)
        if known or (siblings and page.lower[match.start() - 4 : match.start()] == "the "):
            yield match.start(), match.end(which), "a family's name"
    for match in matches(_SURNAMED, page.text, page.octets):
        if match[1] in words.surnames or match[1] in words.surnames_doubtful:
            yield match.start(1), match.end(1), "a family's name"


def _labelled(page: Page, words: Lexicon) -> Iterator[tuple[int, int, str]]:
    """'Client Azmera Woldu', 'Lyudmyla Ostapenko (07.07.1983)', 'name on card E L POMFRET', a field of a name."""
    for pattern in (_LABELLED, _PAIR):
        for match in matches(pattern, page.text, page.octets):
            if all(_may_be(word, words) or _listed(word, words) for word in match[1].split(" ")):
                yield match.start(1), match.end(1), "beside a label or a birthday"
    for match in matches(_ON_CARD, page.text, page.octets):
        yield match.start(1), match.end(1), "behind 'name'"
    for match in matches(_TAG, page.text, page.octets):
        yield match.start(1), match.end(1), "in a field of a name"


def _by_form(page: Page, words: Lexicon) -> Iterator[tuple[int, int, str]]:
    """'Hollie W', 'J. R. Okonkwo', 'Rebaz AHMADI', 'AishaMirza', 'Robert "Bobby" Tennant'."""
    for match in matches(_INITIAL, page.text, page.octets):
        if match[1] in words.surnames or _listed(match[1], words):
            yield match.start(1), match.end(), "a name and an initial"
    for pattern in (_GIVEN_FIRST, _RUN_TOGETHER):
        for match in matches(pattern, page.text, page.octets):
            first = _listed(match[1], words) or (pattern is _GIVEN_FIRST and _may_be(match[1], words))
            if first and match[2].title() in words.surnames:
                yield match.start(), match.end(), "a given name and a surname"
    for match in matches(_INITIALS, page.text, page.octets):
        last = match[1] or match[2]
        alone = last in words.surnames_doubtful and _ENDS.match(page.text, match.end(), match.end() + 2)
        if last in words.surnames or alone or (match[1] and _may_be(last, words)):
            yield match.start(), match.end(), "initials and a surname"
    for match in matches(_NICKNAMED, page.text, page.octets):
        if match[3] in words.given or (match[1] and (match[1] in words.given or match[2] in words.surnames)):
            yield match.start(), match.end(), "a name with a nickname"


def _surname_lines(page: Page, words: Lexicon) -> Iterator[tuple[int, int, str]]:
    """A list of surnames alone, one a line: at least four, most of them known."""
    run: list[tuple[int, int, int]] = []
    for match in matches(_ONE_WORD, page.text, page.octets):
        number = page.line_at(match.start(1))
        if run and number - run[-1][0] > 1:
            yield from _known_run(page, run, words)
            run = []
        run.append((number, *match.span(1)))
    yield from _known_run(page, run, words)


def _known_run(page: Page, run: list[tuple[int, int, int]], words: Lexicon) -> Iterator[tuple[int, int, str]]:
    known = sum(
        1
        for _, low, high in run
        if page.text[low:high] in words.surnames or page.text[low:high] in words.given
    )
    if len(run) >= 4 and known * 4 >= 3 * len(run):
        yield from ((low, high, "in a list of names") for _, low, high in run)


_ONE_WORD = re.compile(rf"(?m)^[ \t]*(?:[-*\xb7] |\d{{1,2}}[.)] )?({_W})(?= ?(?:$|[-(]))")


def _listed(word: str, words: Lexicon) -> bool:
    """Say whether a word is a given name of the list and no title or month."""
    return word in words.given or (word in words.given_doubtful and word not in words.cuts)


def _may_be(word: str, words: Lexicon) -> bool:
    """Say whether a capitalised word may be somebody's name."""
    parts = (word, word.removesuffix("s"))
    return (
        len(word) > 2
        and word not in _TITLES
        and not any(part in words.cuts or part in words.tails for part in parts)
    )


_TITLES = frozenset(("Mrs", "Miss", "Revd", "Rev", "Prof", "Cllr", "Sgt", "The", "Nhs"))


def _small(page: Page, words: Lexicon) -> Iterator[tuple[int, int, str]]:
    """Names in small letters, where a text is written without capitals."""
    if page.passage.table or not _without_capitals(page):
        return
    for match in _SMALL.finditer(page.text):
        if match.group().title() in words.given:
            end = match.end()
            last = _LAST.match(page.text, end, end + 24)
            if last and (last[1].title() in words.surnames or (last[1].title() in words.given)):
                end += last.end()
            yield match.start(), end, "a given name in small letters"
    for match in matches(_TITLED, page.text, page.octets):
        yield match.start(), match.end(), "behind a title in small letters"


def _without_capitals(page: Page) -> bool:
    """Say whether sentences begin in small letters here."""
    starts = re.findall(r"(?:^|[.!?]\s+|\n\s*)([A-Za-z])", page.text[:8_000])
    small = sum(1 for letter in starts if letter.islower())
    return small * 2 > len(starts)


__all__ = ["report"]
