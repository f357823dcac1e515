"""Values of every kind in every way of writing: `data/values*.toml`, which anyone can add to."""

import re
import tomllib
from pathlib import Path

import pytest

from milter.detect.examine import examine
from milter.detect.load import load_detectors
from milter.message.passage import Passage

FILES = sorted((Path(__file__).parent / "data").glob("values*.toml"))
CASES = [case for file in FILES for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]]
MARK = re.compile(r"\{\{([a-z-]+)\|(.*?)\}\}", re.DOTALL)


@pytest.mark.parametrize("case", CASES, ids=[case["why"][:60] for case in CASES])
def test_values_are_found_where_they_stand_and_nothing_else(case):
    """Each marked value is found with its exact text and span, and nothing unmarked is reported."""
    wanted = {tuple(mark.split("|")) for mark in case.get("marks", ())}
    wanted |= {(kind, value) for kind, value in MARK.findall(case["text"])}
    text = MARK.sub(lambda match: match[2], case["text"])
    passage = Passage("body", text, table=case.get("table", False), exact=True)
    examination = examine([passage], load_detectors(None), reveal=True)
    found = {(one.kind, one.text) for one in examination.findings if one.kind != "person"}
    assert found == wanted
    for one in examination.findings:
        assert one.span is not None
        assert text[slice(*one.span)] == one.text
        assert one.text not in one.masked
