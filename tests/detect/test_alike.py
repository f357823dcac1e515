"""Long tables: rows of one form are counted, whatever is new in a late row is read."""

import pytest

from milter.assess.inspect import Knowledge, inspect_file
from milter.detect.alike import alike
from milter.detect.examine import Detectors
from milter.detect.finding import Examination
from milter.detect.page import Page
from milter.message.passage import Passage

NAMES = ("Ella Smith", "Amira Khan", "Jo Marsh", "Stefan Popa", "Wyn Jones")
HEAD = "Name,DOB,NHS No,Notes"


def table(rows: int, late: str = "", at: int = 900) -> bytes:
    """Give a list of patients, one row of which may be another."""
    lines = [f"{NAMES[n % 5]},{n % 28 + 1:02}/0{n % 9 + 1}/1961,943 476 5919,seen" for n in range(rows)]
    if late:
        lines[at] = late
    return "\n".join((HEAD, *lines)).encode()


def examined(content: bytes, rows: int = 100) -> Examination:
    return inspect_file(content, "list.csv", Knowledge(Detectors(rows=rows)))[0].examination


def test_rows_of_one_form_change_no_verdict() -> None:
    """Grade, categories and gravest reason are those of the whole table; the explanation counts the rest."""
    short, whole = examined(table(1_000)), examined(table(1_000), rows=0)
    assert (short.protect, short.grade, short.categories) == (whole.protect, whole.grade, whole.categories)
    assert any("1000 named people" in line for line in short.why)
    assert any("more rows of the same form" in line for line in short.why)
    assert 200 <= len(short.findings) < len(whole.findings)


@pytest.mark.parametrize(
    ("late", "kind"),
    [
        ("Ella Smith,01/02/1961,943 476 5919,card 4929 1234 5678 9015 on file", "payment-card"),
        ("Ella Smith,01/02/1961,943 476 5919,AB 12 34 56 C", "nino"),
        ("Ella Smith,01/02/1961,943 476 5919,ella.smith1961@gmail.com", "email"),
    ],
)
def test_a_value_of_another_kind_in_a_late_row_is_found(late: str, kind: str) -> None:
    """What no row before it had is read in row 900 as in row 1."""
    assert kind in {finding.kind for finding in examined(table(1_000, late)).findings}


def test_a_diagnosis_in_a_late_row_is_read() -> None:
    """A private phrase that no row before it had makes its row one to be read."""
    page = Page(
        Passage(
            "table",
            table(1_000, "Jo Marsh,01/02/1961,943 476 5919,schizophrenia").decode().replace(",", "\t"),
            table=True,
        )
    )
    left = alike(page, 100)
    assert len(left) > 700
    assert 901 not in left  # the heading is line 0


def test_a_span_leads_to_the_value_in_the_file() -> None:
    """Rows left out move no offset of what is found behind them."""
    content = table(1_000, "Ella Smith,01/02/1961,943 476 5919,AB 12 34 56 C")
    found = next(one for one in examined(content).findings if one.kind == "nino")
    assert found.span is not None
    assert content.decode()[slice(*found.span)] == "AB 12 34 56 C"


def test_ordinary_tables_are_read_whole() -> None:
    """A table of a hundred rows has nothing left out."""
    assert not alike(Page(Passage("table", table(99).decode().replace(",", "\t"), table=True)), 100)
