"""Names of people, and whether each is a private person or someone in a professional role (N1).

A name is known by its title, by a label ('Pupil:'), by a column, by a given name of the list, or by a surname
of the list behind a capitalised word. No name alone makes a document personal (pitfall 28); names are the
subjects that private facts are said of.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

from milter.detect.context import latin_options
from milter.detect.lexicon import Lexicon, shipped
from milter.detect.naming import Name
from milter.detect.page import Page, looks_like_name
from milter.detect.signature import Zones
from milter.detect.tables import role_of
from milter.detect.whose import CLASS_AFTER, LABEL_WORDS, PRIVATE_AFTER, PRIVATE_BEFORE, role_beside

_W = r"[A-Z\xc0-\xde][A-Za-z\xc0-\xff'\-]*"  # a word with a capital
_CAPITALS = r"[A-Z\xc0-\xde][A-Z\xc0-\xde'\-]{2,}"
_PARTICLE = r"(?:(?:de|da|di|du|del|della|van|von|der|den|bin|bint|ibn|al|el|ap|ab|le|la|st|san|dos|das|do|ul|ter|ten|zu|abu|bte|y) ){0,2}"
_REST = rf"(?: {_PARTICLE}{_W}\.?){{0,3}}"
_TITLE = r"(?:Mr|Mrs|Miss|Ms|Mx|Master|Mr\.? ?(?:&|and) ?Mrs|MR|MRS|MISS|MS)"
_OFFICE = (
    r"(?:Dr|Prof|Professor|Rev|Revd|Reverend|Cllr|Councillor|Sir|Dame|Lord|Lady|Baroness|PC|PCSO|DC|DS|DI|DCI|Sgt|Insp|Inspector|Judge|HHJ|Fr|Father|Sister|Imam"
    r"|Rabbi|Nurse|Matron|Canon|Bishop|Alderman|Captain|Major|Colonel|Hon)"
)


@dataclass(frozen=True, slots=True)
class _Patterns:
    titled: "re2._Regexp"
    given: "re2._Regexp"
    surname: "re2._Regexp"
    labelled: "re2._Regexp"
    reverse: "re2._Regexp"
    turned: "re2._Regexp"


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    words = shipped()
    options = latin_options()
    options.case_sensitive = True

    def build(pattern: str) -> "re2._Regexp":
        return re2.compile(pattern.encode("latin-1"), options)

    given = sorted(
        words.given | words.given_doubtful, key=lambda name: (-len(name), name)
    )  # 'João' before 'Jo'
    first = "|".join(re.escape(name) for name in given)
    last = "|".join(
        re.escape(name)
        for name in sorted(words.surnames | words.surnames_doubtful, key=lambda name: (-len(name), name))
    )
    return _Patterns(
        titled=build(rf"\b(?:{_TITLE}|{_OFFICE})\.? (?:(?:[A-Z]\.? ?){{1,3}} )?{_PARTICLE}{_W}{_REST}"),
        given=build(
            rf"\b(?:{first})(?:-{_W})?\b{_REST}|\b{_CAPITALS}(?: [A-Z]\.?)?(?: [A-Z'\-]{{2,}}){{1,2}}\b"
        ),
        surname=build(rf"\b{_W}\.?(?: [A-Z]\.?){{0,2}} (?:{last})\b(?:-{_W})?(?: [A-Z][A-Z'\-]{{2,}}\b)?"),
        labelled=build(
            rf"(?:(?i)\b{LABEL_WORDS}(?:'s)?(?: full)?(?: name)?(?:\(s\))?)[ \t]*[:|\t][ \t]*{_W}\.?(?: {_W}\.?){{0,4}}"
        ),
        reverse=build(
            rf"\b{_W},[ ]?(?:{first})\b(?: [A-Z]\b\.?)?|\b(?:[A-Z][A-Z'\-]+ )?[A-Z][A-Z'\-]{{2,}}, [A-Z][a-z\xdf-\xff]{{2,}}\b"
        ),
        turned=build(
            r"\b(?:[A-Z][A-Z'\-\xc0-\xde]+ ){1,3}[A-Z\xc0-\xde][a-z\xdf-\xff\-]+\b"
            rf"|\b(?:{'|'.join(map(re.escape, sorted(words.surnames - words.given)))}) [A-Z\xc0-\xde][A-Za-z\xdf-\xff'\-]+\b"
        ),
    )


def find(page: Page, zones: Zones) -> list[Name]:
    """Every mention of a person with two names, a title, a label or a column of names."""
    found: dict[int, Name] = {}
    words = shipped()
    for name in (*_columns(page), *_mentions(page, words)):
        held = found.get(name.start)
        if held is None or (name.sure, name.end) > (held.sure, held.end):
            found[name.start] = name
            name.role = name.role or (held.role if held is not None and held.role > 0 else 0)
        elif name.role > 0 and held.role == 0:
            held.role = 1
    kept: list[Name] = []
    for name in sorted(found.values(), key=lambda one: (one.start, -one.end)):
        if kept and name.start < kept[-1].end:
            if name.sure > kept[-1].sure + 0.2:
                kept[-1] = name
            continue
        kept.append(name)
    for name in kept:
        if name.role == 0:
            name.role = role_beside(page, zones, name)
    return kept


def singles(page: Page, zones: Zones, names: list[Name]) -> list[tuple[int, int]]:
    """Spans of given names that stand alone, outside greetings and signatures: subjects of a sentence."""
    words = shipped()
    if page.quiet:
        return []
    taken = {name.start for name in names}
    spans = sorted((name.start, name.end) for name in names)
    starts = [start for start, _ in spans]
    found: list[tuple[int, int]] = []
    for low, _ in _given(page):
        token = _SINGLE.match(page.text, low, low + 40)
        if low in taken or token is None or token.group() not in words.given:
            continue
        before = page.text[max(0, low - 12) : low]
        after = page.text[token.end() : token.end() + 20]
        if (
            _GREETED.search(before)
            or re.match(r"[ -](?:[A-Z]|Road|Street)|@|\.[a-z]", after)
            or before[-1:] in "@-/'.&"
            or zones.at(low) in ("signature", "letterhead", "mail-header", "disclaimer", "private-signature")
        ):
            continue
        at = bisect_right(starts, low) - 1
        if at >= 0 and low < spans[at][1]:
            continue
        found.append((low, token.end()))
    return found


_IN_CAPITALS = re.compile(_CAPITALS + r"(?![a-z])")
_SINGLE = re.compile(r"[A-Za-z\xc0-\xff\-]+")
_GREETED = re.compile(
    r"(?i)(?:dear|hi|hello|hey|thanks|thank you|morning|afternoon|cheers|regards,?|by|st\.?|saint)\s$"
)


def _given(page: Page) -> list[tuple[int, int]]:
    """Where given names of the list stand, with what follows them; asked for twice of a page."""
    if page.given is None:
        page.given = [
            span
            for match in _patterns().given.finditer(page.octets)
            if (span := _from_a_given(page, *match.span()))
        ]
    return page.given


def _from_a_given(page: Page, low: int, high: int) -> tuple[int, int] | None:
    """The part of a run that begins with a given name of the list; one in capitals need not begin with it."""
    words = shipped()
    first = _IN_CAPITALS.match(page.text, low, high)
    if first is None or first.group().title() in words.given or first.group().title() in words.given_doubtful:
        return low, high
    if first.group() in words.given or first.group() in words.given_doubtful:
        return low, high  # 'JJ'
    behind = _patterns().given.match(page.octets, first.end() + 1, high + 40)
    return _from_a_given(page, *behind.span()) if behind else None


def _mentions(page: Page, words: Lexicon) -> Iterator[Name]:
    patterns = _patterns()
    for match in patterns.titled.finditer(page.octets):
        yield from _titled(page, words, *match.span())
    for low, high in _given(page):
        yield from _trimmed(page, words, low, high, sure=0.8, why="a given name of the list")
    for match in patterns.surname.finditer(page.octets):
        if _TITLED.match(page.text, match.start(), match.end()):
            continue  # the title's own pattern reads further
        first = _FILLED.match(page.text, match.start(), match.end())
        if first and first.group() in words.cuts and first.group() not in words.given:
            behind = patterns.surname.match(page.octets, first.end() + 1, match.end() + 40)
            if behind:  # 'Pupil Harrison Mpofu'
                low, high = behind.span()
                yield from _trimmed(page, words, low, high, sure=0.65, why="a surname of the list")
        yield from _trimmed(page, words, match.start(), match.end(), sure=0.65, why="a surname of the list")
    for match in patterns.labelled.finditer(page.octets):
        yield from _labelled(page, words, *match.span())
    for match in patterns.turned.finditer(page.octets):
        yield from _turned(page, words, *match.span())
    for match in patterns.reverse.finditer(page.octets):
        low, high = match.span()
        surname, _, given = page.text[low:high].partition(",")
        if _GREETED.search(page.text[max(0, low - 12) : low]) or re.match(
            r" [A-Z][a-z]", page.text[high : high + 3]
        ):
            continue  # 'Hi Sam, Ella Smith came in'
        if (
            surname.title() in words.surnames
            or (surname.isupper() and len(surname) > 2)
            or _line_alone(page, low, high)
        ):
            ordinary = (surname, surname.title(), given.strip().split(" ")[0])
            if not any(
                (word in words.cuts and word not in words.given) or word in words.tails for word in ordinary
            ):
                yield Name(
                    low, high, (given.strip().split(" ")[0], surname.title()), 0.8, 0, "surname, given name"
                )


def _turned(page: Page, words: Lexicon, low: int, high: int) -> Iterator[Name]:
    """'TULLY Aoibheann', 'Akhtar Sana': the surname first, without a comma."""
    *surname, given = page.text[low:high].split(" ")
    capitals = surname[-1].isupper()
    known = any(word.title() in words.surnames or word.title() in words.surnames_doubtful for word in surname)
    after = page.text[high : high + 12]
    listed = words.given | words.given_doubtful if capitals else words.given
    if given not in listed:
        behind = _patterns().turned.match(page.octets, high - len(given), high + 40)
        if behind:  # 'Smith Khan Sara'
            yield from _turned(page, words, *behind.span())
        return
    if (
        (capitals and not known and not _at_start(page.text, low))
        or (given in words.cuts and given not in words.given)
        or (not capitals and given in words.surnames)
        or any(word.title() in words.cuts or word.title() in words.tails for word in surname)
        or re.match(r" [A-Z][a-z]|-", after)
    ):
        return
    yield Name(low, high, (given, *(word.title() for word in surname)), 0.7, 0, "surname, given name")


_PARKS = frozenset(
    ("Park", "Reading", "Black", "Young", "English", "Church", "Hall", "Hill", "Kent", "House")
)  # surnames too
_TITLED = re.compile(rf"(?:{_TITLE}|{_OFFICE})\b")


def _line_alone(page: Page, low: int, high: int) -> bool:
    start, end = page.line(page.line_at(low))
    return len(page.text[start:end].strip()) <= high - low + 12


def _titled(page: Page, words: Lexicon, low: int, high: int) -> Iterator[Name]:
    text = page.text
    title = re.match(rf"(?:{_TITLE}|{_OFFICE})\.? ", text[low:high])
    if not title:
        return
    start = low + title.end()
    tokens = _tokens(text, start, high, words)
    if not tokens or (len(tokens) == 1 and (tokens[0][0] in words.tails or len(tokens[0][0]) < 2)):
        return
    office = re.match(_OFFICE, title.group()) is not None
    end = tokens[-1][2]
    names = tuple(token[0] for token in tokens)
    begin = start if len([name for name in names if len(name.rstrip(".")) > 1]) > 1 else low
    yield Name(begin, end, names, 0.9, -1 if office else 0, f"behind the title '{title.group().strip()}'")


_FILLED = re.compile(r"\S+")
_INITIAL_ENDS = re.compile(r"\.? ?[A-Z]")


def _tokens(text: str, low: int, high: int, words: Lexicon) -> list[tuple[str, int, int]]:
    """The words of a name from `low` on, up to the first that can be none."""
    tokens: list[tuple[str, int, int]] = []
    for match in _FILLED.finditer(text, low, high):
        word, start = match.group(), match.start()
        bare = word.removesuffix("'s").rstrip(".,;:'-")
        end = start + len(bare)
        initial = len(bare) == 1 and _INITIAL_ENDS.match(text, start + 1, start + 4)
        if not bare or (
            bare in words.cuts
            and bare not in words.given
            and not initial
            and not (bare in _PARKS if tokens else _a_first(text, end, bare, words))
        ):
            break
        if tokens and text.startswith(":", end):
            if len(tokens) > 1 or role_of(bare):
                break  # 'Ella Smith Post: ...': the next label
        tokens.append((bare, start, end))
        if word != bare and not (len(bare) <= 2 and word.endswith(".")):
            break
    return tokens


def _a_first(text: str, end: int, bare: str, words: Lexicon) -> bool:
    """Say whether an ordinary word is a given name here, as a surname of the list behind it tells: 'Summer Tolley'."""
    if bare not in words.given_doubtful:
        return False
    last = _NEXT.match(text, end, end + 30)
    return last is not None and (
        last[1] in words.surnames or last[1] in words.surnames_doubtful - words.given
    )


_NEXT = re.compile(r" (?:[A-Z]\.? )?([A-Z\xc0-\xde][A-Za-z\xc0-\xff'\-]+)")


def _trimmed(page: Page, words: Lexicon, low: int, high: int, sure: float, why: str) -> Iterator[Name]:
    text = page.text
    if low and (text[low - 1] in "@-_/.'" or text[low - 1].isalnum()):
        return
    tokens = _tokens(text, low, high, words)
    if len(tokens) < 2 or len(tokens[-1][0]) < 2 or text[tokens[-1][2] : tokens[-1][2] + 1].isdecimal():
        return
    names = [token[0] for token in tokens]
    if _a_thing(page, words, names, tokens[-1][2]) or _SHORTENED.search(names[0]):
        return
    first, last = names[0].title(), names[-1].title()
    if "-" in first and first not in words.given and first.split("-")[0] in words.given:
        first = first.split("-")[0]  # 'Carol-Ann'
    doubtful = first not in words.given
    known_last = last in words.surnames or last in words.surnames_doubtful or "-" in last
    if (names[0] in words.tails or names[0] in words.cuts) and not _a_first(
        text, tokens[0][2], names[0], words
    ):
        return
    if doubtful and first in words.given_doubtful and last not in words.surnames:
        sure -= 0.3
    elif doubtful and first not in words.given_doubtful:
        sure = 0.65 if last in words.surnames and not _at_start(text, low) else 0.5
        if last not in words.surnames and not _cued(text, low, tokens[-1][2]):
            return
    elif not known_last and names[-1] in words.tails:
        return
    if sure >= 0.5:
        yield Name(low, tokens[-1][2], tuple(names), min(sure + 0.1 * known_last, 0.95), 0, why)


_SHORTENED = re.compile(r"'(?:m|ll|ve|s|d|re)$")  # "I'm Boyd's mum"


def _cued(text: str, low: int, high: int) -> bool:
    """Say whether something beside an unknown pair of words tells that it is a person."""
    before, after = text[max(0, low - 40) : low], text[high : high + 40]
    return bool(
        PRIVATE_AFTER.match(after)
        or CLASS_AFTER.match(after)
        or PRIVATE_BEFORE.search(before)
        or re.match(r",? (?:Flat|\d{1,4}[A-Za-z]?) |,? ?[A-Z]{0,2} ?\d{6,}", after)
        or re.match(
            r" (?:has|had|is|was|says|said|told|lost|left|came|rang|wants|cannot|can't|lives)\b", after
        )
    )


def _at_start(text: str, low: int) -> bool:
    before = text[max(0, low - 3) : low].rstrip(" \t")
    return not before or before[-1] in ".!?\n"


def _a_thing(page: Page, words: Lexicon, names: list[str], end: int) -> bool:
    """Say whether the run is a place, an organisation or a thing: 'Victoria Road', 'Ella Smith Award'."""
    follows = _FOLLOWS.match(page.text, end, end + 24)
    after = follows.group(1) if follows else ""
    if after.title() in words.tails and after.title() not in (
        "Park",
        "Way",
        "Order",
        "Home",
        "Care",
        "Plan",
        "Review",
        "Report",
        "Support",
    ):
        return True
    tail = names[-1].title() in words.tails and names[-1].title() not in words.surnames
    return tail and (
        len(names) > 2
        or names[-1].title() not in words.surnames_doubtful
        or _ROADISH.match(names[-1]) is not None
    )


_FOLLOWS = re.compile(r" ?(?:& |and )?([A-Z][a-z]+|[A-Z]{2,})")
_ROADISH = re.compile(
    r"(?i)(?:road|street|avenue|lane|close|drive|way|court|crescent|gardens|place|terrace|square|mews|parade|school|college|hospital|house|hall|church|farm|park|centre|primary|junior|infant|academy|trust)$"
)


def _labelled(page: Page, words: Lexicon, low: int, high: int) -> Iterator[Name]:
    text = page.text
    if any(block.header == page.line_at(low) for block in page.blocks):
        return
    colon = max(text.find(mark, low, high) for mark in (":", "|", "\t"))
    label = text[low:colon].strip().lower()
    start = colon + 1
    while start < high and text[start] in " \t":
        start += 1
    title = re.match(rf"(?:{_TITLE}|{_OFFICE})\.? ", text[start:high])
    start += title.end() if title else 0
    tokens = _tokens(text, start, high, words)
    if not tokens or len(tokens) > 4 or re.match(r"re$|ref$|subject$|regarding$|worker$", label):
        tokens = tokens if len(tokens) in (2, 3) and any(token[0] in words.given for token in tokens) else []
    if (
        not tokens
        or tokens[-1][0] in words.tails
        or re.search(
            r"\b(?:school|company|file|user|course|event|street|room|product|project)\s*$",
            text[max(0, low - 12) : low],
            re.IGNORECASE,
        )
    ):
        return
    if page.passage.table and not any(token[0].title() in words.given | words.surnames for token in tokens):
        return
    if role_of(text[start : tokens[-1][2]]) and tokens[0][0] not in words.given:
        return  # the next heading, not a value
    yield Name(start, tokens[-1][2], tuple(token[0] for token in tokens), 0.85, 1, f"labelled '{label}'")


# What stands in a column of names and names nobody.
_NOBODY = frozenset((
    "total", "totals", "n/a", "none", "average", "name", "unknown", "tbc", "vacant", "redacted",
    "[redacted]", "as above", "none given", "not known", "unallocated", "unborn", "various", "anonymous",
    "withheld", "n/k", "not given", "no one", "nobody", "not stated", "same", "self", "void", "empty",
    "forename", "surname",
))  # fmt: skip
_CLASS_BEHIND = re.compile(r",? \(?\d{1,2}[A-Z]?\)?$")


def _ordinary(words: list[str], lexicon: Lexicon) -> bool:
    """Say whether a cell of names holds a word that is no part of one."""
    names = (lexicon.given, lexicon.surnames) + (
        (lexicon.given_doubtful, lexicon.surnames_doubtful) if len(words) == 2 else ()
    )
    return any(
        word in lexicon.cuts and len(word) > 1 and not any(word in some for some in names) for word in words
    )


def _columns(page: Page) -> Iterator[Name]:
    lexicon = shipped()
    for block in page.blocks:
        if not page.private_block(block):
            continue
        columns = [
            (at, role) for at, role in enumerate(block.roles) if role in ("name", "forename", "surname")
        ]
        last: Name | None = None
        for low, end, role in page.column_cells(block, columns):
            value = _CLASS_BEHIND.sub("", page.text[low:end])  # 'Molly Threlfall 4B'
            high = low + len(value)
            words = value.replace(",", " ").split()
            if (
                not 2 <= len(value) <= 60
                or any(char.isdigit() for char in value)
                or len(words) > 5
                or not value[0].isalpha()
            ):
                continue
            if value.lower() in _NOBODY or (role == "name" and _ordinary(words, lexicon)):
                continue
            if block.guessed and not looks_like_name(value):
                continue
            title = re.match(rf"(?:{_TITLE}|{_OFFICE})\.? ", value)
            begin = low + (title.end() if title and len(words) > 2 else 0)
            name = Name(begin, high, tuple(words), 0.9, 1, f"in a column of {role}s")
            if last is not None and role != "name" and _one_person(page, last, name, block.delimiter):
                last.end, last.words = high, (*last.words, *name.words)
                continue
            if last is not None:
                yield last
            last = name
        if last is not None:
            yield last


def _one_person(page: Page, last: Name, name: Name, delimiter: str) -> bool:
    """Say whether surname and forename stand in cells side by side: one person, reported as one."""
    between = page.text[last.end : name.start]
    return (
        len(last.words) + len(name.words) <= 4
        and "\n" not in between
        and between.strip(' "') == delimiter
        and between.count(delimiter) == 1
        if delimiter
        else False
    )


__all__ = ["Name", "find"]
