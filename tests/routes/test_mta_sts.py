"""What MTA-STS records and policies say, and what is none (RFC 8461)."""

import pytest

from milter.routes.mta_sts import StsPolicy, matches, names, parse_policy, record_id

ENFORCE = (
    "version: STSv1\r\nmode: enforce\r\nmx: Mail.Example.com.\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
)


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("v=STSv1; id=20160831085700Z;",), "20160831085700Z"),
        (("v=STSv1;id=1",), "1"),
        (("v=spf1 -all", "v=STSv1; id = a1 ; other=x;"), "a1"),
        (("v=STSv1; id=1;", "v=STSv1; id=2;"), ""),  # more than one: as if there were none, section 3.1
        (("v=STSv1;",), ""),
        (("v=STSv2; id=1;",), ""),
        ((" v=STSv1; id=1;",), ""),
        (("v=STSv1; id=has-hyphen;",), ""),
        (("v=STSv1; id=" + "1" * 33,), ""),
        ((), ""),
    ],
)
def test_record(texts: tuple[str, ...], found: str) -> None:
    """Exactly one record with an id of up to 32 letters and digits announces a policy."""
    assert record_id(texts) == found


def test_policy() -> None:
    """Hosts are compared in lower case without the root's dot; a star stands for one label and no more."""
    policy = parse_policy(ENFORCE)
    assert policy == StsPolicy("enforce", 604_800, ("mail.example.com", "*.example.net"))
    assert names(policy, "mail.example.com")
    assert names(policy, "mx1.example.net")
    assert not names(policy, "a.mx1.example.net")
    assert not names(policy, "example.net")
    assert matches(policy) == ("mail.example.com", ".example.net")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1\n",
        "mode: enforce\nmx: a.example\nmax_age: 1\n",
        "version: STSv1\nmode: strict\nmx: a.example\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.example\n",
        "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1\n",
        "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: \u0661\n",
        "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.example servername=evil\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.example:b.example\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: 127.0.0.1\nmax_age: 1\n",
        "<html>version: STSv1</html>",
    ],
)
def test_what_is_no_policy(text: str) -> None:
    """A missing or unknown field is no policy; a host that could smuggle words into Postfix's table is no host."""
    assert parse_policy(text) is None


def test_hostile_size() -> None:
    """A policy with a hundred thousand hosts keeps a hundred; a max_age of centuries is a year."""
    text = "version: STSv1\nmode: enforce\nmax_age: 9999999999\n"
    policy = parse_policy(text + "".join(f"mx: m{n}.example\n" for n in range(100_000)))
    assert policy is not None
    assert len(policy.hosts) == 100
    assert policy.max_age == 31_557_600


def test_fields_that_are_not_known_are_ignored() -> None:
    """Section 3.2: extensions may come; the first of a field that stands twice counts."""
    policy = parse_policy(
        "version: STSv1\nnew: thing\nmode: testing\nmode: enforce\nmx: a.example\nmax_age: 0\n"
    )
    assert policy == StsPolicy("testing", 0, ("a.example",))
