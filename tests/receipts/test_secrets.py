"""Passwords can be told, tokens can't be guessed."""

import math
import re

import pytest

from milter.receipts import password
from milter.receipts.password import speakable_password
from milter.receipts.token import ALPHABET, LENGTH, is_token, new_token, receipt_address, token_of

TOKEN = "0123456789abcdefghjkmnpqrs"
DOMAIN = "receipts.wokeford.gov.uk"


def test_password_is_six_words_of_the_list_joined_by_hyphens() -> None:
    """It can be read out by telephone and typed on any keyboard."""
    words = speakable_password().split("-")
    assert len(words) == 6
    assert set(words) <= set(password._words())


def test_password_has_64_random_bits_or_more() -> None:
    """The list has 2,048 different words, so six are 66 bits."""
    words = password._words()
    assert len(set(words)) == 2048
    assert password.WORDS * math.log2(len(set(words))) >= 64


def test_words_of_a_password_are_told_apart_by_four_letters() -> None:
    """A word half understood is still the right one, and none needs more than plain letters."""
    words = password._words()
    assert len({word[:4] for word in words}) == len(words)
    assert all(re.fullmatch(r"[a-z]{3,8}", word) for word in words)


def test_each_password_is_drawn_anew_from_the_operating_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No seed, no reuse: six draws by `secrets` for each password (pitfall 9)."""
    drawn: list[int] = []

    def choice(words: tuple[str, ...]) -> str:
        drawn.append(len(words))
        return words[len(drawn)]

    monkeypatch.setattr(password.secrets, "choice", choice)
    assert speakable_password() == "-".join(password._words()[1:7])
    assert drawn == [2048] * 6


def test_token_has_128_random_bits_or_more_and_survives_folding_of_case() -> None:
    """A mail system that writes addresses in capitals does not break a receipt."""
    token = new_token()
    assert is_token(token)
    assert LENGTH * math.log2(len(ALPHABET)) >= 128
    assert token_of(receipt_address(token, DOMAIN).upper(), DOMAIN) == token


def test_two_tokens_differ() -> None:
    """A token is drawn anew each time."""
    assert new_token() != new_token()


@pytest.mark.parametrize(
    "address",
    [
        f"r+{TOKEN}@elsewhere.gov.uk",
        f"r+{TOKEN}@sub.{DOMAIN}",
        f"x+{TOKEN}@{DOMAIN}",
        f"r{TOKEN}@{DOMAIN}",
        f"r+{TOKEN[:-1]}@{DOMAIN}",
        f"r+{TOKEN}0@{DOMAIN}",
        f"r+{TOKEN[:-1]}!@{DOMAIN}",
        f"r+{TOKEN}",
        f"postmaster@{DOMAIN}",
        "",
        "@",
    ],
)
def test_any_other_address_holds_no_token(address: str) -> None:
    """Only the exact form, on the receipts domain itself, is taken for a token."""
    assert token_of(address, DOMAIN) is None


def test_trailing_dot_of_a_domain_does_not_matter() -> None:
    """'example.' and 'example' are the same domain (RFC 1034 3.1)."""
    assert token_of(f"r+{TOKEN}@{DOMAIN}.", DOMAIN) == TOKEN
