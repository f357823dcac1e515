"""Numbers made up to be shown protect nothing where examples are shown; a number that nothing names is weighed."""

import pytest

from milter.detect import subjects
from milter.detect.decide import reasons_of
from milter.detect.examine import OwnDetails, examine, gather
from milter.detect.load import Detectors
from milter.detect.specimen import made_up
from milter.message.passage import Passage


def protected(text, *, table=False):
    return examine([Passage("body", text, table=table)], Detectors()).protect


@pytest.mark.parametrize(
    ("kind", "value"),
    [("nino", "AB 12 34 56 C"), ("upn", "A123456789012"), ("upn", "Z999999999999"), ("nhs-number", "999 000 0018"),
     ("passport", "123456789"), ("payment-card", "4111 1111 1111 1111")],
)  # fmt: skip
def test_counting_digits_rows_of_one_digit_and_test_ranges_look_made_up(kind, value):
    """What leaflets, data dictionaries and test systems show is known by its form."""
    assert made_up(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"), [("nino", "JG 10 37 59 A"), ("upn", "H801200001001"), ("nhs-number", "487 112 3450")]
)
def test_a_number_with_a_few_zeros_does_not(kind, value):
    """Real numbers hold short runs of one digit."""
    assert not made_up(kind, value)


def test_a_made_up_number_protects_a_letter_and_not_a_list_of_test_rows():
    """Where no example is shown, somebody's number is taken for what its label says."""
    assert protected(
        "Dear Ms Boyle, we have your claim. National Insurance number: AB 12 34 56 C. Please ring us."
    )
    rows = "Field\tTest data\nSurname\tTESTER\nNI number: AB 12 34 56 C\tdummy\nExpected result\treject"
    assert not protected(rows, table=True)


def hard(text):
    """Say whether some reason protects whatever else the paper says."""
    evidence = gather([Passage("body", text)], Detectors(), OwnDetails(), "")
    return any(reason.hard for reason in reasons_of(evidence, Detectors(), subjects.of(evidence)))


def test_only_a_number_that_something_names_decides_alone():
    """The right form without a label is weighed with the rest of the paper; with its label it decides."""
    assert not hard("item,description,code\n0655,Sling for hoist,JG103759A\n0710,Bed rail,7914623308")
    assert hard("Please use my NI number, JG103759A, from now on.")


def test_whose_an_account_is_the_rest_of_the_paper_tells():
    """An account decides nothing by itself: a firm's offer passes, a carer's new account does not (N5, Y1)."""
    offer = (
        "Forge Farm CIC - Rates. Full day 92.00, half day 54.00. Company no. 10837741. Payment within 30 days: "
        "Forge Farm CIC, sort code 16-58-10, a/c 20154177. Ring Colin Babb on 01632 960555 for a visit."
    )
    carer = (
        "Mrs Joan Tully has changed banks, please pay her fostering to sort code 16-58-10, account 20154177."
    )
    assert not protected(offer)
    assert not hard(carer)
    assert protected(carer)
