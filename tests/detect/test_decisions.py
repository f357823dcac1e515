"""Ordinary paper passes and private matters are protected: `data/ordinary_*.toml`, `data/personal_*.toml`."""

import re
import tomllib
from pathlib import Path

import pytest

from milter.detect.examine import examine
from milter.detect.load import load_detectors
from milter.message.passage import Passage

DATA = Path(__file__).parent / "data"
MARK = re.compile(r"\{\{[a-z-]+\|(.*?)\}\}", re.DOTALL)


WRONG = 0.05  # the share of one file that may be judged wrongly: the cases are chosen to be hard


def cases(name):
    return [pytest.param(file, id=file.stem) for file in sorted(DATA.glob(f"{name}_*.toml"))]


def examined(case):
    subject = [Passage("subject", case["subject"])] if "subject" in case else []
    text = MARK.sub(lambda mark: mark[1], case["text"])
    body = Passage("body", text, table=case.get("table", False))
    return examine([*subject, body], load_detectors(None), name=case.get("name", ""))


def wrong(file, expected):
    """Count the cases of a file, and say why those were judged wrongly that were."""
    listed = tomllib.loads(file.read_text(encoding="utf-8"))["case"]
    verdicts = [(case["why"], examined(case)) for case in listed]
    return len(listed), [(why, found.why) for why, found in verdicts if found.protect != expected]


@pytest.mark.parametrize("file", cases("ordinary"))
def test_ordinary_paper_passes(file):
    """What is published, general, made up, blank or professional is not protected."""
    count, errors = wrong(file, expected=False)
    assert len(errors) <= WRONG * count, errors


@pytest.mark.parametrize("file", cases("personal"))
def test_private_matters_are_protected(file):
    """What is private to a person who can be told is protected."""
    count, errors = wrong(file, expected=True)
    assert len(errors) <= WRONG * count, errors


def test_every_case_says_why():
    """No case stands here without a sentence, so that anyone can see what it is about."""
    for file in (one.values[0] for one in [*cases("ordinary"), *cases("personal")]):
        listed = tomllib.loads(file.read_text(encoding="utf-8"))["case"]
        assert all(case["why"] and case["text"].strip() for case in listed)
