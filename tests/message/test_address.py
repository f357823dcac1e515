"""Envelope addresses are read strictly or refused; header addresses tolerantly, in linear time."""

import pytest

from milter.message.address import (
    AddressError,
    canonical,
    domain_of,
    header_addresses,
    header_mailboxes,
    split,
)


@pytest.mark.parametrize(
    ("address", "local", "domain"),
    [
        ("bob@example.org", "bob", "example.org"),
        ("o'brien+x=y/z@sub.example.co.uk", "o'brien+x=y/z", "sub.example.co.uk"),
        ('"a@b"@example.org', '"a@b"', "example.org"),
        (r'"a\"b"@example.org', r'"a\"b"', "example.org"),
        ("bob@[192.0.2.1]", "bob", "[192.0.2.1]"),
        ("bob@[IPv6:2001:db8::1]", "bob", "[IPv6:2001:db8::1]"),
        ("zoë@exämple.org", "zoë", "exämple.org"),
        ("bob@my_host.example", "bob", "my_host.example"),
    ],
)
def test_split(address: str, local: str, domain: str) -> None:
    """An address of RFC 5321's grammar falls into its two halves as they were given."""
    assert split(address) == (local, domain)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bob",
        "@example.org",
        "bob@",
        "bob@example.org@evil.example",
        "bob@evil.example(@example.org)",
        "bob (x)@example.org",
        "bob @example.org",
        "bob@example.org ",
        "<bob@example.org>",
        "@route.example:bob@example.org",
        '"bob@example.org',
        '"bob" @example.org',
        '"a""b"@example.org',
        "bob.@example.org",
        ".bob@example.org",
        "b..ob@example.org",
        "bob@example..org",
        "bob@.example.org",
        "bob@example.org.",
        "bob@-example.org",
        "bob@exam ple.org",
        "bob@exa\u200bmple.org",
        "bob@example.org\r\nRCPT TO:<x@y.example>",
        "bob\0@example.org",
        "bob@[192.0.2.1",
        "bob@[evil]",
        "bob@xn--\u00e4.example",
        "a" * 65 + "@example.org",
        "a@" + "b" * 64 + ".example",
        "a@" + ".".join(["b" * 60] * 5),
        "bob@example.org,eve@example.org",
    ],
)
def test_refused(address: str) -> None:
    """Whatever could be read in two ways, or hides something, is no address (pitfall 39)."""
    with pytest.raises(AddressError):
        split(address)


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("Bob@EXAMPLE.org", "Bob@example.org"),
        ('"bob"@Example.org', "bob@example.org"),
        ('"b ob"@example.org', '"b ob"@example.org'),
        ("bob@EXÄMPLE.org", "bob@xn--exmple-cua.org"),
        ("bob@xn--EXMPLE-cua.org", "bob@xn--exmple-cua.org"),
        ("bob@ＥＸＡＭＰＬＥ.org", "bob@example.org"),  # noqa: RUF001 - full-width letters
    ],
)
def test_canonical(address: str, same: str) -> None:
    """Addresses that reach one mailbox compare equal; the local part's case is the receiver's business."""
    assert canonical(address) == same
    assert domain_of(address) == same.rpartition("@")[2]


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        (b" bob@example.org", ("bob@example.org",)),
        (b" Bob <bob@example.org>, eve@x.example", ("bob@example.org", "eve@x.example")),
        (b' "Lee, Ann" <ann@example.org>', ("ann@example.org",)),
        (b' "eve@evil.example" <ann@example.org>', ("ann@example.org",)),
        (b" eve@evil.example <ann@example.org>", ("ann@example.org",)),
        (b" ann@example.org (eve@evil.example)", ("ann@example.org",)),
        (b" Team: a@x.example, B <b@x.example>;", ("a@x.example", "b@x.example")),
        (b" undisclosed-recipients:;", ()),
        (b" <@route.example,@r2.example:ann@example.org>", ("ann@example.org",)),
        (b' "a b"@example.org', ('"a b"@example.org',)),
        (b" a@x.example; b@x.example", ("a@x.example", "b@x.example")),
        (b" a@x.example b@x.example", ("a@x.example", "b@x.example")),
        (b" Ann\r\n <ann@example.org>", ("ann@example.org",)),
        (b" =?utf-8?q?eve=40evil=2Eexample?= <ann@example.org>", ("ann@example.org",)),
        (b' "unclosed <ann@example.org>', ("ann@example.org",)),
        (b" Ann (unclosed <ann@example.org>", ("ann@example.org",)),
        (b" <ann@example.org", ("ann@example.org",)),
        ("zoë@exämple.org".encode(), ("zoë@exämple.org",)),
        (b"", ()),
        (b" nobody", ()),
    ],
)
def test_header_addresses(value: bytes, addresses: tuple[str, ...]) -> None:
    """Names, quotes, comments and routes yield no address; every mailbox of every group does."""
    assert header_addresses(value) == addresses


def test_header_addresses_stop_at_the_cap() -> None:
    """No more addresses are read than asked for."""
    assert header_addresses(b",".join([b"a@x.example"] * 50), most=7) == ("a@x.example",) * 7


def test_names_beside_addresses_are_told() -> None:
    """Quoted, bare and encoded names are given with their address, commas in them and all."""
    value = (
        b'"Smith, John" <john.smith@x.example>, =?utf-8?q?=C3=85str=C3=B6m=2C_Bj=C3=B6rn?= <b@y.example>,\r\n'
        b" bare@z.example, Team: Ann Grey <a@w.example>;, (a comment) odd <o@v.example>\r\n"
    )
    assert header_mailboxes(value) == (
        ("Smith, John", "john.smith@x.example"),
        ("\u00c5str\u00f6m, Bj\u00f6rn", "b@y.example"),
        ("", "bare@z.example"),
        ("Ann Grey", "a@w.example"),
        ("odd", "o@v.example"),
    )
    assert len(header_mailboxes(b"a@b.example," * 50, most=7)) == 7
