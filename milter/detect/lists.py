"""Lists of named people in running text: a class list pasted into a mail, names under 'Pupil premium - 4P' (Y3)."""

import re
from dataclasses import dataclass

from milter.detect.branches import factored
from milter.detect.lexicon import shipped
from milter.detect.page import Page
from milter.detect.person import Name

_LEAST = 3  # names that make a list
_MARK = re.compile(r"^[ \t]*(?:[\-*\xb7o>]|\d{1,3}[.)]?|[a-z][.)])?[ \t]*")
_NAME_LINE = re.compile(
    r"^[A-Z\xc0-\xde][\w\xc0-\xff'\-]*\.?(?:,? [A-Z\xc0-\xde][\w\xc0-\xff'\-]*\.?){0,3}(?:[ \t]*[(\-,:\t|][^\n]{0,60}|[ \t]+[/\\XxYyNPAL0-9 \t.%\xb7-]+)?$"
)
CHILDREN = factored(
    r"\bpupils?\b|\bstudents?\b|\bclass\b|\byear (?:\d|one|two|three|four|five|six|r\b|group)|\byr ?\d|\breception\b|\bnursery\b|\bchild(?:ren)?\b|\bregister\b|\bpupil premium\b|\bfsm\b|\bfree school meals?\b|\bsend?\b"
    r"|\behcp\b|\beal\b|\btrip\b|\blooked after\b|\bform \d|\btutor group\b|\bintervention\b|\bdetention\b|\battendance\b|\bkey stage\b|\bks[1-4]\b|\bphonics\b|\bboys\b|\bgirls\b|\bbooster\b|\bbreakfast club\b|\bnurture\b"
    r"|\bleavers\b|\bstarters\b|\b\d{1,2}[a-z]{1,2}\b(?= ?(?:class|list|register))|\b[1-6r][a-z]{1,2}$|- ?[1-9][a-z]{1,2}\b"
)
CLASS_TOKEN = re.compile(r"\b(?:in|class|from|of|to|and) (?:[1-9]|1[0-3])[A-Z]{1,2}\b|\([1-9R][A-Z]\)")
SCHOOL = factored(
    r"\b(?:pupils?|pastoral|senco|playground|uniform|minibus|homework|class|assembly|tutor|lessons?|school trip|museum visit|visit to the|epipens?|after[- ]school|lunch club|detention|head of year|year \d|dinner ladies|teaching assistant|\.sch\.uk)\b"
)
PUBLISHED_LIST = factored(
    r"\b(?:team|cast|winners?|congratulations|well done|awards?|prize|results of the|match|choir|squad|governors?|councillors?|candidates?|members|committee|present|apologies|attend(?:ees|ance:)|staff|officers?|speakers|authors?|characters|books?|invited|organis\w+|volunteers|stall|sponsors|reading)\b"
)


@dataclass(frozen=True, slots=True)
class People:
    """A list of names and what the words above it say."""

    first: int
    last: int
    count: int
    children: bool
    published: bool
    title: str  # lower case; for judging, never shown


def find(page: Page, names: list[Name]) -> tuple[list[People], list[Name]]:
    """Lists of at least three names, one a line or parted by commas; and the names in them that no list knew."""
    lists: list[People] = []
    extra: list[Name] = []
    run: list[tuple[int, int, int]] = []  # line, start, end of the name
    known = {name.start for name in names}
    near = {page.line_at(name.start) for name in names}
    for number in sorted(near | {line + step for line in near for step in (-1, 1, 2)}):
        if not 0 <= number < len(page.starts):
            continue
        span = _name_of(page, number)
        if span and (not run or number - run[-1][0] <= 2):
            run.append((number, *span))
            continue
        _close(page, run, known, lists, extra)
        run = [(number, *span)] if span else []
    _close(page, run, known, lists, extra)
    lists += _inline(page, names)
    return lists, extra


def _name_of(page: Page, number: int) -> tuple[int, int] | None:
    low, high = page.line(number)
    line = page.text[low:high]
    if not 3 <= len(line) <= 100:
        return None
    mark = _MARK.match(line)
    start = mark.end() if mark else 0
    body = line[start:].rstrip()
    if not _NAME_LINE.match(body):
        return None
    name = (
        re.split(r"[ \t]*[(\-:\t]| - ", body, maxsplit=1)[0]
        if "," not in body[:24]
        else ",".join(body.split(",")[:2])
    )
    name = re.split(r" - |[(:\t|/\\]|\s\d", name)[0].rstrip(" ,")
    words = name.replace(",", " ").split()
    lexicon = shipped()
    if not 1 <= len(words) <= 4 or any(word in lexicon.cuts or word in lexicon.tails for word in words):
        return None
    return low + start, low + start + len(name)


def _close(
    page: Page, run: list[tuple[int, int, int]], known: set[int], lists: list[People], extra: list[Name]
) -> None:
    sure = sum(1 for _, start, _ in run if start in known)
    if len(run) < _LEAST or sure * 2 < len(run):
        return
    for _, start, end in run:
        if start not in known and " " in page.text[start:end]:
            extra.append(
                Name(
                    start,
                    end,
                    tuple(page.text[start:end].replace(",", " ").split()),
                    0.7,
                    0,
                    "in a list of names",
                )
            )
    lists.append(_people(page, run[0][1], run[-1][2], len(run)))


def _people(page: Page, low: int, high: int, count: int) -> People:
    title = _title(page, low)
    return People(
        low,
        high,
        count,
        bool(
            CHILDREN.search(title) or (count >= 4 and _of_classes(page)) or (count >= 5 and _of_school(page))
        ),
        bool(PUBLISHED_LIST.search(title)),
        title,
    )


def _of_classes(page: Page) -> bool:
    """Say whether a passage's head names a class; asked for every list of a passage."""
    return page.once("class", lambda: CLASS_TOKEN.search(page.text[:8_000]) is not None)


def _of_school(page: Page) -> bool:
    """Say whether a passage's head speaks of school life."""
    return page.once("school", lambda: SCHOOL.search(page.lower[:6_000]) is not None)


def _title(page: Page, low: int) -> str:
    """The lines above a list that may name it: three filled ones at most."""
    text = page.lower[max(0, low - 300) : low]
    lines = [line.strip() for line in text.split("\n") if line.strip(" -*\t")]
    return "\n".join(lines[-3:])


def _inline(page: Page, names: list[Name]) -> list[People]:
    """'Children on the list: A B, C D and E F': three names or more parted by commas and 'and'."""
    found: list[People] = []
    run: list[Name] = []
    for name in [*names, None]:
        if (
            name is not None
            and run
            and re.fullmatch(r"\s?(?:,|;|&|and|, and)\s{0,2}", page.text[run[-1].end : name.start])
        ):
            run.append(name)
            continue
        if len(run) >= _LEAST:
            found.append(_people(page, run[0].start, run[-1].end, len(run)))
        run = [name] if name is not None else []
    return found
