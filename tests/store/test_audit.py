"""The catalogue of audit events."""

import inspect
import re
from pathlib import Path

from milter.store import audit

DOCUMENT = Path(__file__).parents[2] / "docs" / "store.md"


def _events() -> list[str]:
    """Give each event's name, as the catalogue writes it."""
    return re.findall(r'tx\.record\(\s*"([a-z-]+)"', inspect.getsource(audit))


def test_each_event_has_one_function():
    """Every function of the catalogue records one event, and no two record the same."""
    functions = [
        value
        for _, value in inspect.getmembers(audit, inspect.isfunction)
        if value.__module__ == audit.__name__
    ]
    assert len(_events()) == len(set(_events())) == len(functions)


def test_nothing_else_records():
    """No other module writes to the trail by itself."""
    folder = Path(audit.__file__).parent
    others = [file.name for file in folder.glob("*.py") if file.name != "audit.py"]
    assert [name for name in others if "tx.record(" in (folder / name).read_text()] == []


def test_every_event_is_documented():
    """The table in docs/store.md lists exactly the events there are."""
    documented = re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted([*_events(), "chain-opened"])  # the trail itself records that one
