"""Mail made to be read in more than one way: what it hides is seen, or the message says that it can't be."""

from pathlib import Path

import pytest

from milter.message.model import Message
from milter.message.parse import parse
from milter.message.text import decode_text

FOLDER = Path(__file__).parent / "evasions"
CASES = sorted(FOLDER.glob("*.eml"))
SECRET = "CANARY 943 476 5919"


def shown(message: Message) -> str:
    texts = [decode_text(part.content, part.charset) for part in message.parts]
    return " ".join(" ".join([message.subject, *(part.name for part in message.parts), *texts]).split())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_evasion(case: Path) -> None:
    """What a mail hides from one parser is in the union of readings; what differs or can't be read is named."""
    why, expected = case.with_suffix(".txt").read_text("utf-8").strip().split("\n")
    words = expected.removeprefix("expect: ").split()
    message = parse(case.read_bytes())
    assert bool(message.limits) == ("limited" in words), why
    if "seen" in words:
        assert SECRET in shown(message), why
    if "ambiguous" in words:
        assert message.ambiguities, why
    if "plain" in words:
        assert message.ambiguities == (), why


def test_there_are_many_evasions() -> None:
    """The folder is found, and holds the published tricks and more."""
    assert len(CASES) >= 130


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_views_are_named(case: Path) -> None:
    """Each part has a path of its own; one from another reading says which, and no content is in any message."""
    message = parse(case.read_bytes())
    paths = [part.path for part in message.parts]
    assert len(paths) == len(set(paths))
    assert all(part.view for part in message.parts if "~" in part.path)
    assert not any("CANARY" in text or "943" in text for text in message.ambiguities + message.limits)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_offsets_hold(case: Path) -> None:
    """Offsets lie in the message, header before body, and fields are where they are said to be."""
    raw = case.read_bytes()
    message = parse(raw)
    for part in message.parts:
        assert 0 <= part.head[0] <= part.head[1] <= len(raw)
        assert 0 <= part.body[0] <= part.body[1] <= len(raw)
    for field in message.fields:
        assert raw[field.start : field.end].endswith(field.value)
        assert raw[field.start : field.end].lower().startswith(field.name.encode())
