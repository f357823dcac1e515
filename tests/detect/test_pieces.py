"""Long texts and tables are examined piece by piece, and nothing is lost at the joints."""

import pytest

from milter.detect.examine import examine
from milter.detect.load import load_detectors
from milter.detect.pieces import MOST, spans
from milter.message.passage import Passage

PLAIN = "The committee agreed to review its plan for the road and asked officers to report.\n"
NOTE = "Ella Smith, born 4 May 2013, NHS number 943 476 5919, has epilepsy and lives with her mother.\n"
ROW = "{}\tkerb stones and gravel\t{}\n"


def found(passage, kind):
    """Give the findings of one kind in one passage, with their text."""
    examination = examine([passage], load_detectors(None), reveal=True)
    return examination, [finding for finding in examination.findings if finding.kind == kind]


@pytest.mark.parametrize("size", [0, 10, MOST, MOST * 3 // 2, MOST * 3 // 2 + 1, 3 * MOST + 7])
@pytest.mark.parametrize("text", ["a", "a b\n", "a\n\n"])
def test_the_pieces_are_the_text(text, size):
    """Every character is in one piece, in order, whatever there is to cut at."""
    whole = (text * (size // len(text) + 1))[:size]
    cut = list(spans(whole, table=False))
    assert "".join(whole[low:high] for low, high in cut) == whole
    assert len(cut) == 1 or max(high - low for low, high in cut) <= MOST * 3 // 2


def test_a_value_far_down_a_long_text_is_found_in_its_place():
    """The span is the file's, in whatever piece the value stands; each value is found once."""
    text = PLAIN * (3 * MOST // len(PLAIN)) + NOTE + PLAIN
    examination, numbers = found(Passage("text", text, exact=True), "nhs-number")
    assert examination.protect
    assert [text[slice(*one.span)] for one in numbers] == ["943 476 5919"]


def test_a_column_keeps_its_heading_in_every_piece_of_a_long_table():
    """A bare number far below the heading that names it is found, and the heading is no row of its own."""
    head = "Item\tDescription\tNHS No\n"
    rows = (2 * MOST) // len(ROW)
    text = head + "".join(ROW.format(at, "") for at in range(rows)) + ROW.format(rows, "9434765919")
    examination, numbers = found(Passage("table", text, table=True, exact=True), "nhs-number")
    assert examination.protect
    assert [text[slice(*one.span)] for one in numbers] == ["9434765919"]


def test_the_rows_of_a_long_table_are_counted_together():
    """People in all pieces of a table are one table of so many people, not one for each piece."""
    rows = 60_000
    text = "Name\tDate of birth\tDiagnosis\n" + "Ella Smith\t04/05/2013\tepilepsy\n" * rows
    examination, _ = found(Passage("table", text, table=True), "person")
    tables = [line for line in examination.why if line.startswith("a table of")]
    assert len(tables) == 1
    assert tables[0].startswith(f"a table of {rows + 1} named people"), tables


def test_passages_that_go_on_are_one_text():
    """A reader may hand a long text on in pieces; spans are of the whole."""
    first, second = PLAIN * 10, NOTE
    passages = [Passage("text", first, exact=True), Passage("text", second, exact=True, start=len(first))]
    findings = examine(passages, load_detectors(None), reveal=True).findings
    assert [(first + second)[slice(*one.span)] for one in findings if one.kind == "nhs-number"] == [
        "943 476 5919"
    ]
