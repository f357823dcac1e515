"""Locks the documents of one message in the children, each opened there and compared before it is believed (E7)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from milter.assess.inspect import Matter, inspect
from milter.attachments.protect import ROUNDS, ROUNDS_FOR_CHOSEN_PASSWORDS, neutral_name
from milter.dispatch.case import Case
from milter.dispatch.surroundings import Surroundings
from milter.dispatch.targets import Target, whole_text
from milter.message.build import NewPart
from milter.message.model import Part

BODY_NAME = "Message"
TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


class CannotProtectError(Exception):
    """This message can't be put right for this recipient; the words go into the log and the hold's reasons."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One locked document, in the place of a part or beside the note that replaces the body."""

    path: str  # of the part that it replaces; '' for the body's document
    part: NewPart
    format: str


@dataclass(frozen=True, slots=True)
class Password:
    """What documents are locked with."""

    clear: str
    chosen: bool = False  # by people, who agreed on it: never sent, kept with no share, and slower to try out

    @property
    def rounds(self) -> int:
        """How many rounds of key derivation guard it (docs/protecting.md)."""
        return ROUNDS_FOR_CHOSEN_PASSWORDS if self.chosen else ROUNDS


async def lock_all(
    case: Case, targets: Sequence[Target], body: bool, password: Password, with_: Surroundings
) -> tuple[Locked, ...]:
    """Lock every target, and the message's own text where it moves into a document. CannotProtectError if one fails."""
    locked = []
    key = {"password": password.clear, "rounds": password.rounds}
    for number, target in enumerate(targets, start=1):
        name = target.name
        if is_personal(case, re.sub(r"[_.-]+", " ", name), with_):
            name = neutral_name(number, name, target.format)
        header = {"op": "protect", "format": target.format, "name": name, **key}
        locked.append(await _lock(header, target.content, target.path, with_))
    if body:
        text, html = whole_text(case.message)
        header = {"op": "protect-text", "html": html, "title": BODY_NAME, **key}
        locked.append(await _lock(header, text.encode("utf-8", "replace"), "", with_))
    return tuple(locked)


def is_personal(case: Case, words: str, with_: Surroundings) -> bool:
    """Whether a few words that leave in clear, such as a file's name, would tell anything of a person (law 8)."""
    if not words.strip():
        return False
    partner = case.assessment.people.sender.partner
    part = Part("1", "body", "text/plain", "utf-8", "", words.encode("utf-8", "replace"))
    (facts,) = inspect(Matter("", (part,), partner.name if partner else ""), with_.known.knowledge)
    return facts.examination.protect or bool(facts.examination.findings)


async def _lock(header: dict[str, Any], content: bytes, path: str, with_: Surroundings) -> Locked:
    answer, out = await with_.children.call(header, content)
    if "error" in answer or not out:
        raise CannotProtectError(str(answer.get("error", "nothing came back")))
    kind = TYPES.get(str(answer["format"]), "application/octet-stream")
    return Locked(path, NewPart(str(answer["name"]), kind, out), str(answer["format"]))
