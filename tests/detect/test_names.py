"""Whose names are told to be private people's: `data/names.toml`, which anyone can add to."""

import re
import tomllib
from pathlib import Path

import pytest

from milter.detect import people
from milter.detect.examine import OwnDetails, gather
from milter.detect.load import load_detectors
from milter.detect.signature import Zones
from milter.message.passage import Passage

CASES = tomllib.loads((Path(__file__).parent / "data" / "names.toml").read_text(encoding="utf-8"))["case"]
MARK = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
TITLES = {"mr", "mrs", "ms", "miss"}


def words(name):
    return set(re.findall(r"[\w'\u2019-]+", name.casefold())) - TITLES


def reported(text, *, table):
    """The people of a text as they are reported where it is protected."""
    evidence = gather(
        [Passage("body", text, table=table, exact=True)], load_detectors(None), OwnDetails(), ""
    )
    alone = not any(name.role == 1 for name in evidence.names())
    found = []
    for one in evidence.pages:
        hits = people.report(one.page, Zones(one.page), one.names, one.singles, one.hits, alone=alone)
        found += [text[slice(*one.page.clean.origin(hit.start, hit.end))] for hit in hits]
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["why"][:60] for case in CASES])
def test_private_people_are_told_by_name_and_nobody_else(case):
    """Each marked name is found whole, and nothing is reported that shares no word with one."""
    wanted = MARK.findall(case["text"])
    found = reported(MARK.sub(lambda mark: mark[1], case["text"]), table=case.get("table", False))
    assert [name for name in wanted if not any(words(one) >= words(name) for one in found)] == []
    known = set().union(*(words(name) for name in wanted)) if wanted else set()
    assert [one for one in found if not words(one) & known] == []
