"""Marks in text taken from a document tree: where cells, rows, tables, text boxes and hidden runs begin and end.

A serialiser written in C joins all text of a tree at once, which is quick but loses the structure; so readers
first put these private-use characters into the tree, and `segments` takes them out of the joined text. A
document that holds such characters itself can only split its own passages in odd places.
"""

import re
from dataclasses import dataclass
from typing import Literal

from milter.attachments.draft import Draft

Kind = Literal["text", "table", "hidden", "box", "deleted", "code"]

TABLE, HIDDEN, BOX, DELETED, CODE = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
CLOSE = "\ue00f"
CELL, ROW = "\ue010", "\ue011"
KINDS: dict[str, Kind] = {TABLE: "table", HIDDEN: "hidden", BOX: "box", DELETED: "deleted", CODE: "code"}
SPLIT = re.compile(f"([{TABLE}-{CLOSE}])")
BREAKS = (("\t", " "), ("\n", " "), ("\r", " "), (CELL, "\t"), (ROW, "\n"))
# Runs are matched from their first character only, so that a long run is looked at once.
TRAILING = re.compile(r"(?<!\t)\t+(?=\n|$)")
BEFORE_BREAK = re.compile(r"(?<! ) +(?=[\t\n])")
BEHIND_BREAK = re.compile(r"(?<=[\t\n]) +")
DEPTH = 64  # of marks in one another; deeper ones belong to the sixty-fourth


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text of one kind, in the order of the document."""

    kind: Kind
    text: str


def segments(text: str) -> list[Segment]:
    """Take marked text apart. A table ends the run around it; boxes and hidden runs are lifted out of it."""
    if not SPLIT.search(text):
        return [Segment("text", loose(text))]
    done: list[Segment] = []
    stack: list[tuple[Kind, list[str]]] = [("text", [])]
    excess = 0  # marks opened beyond DEPTH, whose closing counts for nothing
    for piece in SPLIT.split(text):
        if piece in KINDS and len(stack) >= DEPTH:
            excess += 1
        elif piece in KINDS:
            if piece == TABLE and stack[-1][0] == "text":
                _close(stack[-1], done)
            stack.append((KINDS[piece], []))
        elif piece == CLOSE and excess:
            excess -= 1
        elif piece == CLOSE:
            if len(stack) > 1:
                _close(stack.pop(), done)
        else:
            stack[-1][1].append(piece)
    while stack:
        _close(stack.pop(), done)
    return done


def _close(run: tuple[Kind, list[str]], done: list[Segment]) -> None:
    kind, pieces = run
    text = "".join(pieces)
    pieces.clear()
    if not text.strip(f"{CELL}{ROW}\ue005-\ue00e \t\r\n"):
        return
    done.append(Segment(kind, rows(text) if kind == "table" else loose(text)))


def loose(text: str) -> str:
    """Cells and rows outside a table, as text: two replacements cost a tenth of a translation."""
    return text.replace(CELL, "\t").replace(ROW, "\n")


def rows(text: str) -> str:
    """A table's marked text as lines of cells; breaks inside a cell become spaces."""
    for character, shown in BREAKS:
        text = text.replace(character, shown)
    text = BEFORE_BREAK.sub("", BEHIND_BREAK.sub("", text))
    return TRAILING.sub("", text).strip("\n ")


UNSEEN: dict[Kind, str] = {"hidden": "hidden text", "deleted": "deleted text", "code": "field code"}


def tidy(text: str) -> str:
    """The text without indents and spaces at line ends, and with one blank line at most between two others."""
    lines: list[str] = []
    for line in text.split("\n"):
        bare = line.strip(" \t\r")
        if bare or (lines and lines[-1]):
            lines.append(bare)
    return "\n".join(lines)


def say_marked(draft: Draft, where: str, text: str, *, hidden: bool = False) -> None:
    """Add the passages of one marked text: what is shown in its order, then what is not, a passage a kind."""
    apart: dict[Kind, list[str]] = {}
    for segment in segments(text):
        if segment.kind in ("hidden", "deleted", "code"):
            apart.setdefault(segment.kind, []).append(segment.text)
            continue
        table = segment.kind == "table" and ("\t" in segment.text or "\n" in segment.text)
        place = f"{where}, text box" if segment.kind == "box" else where
        draft.say(place, segment.text if table else tidy(segment.text), table=table, hidden=hidden)
    for kind, texts in apart.items():
        draft.say(f"{where}, {UNSEEN[kind]}", tidy("\n".join(texts)), hidden=True)
