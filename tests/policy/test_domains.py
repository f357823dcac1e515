"""Whose a domain is, and what it resembles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milter.policy.domains import DomainIndex, domain_of, normalise, skeleton, within
from milter.policy.model import Partner

PARTNERS = (
    Partner("Town", "council", ("wokingham.gov.uk", "*.wokingham.gov.uk")),
    Partner("Oak", "school", ("oak.wokingham.sch.uk",)),
    Partner("Local schools", "school", ("*.wokingham.sch.uk",)),
    Partner("Schools", "school", ("*.sch.uk",)),
    Partner("Trust", "school", ("oak-trust.org.uk",)),
    Partner("Surrey Carers", "charity", ("surreycarers.org.uk",)),
    Partner("Old", "retired", ("oldnetwork.org.uk",)),
    Partner("Short", "charity", ("abc.org",)),
)
INDEX = DomainIndex(PARTNERS)


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("wokingham.gov.uk", "Town"),
        ("mail.wokingham.gov.uk", "Town"),
        ("a.b.wokingham.gov.uk", "Town"),
        ("oak.wokingham.sch.uk", "Oak"),
        ("elm.wokingham.sch.uk", "Local schools"),
        ("staff.oak.wokingham.sch.uk", "Local schools"),
        ("ash.reading.sch.uk", "Schools"),
        ("wokingham.sch.uk", "Schools"),
        ("sch.uk", None),
        ("xwokingham.gov.uk", None),
        ("wokingham.gov.uk.evil.com", None),
        ("mail.oak-trust.org.uk", None),
        ("", None),
    ],
)
def test_find(domain: str, name: str | None) -> None:
    """The exact name beats a wildcard, the longer wildcard the shorter, and a wildcard is never the name itself."""
    partner = INDEX.find(domain)
    assert (partner.name if partner else None) == name


@pytest.mark.parametrize(
    ("domain", "resembled"),
    [
        ("wokingharn.gov.uk", "wokingham.gov.uk"),  # rn for m
        ("w0kingham.gov.uk", "wokingham.gov.uk"),
        ("xn--wkingham-01h.gov.uk", ""),  # no such label decodes to anything alike
        (normalise("w\u043ekingham.gov.uk"), "wokingham.gov.uk"),  # a Cyrillic o
        (normalise("w\u00f6kingham.gov.uk"), "wokingham.gov.uk"),  # an accent
        ("wokinghm.gov.uk", "wokingham.gov.uk"),
        ("wokingahm.gov.uk", "wokingham.gov.uk"),
        ("wokinggham.gov.uk", "wokingham.gov.uk"),
        ("wokingham.gv.uk", "wokingham.gov.uk"),
        ("wokingham-gov.uk", "wokingham.gov.uk"),
        ("wokinghamgov.uk", "wokingham.gov.uk"),
        ("wokingham.org.uk", "wokingham.gov.uk"),
        ("wokingham.com", "wokingham.gov.uk"),
        ("wokingham.gov.uk.example.com", "wokingham.gov.uk"),
        ("oak.wokingham.uk", "oak.wokingham.sch.uk"),  # the missing .sch
        ("oaktrust.org.uk", "oak-trust.org.uk"),
        ("oak--trust.org.uk", "oak-trust.org.uk"),
        ("surreycarer.org.uk", "surreycarers.org.uk"),
        ("surycarers.org.uk", "surreycarers.org.uk"),  # a long name: two slips
        ("abd.org", ""),  # a short name is near others by chance
        ("reading.gov.uk", ""),
        ("oldnetwerk.org.uk", ""),  # what is retired is nobody's model
        ("surreycarers.com", ""),  # anyone may hold the name under another ending
        ("gmail.com", ""),
        ("", ""),
        ("." * 300, ""),
    ],
)
def test_looks_like(domain: str, resembled: str) -> None:
    """A slip, a confusable letter, a lost dot or a borrowed front is seen for what it resembles."""
    assert INDEX.looks_like(domain) == resembled


def test_wildcard_gives_what_it_stands_for() -> None:
    """The labels in front of a wildcard are given, none where the name is listed itself."""
    assert INDEX.wildcard("a.b.wokingham.gov.uk") == "a.b"
    assert INDEX.wildcard("oak.wokingham.sch.uk") == ""
    assert INDEX.wildcard("elsewhere.org") == ""


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("a@Wokingham.GOV.uk", "wokingham.gov.uk"),
        ("a@wokingham.gov.uk.", "wokingham.gov.uk"),
        ('"a@evil.com"@wokingham.gov.uk', "wokingham.gov.uk"),
        ("a@b\u00fccher.example", "xn--bcher-kva.example"),
        ("nobody", ""),
        ("", ""),
        ("a@" + "\u00e9" * 300, "\u00e9" * 256),
    ],
)
def test_domain_of(address: str, domain: str) -> None:
    """The domain is what stands behind the last '@', in one spelling; what is no name raises nothing."""
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    ("first", "second", "most", "near"),
    [
        ("oak", "oak", 0, True),
        ("oak", "oka", 1, True),
        ("oak", "oaks", 1, True),
        ("oak", "ok", 1, True),
        ("oak", "elm", 2, False),
        ("oak", "oakums", 2, False),
        ("", "ab", 2, True),
    ],
)
def test_within(first: str, second: str, most: int, near: bool) -> None:
    """A replaced, added, lost or swapped letter is one slip."""
    assert within(first, second, most) is near


def test_skeleton_is_the_same_for_what_looks_the_same() -> None:
    """Capitals, hyphens and confusable digits make no difference."""
    assert skeleton("OAK-Trust.org.uk") == skeleton("0aktrust.org.uk")


def test_many_partners_stay_quick_to_ask() -> None:
    """However many names resemble each other, a question compares a bounded number of them."""
    index = DomainIndex(Partner(f"S{n}", "school", (f"primary{n:05}.org.uk",)) for n in range(20_000))
    assert index.find("primary19999.org.uk") is not None
    compared = sum(
        1 for _ in zip(range(1_000_000), index._candidates(skeleton("primary0000x.org.uk")), strict=False)
    )
    assert compared > 100  # there is more to compare than it looks at
    assert index.looks_like("secondary.example") == ""


@given(st.text("abc", max_size=7), st.text("abc", max_size=7), st.integers(0, 2))
def test_within_is_the_plain_distance(first: str, second: str, most: int) -> None:
    """Cutting corners gives what the plain table of distances gives."""
    assert within(first, second, most) is (distance(first, second) <= most)


def distance(first: str, second: str) -> int:
    """Count the slips between two words by the whole table."""
    table = [[i + j if not i * j else 0 for j in range(len(second) + 1)] for i in range(len(first) + 1)]
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            cost = table[i - 1][j - 1] + (first[i - 1] != second[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, cost)
            if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]
