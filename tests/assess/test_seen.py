"""Files seen before: what is remembered, for whom, for how long, and that nothing personal is kept."""

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

from milter.assess import wire
from milter.assess.child import _matter
from milter.assess.inspect import Knowledge, Matter, inspect
from milter.assess.inspector import inspect_message
from milter.assess.seen import LEAST_BYTES, Seen
from milter.detect.examine import Detectors
from milter.message.model import Part
from milter.policy.facts import PartFacts
from tests.attachments import making

ROOM = 1 << 20
LINE = "Pupil Ella Smith, NHS number 943 476 5919, born 4 May 2013, has epilepsy.\r\n"
LETTER = Part("1", "body", "text/plain", "", "", b"Please see the file.\r\n")
FILE = Part("2", "attachment", "text/plain", "", "Ella Smith.txt", (LINE * 80).encode())


class Children:
    """Inspects in this process, and counts the parts that it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    async def call(self, header: dict[str, Any], *pieces: bytes) -> tuple[dict[str, Any], bytes]:
        matter = _matter(header, b"".join(pieces))
        self.given += [part.path for part in matter.parts]
        return {"parts": wire.to_json(inspect(matter, Knowledge(Detectors())))}, b""


def look(seen: Seen | None, *parts: Part, organisation: str = "") -> tuple[tuple[PartFacts, ...], list[str]]:
    """Inspect a message; give its facts, and the paths of what children had to read."""
    children = Children()
    matter = Matter("Files", parts, organisation)
    facts = asyncio.run(inspect_message(matter, Knowledge(Detectors()), children, seen))
    return facts, children.given


def test_a_file_is_read_once() -> None:
    """The second message with the file gets the same facts, under its own paths, without a child."""
    seen = Seen(ROOM)
    first, read = look(seen, LETTER, FILE)
    assert read == ["1", "2"]
    again, read = look(seen, LETTER, FILE)
    assert again == first == look(None, LETTER, FILE)[0]
    assert read == []
    elsewhere, read = look(seen, LETTER, replace(FILE, path="3.1"))
    assert [fact.path for fact in elsewhere] == ["0", "1", "3.1"]
    assert elsewhere[2].examination == first[2].examination


def test_files_inside_a_known_file_keep_their_places() -> None:
    """Members of an archive come back under the archive's path in this message, with the same parents."""
    seen = Seen(ROOM)
    content = making.zipped(
        {"a.txt": LINE * 60, "b.csv": "a,b\n" + "1,2\n" * 2_000, "pad.txt": Random(1).randbytes(9_000).hex()}
    )
    archive = Part("2", "attachment", "application/zip", "", "a.zip", content)
    look(seen, LETTER, archive)
    moved = replace(archive, path="4")
    facts, read = look(seen, LETTER, moved)
    assert read == []
    assert facts == look(None, LETTER, moved)[0]
    assert {fact.parent for fact in facts} == {"", "4"}


def test_another_name_organisation_octet_or_process_is_another_file() -> None:
    """Nothing is taken over from what differs in anything that may bear on the findings."""
    seen = Seen(ROOM)
    look(seen, LETTER, FILE, organisation="Council")
    for part, organisation, memory in (
        (replace(FILE, name="b.txt"), "Council", seen),
        (replace(FILE, declared="text/csv"), "Council", seen),
        (replace(FILE, content=FILE.content + b" "), "Council", seen),
        (FILE, "School", seen),
        (FILE, "Council", Seen(ROOM)),  # a reload or another process
    ):
        assert "2" in look(memory, LETTER, part, organisation=organisation)[1]


def test_nothing_personal_is_kept() -> None:
    """No value, no file name and no content stands in memory, masked or not, without the file itself."""
    seen = Seen(ROOM)
    facts, _ = look(seen, LETTER, FILE)
    kept = repr(vars(seen)).encode() + b"".join(seen._sealed.values())
    assert seen.held_bytes() > 0
    masked = {finding.masked for finding in facts[-1].examination.findings}
    assert len(masked) > 2
    for word in ("Ella Smith", "943 476 5919", "epilepsy", "nhs-number", "attachment", *masked):
        assert word.encode() not in kept


def test_its_size_is_bounded() -> None:
    """The longest unused goes first; what fills an eighth of the room alone is not kept."""
    _, one = look(seen := Seen(ROOM), FILE)
    room = 9 * seen.held_bytes()
    seen = Seen(room)
    for number in range(40):
        look(seen, replace(FILE, name=f"{number}.txt"))
        assert seen.held_bytes() <= room
    assert look(seen, replace(FILE, name="39.txt"))[1] == []
    assert look(seen, replace(FILE, name="0.txt"))[1] == one
    small = Seen(room // 4)
    look(small, FILE)
    assert small.held_bytes() == 0


def test_what_is_locked_unread_or_small_is_not_remembered() -> None:
    """Whether a lock opens depends on the message around it; a failure may pass; a small file costs nothing."""
    seen = Seen(ROOM)
    look(seen, Part("2", "attachment", "", "", "a.bin", bytes(range(256)) * 40))
    look(seen, Part("2", "attachment", "", "", "a.txt", b"x" * (LEAST_BYTES - 1)))
    look(seen, Part("2", "attachment", "", "", "a.pdf", b"%PDF-1.7\n" + b"x" * 9_000))
    assert seen.held_bytes() == 0


def test_nothing_is_remembered_where_there_is_no_room() -> None:
    """seen-mib = 0 turns it off."""
    seen = Seen(0)
    look(seen, LETTER, FILE)
    assert look(seen, LETTER, FILE)[1] == ["1", "2"]
