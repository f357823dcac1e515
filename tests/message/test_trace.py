"""Trace fields, the loop stop, and the add-in's own fields."""

from datetime import UTC, datetime

import pytest

from milter.message.parse import parse
from milter.message.trace import Trace, internet_fields, internet_headers, loops, traced

KEY = b"k" * 32
RAW = b"From: a@b.example\r\nX-Sealgate-Protect: yes\r\nSubject: s\r\nx-sealgate-purpose: =20\r\n two\r\n\r\nbody\r\n"


def trail(**changes: object) -> Trace:
    given = {
        "id": "SG-1",
        "key": KEY,
        "helo": "pc.council.example",
        "peer": "192.0.2.9",
        "hostname": "mail.council.example",
        "protocol": "ESMTPS",
        "at": datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    }
    return Trace(**(given | changes))  # type: ignore[arg-type]


def test_received_says_who_by_which_way_and_when() -> None:
    """The Received field has the clauses of RFC 5321 4.4, and names the recipient where there is one only."""
    fields = parse(traced(parse(RAW), trail(recipient="c@d.example"))).fields
    received = next(f.value for f in fields if f.name == "received")
    assert b"".join(received.split()) == (
        b"frompc.council.example([192.0.2.9])bymail.council.example(Sealgate)withESMTPSidSG-1"
        b"for<c@d.example>;Mon,23Nov202610:00:00+0000"
    )
    assert b"for" not in traced(parse(RAW), trail()).partition(b"From:")[0]


def test_all_else_stays_as_it_came() -> None:
    """Only fields in front are added, and only the add-in's fields are taken out."""
    out = traced(parse(RAW), trail())
    assert out.endswith(b"\r\nFrom: a@b.example\r\nSubject: s\r\n\r\nbody\r\n")
    assert out.startswith(b"X-Sealgate-Trace: SG-1; ")
    plain = b"From: a@b.example\nSubject: s\n\nbody with \xff and bare lf\n"
    assert traced(parse(plain), trail()).endswith(plain)


@pytest.mark.parametrize("raw", [b"no header at all\r\n", b"\r\nbody", b"", b" folded\r\nA: b\r\n\r\nx"])
def test_a_body_without_header_stays_a_body(raw: bytes) -> None:
    """Trace fields never make a header of what was text, and nothing goes missing."""
    before, after = parse(raw), parse(traced(parse(raw), trail()))
    assert [p.content for p in after.parts] == [p.content for p in before.parts]
    assert after.raw.endswith(raw)


def test_what_the_addin_asked_for() -> None:
    """The add-in's fields are known by their names without the prefix, unfolded."""
    assert internet_headers(parse(RAW)) == {"protect": "yes", "purpose": "=20 two"}
    assert set(internet_fields(parse(RAW))) == {"x-sealgate-protect", "x-sealgate-purpose"}


def test_own_output_is_a_loop() -> None:
    """The gateway knows a message that it has dealt with, by any of its keys' holders and by nobody else's word."""
    message = parse(traced(parse(RAW), trail()))
    assert loops(message, KEY)
    assert not loops(message, b"other" * 8)
    assert not loops(parse(RAW), KEY)


@pytest.mark.parametrize(
    "value", [b"SG-1", b"SG-1; ", b"SG-1; 00ff", b"; ", b"\xff; \xff", b"SG-1; " + b"0" * 64]
)
def test_a_forged_trace_is_none(value: bytes) -> None:
    """A sender who writes the field himself can't make the gateway refuse his mail, or another's."""
    assert not loops(parse(b"X-Sealgate-Trace: " + value + b"\r\n" + RAW), KEY)


def test_too_many_hosts_are_a_loop() -> None:
    """More Received fields than the setting allows end the way (RFC 5321 6.3)."""
    raw = b"Received: by x\r\n" * 5 + RAW
    assert not loops(parse(raw), KEY, max_received=5)
    assert loops(parse(raw), KEY, max_received=4)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"helo": "x\r\nBcc: eve@evil.example"}, b"x??Bcc:?eve?evil.example"),
        ({"helo": "a) by evil (b"}, b"a??by?evil??b"),
        ({"helo": ""}, b"from unknown ("),
        ({"peer": "2001:db8::1"}, b"[IPv6:2001:db8::1]"),
        ({"peer": "not an address"}, b"(unknown)"),
    ],
)
def test_what_a_client_says_is_cleaned(changes: dict[str, object], told: bytes) -> None:
    """A hostile HELO forges no field and no clause."""
    out = traced(parse(RAW), trail(**changes))
    assert told in out
    assert [f.name for f in parse(out).fields] == ["x-sealgate-trace", "received", "from", "subject"]
