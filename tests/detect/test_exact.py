"""Exact matching (`data/exact.toml`, which anyone can add to), and how little it takes to be sure."""

import csv
import io
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from milter.detect.examine import examine
from milter.detect.finding import Grade
from milter.detect.load import load_detectors
from milter.detect.match import Matcher, dates, pack, read_export, unpack
from milter.message.passage import Passage

DATA = tomllib.loads((Path(__file__).parent / "data" / "exact.toml").read_text(encoding="utf-8"))
KEY = bytes(range(32))


def matcher_of(text: str, key: bytes = KEY) -> Matcher:
    export = read_export(csv.DictReader(io.StringIO(text.strip())), key)
    return unpack(memoryview(pack([("people", export.shapes, export.digests)])), key)


def matched(text: str, matcher: Matcher, *, table: bool = False) -> set[str]:
    """Give what an examination found that the plain detectors did not vouch for."""
    detectors = replace(load_detectors(None), matcher=matcher)
    examination = examine([Passage("body", text, table=table, exact=True)], detectors, reveal=True)
    return {one.text for one in examination.findings if one.why.startswith("exact match")}


@pytest.mark.parametrize("case", DATA["case"], ids=[case["why"][:60] for case in DATA["case"]])
def test_listed_people_are_found_however_they_are_written(case):
    """Every way of writing is found with its span, and nothing that is not on the list."""
    found = matched(case["text"], matcher_of(DATA["list"]), table=case.get("table", False))
    assert found == set(case["finds"])


def test_a_match_decides_alone():
    """A listed person's number is protected in a text that gives no other reason to."""
    detectors = replace(load_detectors(None), matcher=matcher_of(DATA["list"]))
    text = "Could you look at S3456789 please? Thanks."
    assert examine([Passage("body", text)], load_detectors(None)).grade == Grade.NONE
    examination = examine([Passage("body", text)], detectors)
    assert examination.protect
    assert examination.findings[0].masked == "S*******"


def test_another_key_finds_nothing():
    """Digests are worth nothing without the key that they were made under."""
    export = read_export(csv.DictReader(io.StringIO(DATA["list"].strip())), KEY)
    block = memoryview(pack([("people", export.shapes, export.digests)]))
    assert matched("see S3456789", unpack(block, KEY)) == {"S3456789"}
    assert matched("see S3456789", unpack(block, KEY[::-1])) == set()


def test_nothing_of_the_export_is_in_what_is_kept():
    """Neither a name nor a number of the export stands in the block that goes to store and children."""
    export = read_export(csv.DictReader(io.StringIO(DATA["list"].strip())), KEY)
    block = pack([("people", export.shapes, export.digests)]).lower()
    for value in (b"berg", b"anna", b"9434765919", b"ab123456c", b"borchester", b"2012"):
        assert value not in block


def test_numbers_of_a_crowded_shape_count_only_beside_a_label():
    """With 5,000 six-figure references, one number in 200 is one by chance: those need their label."""
    rows = "\n".join(f"{100_000 + 7 * n}" for n in range(5_000))
    crowded = matcher_of(f"Client ID\n{rows}")
    assert matched("There were 100700 visits.", crowded) == set()
    assert matched("Client ID: 100700", crowded) == {"100700"}
    assert matched("Client ID\tVisits\n100700\t3\n100701\t4\n", crowded, table=True) == {"100700"}


def test_random_numbers_and_names_do_not_match():
    """Of 20,000 numbers and 5,000 names with dates drawn at random, none is on a list of 1,000 others."""
    source = random.Random(5)
    names = [
        f"{a}{b}" for a in ("ada", "bel", "cor", "dun", "els") for b in ("ric", "ton", "wen", "by", "son")
    ]

    def person() -> tuple[str, str, str]:
        first, second = sorted((source.choice(names), source.choice(names)))
        return first, second, f"{source.randint(1, 28)}/{source.randint(1, 12)}/{source.randint(2004, 2020)}"

    listed = {person() for _ in range(1_000)}
    rows = "\n".join(f"{','.join(one)},{source.randint(4 * 10**9, 5 * 10**9)}" for one in listed)
    matcher = matcher_of(f"forename,surname,dob,nhs no\n{rows}")
    others = {person() for _ in range(5_000)} - listed
    numbers = [str(source.randint(6 * 10**9, 7 * 10**9)) for _ in range(20_000)]
    text = "\n\n\n\n".join(" ".join(one) for one in others) + "\n" + "\n".join(numbers)
    assert matched(text, matcher) == set()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("03/04/2012", (20120403,)),
        ("3.4.12", (19120403, 20120403)),
        ("2012-04-03", (20120403,)),
        ("3 April 2012", (20120403,)),
        ("3rd of Apr. '12", (19120403, 20120403)),
        ("April 3rd, 2012", (20120403,)),
        ("03042012", (20120403,)),
        ("4/23/2012", (20120423,)),
        ("31/13/2012", ()),
        ("soon", ()),
        ("", ()),
    ],
)
def test_dates_in_every_form(written: str, read: tuple[int, ...]):
    """A date is the same date however it is written; a short year may be of either century."""
    assert dates(written) == read


def test_an_export_without_anything_to_match_is_refused():
    """A file of names alone, or of columns nobody knows, is no list."""
    for text in ("surname,forename\nBerg,Anna", "colour,size\nred,3"):
        with pytest.raises(ValueError, match="no column can be matched"):
            matcher_of(text)


def test_a_damaged_block_is_refused():
    """What is no block of lists is not read as one."""
    with pytest.raises(ValueError, match="not a block"):
        unpack(memoryview(b"something else altogether"), KEY)
