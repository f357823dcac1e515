"""What a reviewer reads of a held message: its text, with every finding masked in its place.

Text only: no markup, picture, link or script of the message gets out of here. The masked form holds no value
that a detector found; the other is for those with the right to see it. Bounded, whatever the message.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from milter.assess.inspect import Knowledge, reading_of
from milter.attachments.reading import Reading
from milter.detect.examine import OwnDetails, examine
from milter.detect.finding import Finding
from milter.message.model import Message
from milter.message.passage import Passage

MOST_CHARS = 120_000  # of text, the whole message together
MOST_PASSAGE = 20_000
MOST_PARTS = 100
KEEP = 100_000  # findings: what is shown must all be masked
Piece = tuple[str, str]  # text, and the kind of finding that it is ('' for none)


def preview(message: Message, organisation: str, knowledge: Knowledge, *, clear: bool) -> dict[str, Any]:
    """Give the parts of a message as text in pieces; `clear` leaves the findings unmasked."""
    own = knowledge.own.get(organisation, OwnDetails())
    subject = Passage("subject", message.subject, exact=True)
    company = (subject,) if message.subject else ()
    left = MOST_CHARS
    shown, left = _passages((subject,), (), "", own, knowledge, left, clear=clear)
    parts = [_part(Reading("0", "", ""), "subject", shown)]
    for part in message.parts[:MOST_PARTS]:
        for reading in _all(reading_of(part, knowledge)):
            around = company if part.role == "body" else ()
            shown, left = _passages(reading.passages, around, reading.name, own, knowledge, left, clear=clear)
            parts.append(_part(reading, part.role, shown))
    return {"parts": parts[:MOST_PARTS], "cut": left <= 0 or len(parts) > MOST_PARTS}


def _part(reading: Reading, role: str, passages: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "path": reading.path,
        "name": reading.name,
        "role": role,
        "format": reading.format,
        "status": reading.status,
        "protection": reading.protection,
        "passages": passages,
    }


def _all(reading: Reading) -> Iterator[Reading]:
    yield reading
    for member in reading.members:
        yield from _all(member)


def _passages(
    passages: Sequence[Passage],
    company: Sequence[Passage],
    name: str,
    own: OwnDetails,
    knowledge: Knowledge,
    left: int,
    *,
    clear: bool,
) -> tuple[list[dict[str, Any]], int]:
    shown: list[dict[str, Any]] = []
    if not passages or left <= 0:
        return shown, left
    detectors = replace(knowledge.detectors, keep=KEEP)
    found = examine((*company, *passages), detectors, own=own, reveal=True, name=name).findings
    for passage in passages:
        here = [finding for finding in found if finding.where == passage.where]
        pieces = list(_pieces(passage, here, clear=clear))
        room = min(left, MOST_PASSAGE)
        cut = list(_bounded(pieces, room))
        left -= sum(len(text) for text, _ in cut)
        shown.append({"where": passage.where, "hidden": passage.hidden, "pieces": cut})
        if left <= 0:
            break
    return shown, left


def _bounded(pieces: Sequence[Piece], room: int) -> Iterator[Piece]:
    for text, kind in pieces:
        if room <= 0:
            break
        yield text[:room], kind
        room -= len(text)


def _pieces(passage: Passage, found: Sequence[Finding], *, clear: bool) -> Iterator[Piece]:
    """Cut a passage at its findings. A value masked once is masked wherever it stands."""
    text, at = passage.text, 0
    for start, end, finding in _places(text, found):
        if start < at:
            continue
        if start > at:
            yield text[at:start], ""
        yield (text[start:end] if clear else finding.masked), finding.kind
        at = end
    if at < len(text):
        yield text[at:], ""


def _places(text: str, found: Sequence[Finding]) -> list[tuple[int, int, Finding]]:
    places: dict[tuple[int, int], Finding] = {}
    values: dict[str, Finding] = {}
    for finding in found:
        if finding.span is not None:
            places[finding.span] = finding
        if len(finding.text) > 1:
            values.setdefault(" ".join(finding.text.split()), finding)
    known = {" ".join(value.split()): finding for value, finding in values.items()}
    longest_first = sorted(known, key=len, reverse=True)
    for start in range(0, len(longest_first), 500):
        some = longest_first[start : start + 500]
        pattern = re.compile("|".join(r"\s+".join(re.escape(w) for w in value.split()) for value in some))
        for match in pattern.finditer(text):
            finding = known[" ".join(match[0].split())]
            places.setdefault(match.span(), finding)
    return sorted(((*span, finding) for span, finding in places.items()), key=lambda one: (one[0], -one[1]))
