"""The generators of identifiers make what the issuers' rules allow, checked by another implementation."""

import datetime as dt
from random import Random

import pytest
from stdnum import iban, isbn, luhn
from stdnum.gb import nhs, upn, utr

from benchmarks.corpus import identifiers as made

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_checked_identifiers_pass_their_issuers_check(seed):
    """NHS number, UPN, UTR, IBAN, payment card and ISBN are valid to the standard library of such numbers."""
    rng = Random(seed)
    assert nhs.is_valid(made.nhs(rng))
    assert utr.is_valid(made.utr(rng))
    assert iban.is_valid(made.iban(rng))
    assert luhn.is_valid(made.card(rng))
    assert isbn.is_valid(made.isbn13(rng))
    assert isbn.is_valid(made.isbn10(rng))
    number = made.upn(rng)
    assert number[0] == upn.calc_check_digit(number[1:])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_uln_is_never_an_nhs_number(seed):
    """The residue that makes a learner number valid makes an NHS number invalid (uk-facts)."""
    number = made.uln(Random(seed))
    assert sum(int(d) * w for d, w in zip(number[:9], range(10, 1, -1), strict=True)) % 11 == 10 - int(
        number[9]
    )
    assert not nhs.is_valid(number)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_national_insurance_number_has_issued_letters(seed):
    """Neither letter nor pair that is never issued occurs, and the suffix is A to D."""
    number = made.nino(Random(seed))
    assert number[0] not in "DFIQUV"
    assert number[1] not in "DFIOQUV"
    assert number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
    assert number[-1] in "ABCD"


def test_a_chi_number_begins_with_the_birthday_and_tells_the_sex():
    """The date stands in front and the ninth digit is even for a woman."""
    number = made.chi(Random(4), dt.date(1951, 2, 7), female=True)
    assert number.startswith("070251")
    assert int(number[8]) % 2 == 0


def test_a_driver_number_adds_fifty_to_a_womans_month():
    """Surname padded with nines, decade, month plus fifty for a woman, day, year."""
    number = made.driving_licence(Random(1), "Ng", "Ann", dt.date(1984, 11, 5), female=True)
    assert number.startswith("NG999861054A")
    assert len(number) == 16
