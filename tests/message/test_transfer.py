"""Transfer encodings decode under every label and reading that programs take."""

import base64
import binascii

import pytest

from milter.message.transfer import Content, decode, embedded, label, looks_base64

TEXT = b"The quick brown fox jumps over the lazy dog, twice."


@pytest.mark.parametrize(
    ("value", "encoding", "odd"),
    [
        (b" base64", "base64", False),
        (b" BASE64 ", "base64", False),
        (b"\r\n base64\r\n", "base64", False),
        (b' "base64"', "base64", False),
        (b" base64;", "base64", False),
        (b" base64 ;x", "base64", True),
        (b" (c) base64", "base64", True),
        (b" base-64", "base64", True),
        (b" base\r\n 64", "base64", True),
        (b" bas\0e64", "base64", True),
        (b" quoted-printable", "quoted-printable", False),
        (b" quoted/printable", "quoted-printable", True),
        (b" Quoted_Printable", "quoted-printable", True),
        (b" 7bit", "identity", False),
        (b" 7-bit", "identity", False),
        (b" 8bits", "identity", False),
        (b" plain", "identity", False),
        (b"", "identity", False),
        (b" x-secret", "identity", True),
        (b" x-uue", "uuencode", False),
    ],
)
def test_label(value: bytes, encoding: str, odd: bool) -> None:
    """A label means what most programs take it for; one that others read otherwise is odd."""
    found = label(value)
    assert (found.encoding, found.odd) == (encoding, odd)


@pytest.mark.parametrize(
    "body",
    [
        base64.b64encode(TEXT),
        base64.encodebytes(TEXT).replace(b"\n", b"\r\n"),
        b" ".join(bytes([c]) for c in base64.b64encode(TEXT)),
        b"!".join(bytes([c]) for c in base64.b64encode(TEXT)),
        base64.b64encode(TEXT) + b"\r\n\r\n",
    ],
)
def test_base64_in_one_reading(body: bytes) -> None:
    """Clean, spaced and dirty base64 all read in one way."""
    assert decode(body, "base64") == (Content(TEXT),)


@pytest.mark.parametrize("size", range(1, 9))
def test_base64_without_padding(size: int) -> None:
    """Missing padding costs nothing of the content."""
    assert decode(base64.b64encode(TEXT[:size]).rstrip(b"="), "base64") == (Content(TEXT[:size]),)


def test_base64_with_padding_inside_reads_in_several_ways() -> None:
    """What stands behind padding is read as well, and stopping there is a reading of its own."""
    readings = decode(base64.b64encode(b"a") + b"\r\n" + base64.b64encode(TEXT) + b"\r\n", "base64")
    assert readings[0] == Content(b"a" + TEXT)
    assert b"a" in [r.octets for r in readings[1:]]


def test_base64_with_very_many_paddings_is_still_read() -> None:
    """Thousands of padded groups are decoded in one go, and named."""
    body = b"".join(base64.b64encode(TEXT[i % 50 : i % 50 + 1]) for i in range(5_000))
    expected = b"".join(TEXT[i % 50 : i % 50 + 1] for i in range(5_000))
    assert expected in [reading.octets for reading in decode(body, "base64")]
    assert len(decode(body, "base64")) > 1


def test_words_behind_base64_are_no_reading() -> None:
    """A list's footer in plain words is not taken for base64 in a way that counts."""
    body = base64.b64encode(TEXT[:4]) + b"\r\n____\r\nTo leave this list, write to us.\r\n"
    assert [reading.view for reading in decode(body, "base64")] == [""]


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"a=20b", b"a b"),
        (b"a=3d=3D", b"a=="),
        (b"a=\r\nb", b"ab"),
        (b"a= \t\r\nb", b"ab"),
        (b"a=\nb", b"ab"),
        (b"a=ZZ b", b"a=ZZ b"),
        (b"end=", b"end"),
        (b"a_b", b"a_b"),
    ],
)
def test_quoted_printable(body: bytes, content: bytes) -> None:
    """Triples decode in either case, soft line breaks go even with spaces behind, what is no triple stays."""
    assert decode(body, "quoted-printable") == (Content(content),)


def uu(octets: bytes) -> bytes:
    lines = [binascii.b2a_uu(octets[i : i + 45]) for i in range(0, len(octets), 45)]
    return b"begin 644 note.txt\n" + b"".join(lines) + b"`\nend\n"


@pytest.mark.parametrize(
    "change", [lambda b: b, lambda b: b.replace(b"\n", b"\r\n"), lambda b: b.replace(b"`\nend\n", b"")]
)
def test_uuencode(change: object) -> None:
    """A uuencoded file is found in text and decoded, with either line end, ended or not."""
    body = change(uu(bytes(range(256))))  # type: ignore[operator]
    (file,) = embedded(b"Hello\n" + body)
    assert (file.name, file.octets, file.kind) == (b"note.txt", bytes(range(256)), "uuencode")
    assert decode(body, "uuencode") == (Content(bytes(range(256))),)


def test_uuencode_needs_more_than_its_first_line() -> None:
    """A sentence that starts with 'begin' is no file."""
    assert embedded(b"begin 644 steps from the door.\nThen go on to the next house.\n") == ()


def test_yenc() -> None:
    """A yEnc file is found in text and decoded, escapes included."""
    octets = bytes(range(256))
    coded = b"".join(
        b"=" + bytes([(v + 64) % 256]) if v in (0, 10, 13, 61) else bytes([v])
        for v in ((c + 42) % 256 for c in octets)
    )
    (file,) = embedded(b"x\r\n=ybegin line=128 size=256 name=a b.bin\r\n" + coded + b"\r\n=yend size=256\r\n")
    assert (file.name, file.octets, file.kind) == (b"a b.bin", octets, "yenc")


@pytest.mark.parametrize(
    ("body", "it_does"),
    [
        (base64.encodebytes(TEXT * 10), True),
        (base64.b64encode(TEXT), True),
        (b"The quick brown fox jumps over it", False),
        (b"short", False),
        (b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", False),
        (base64.b64encode(TEXT)[:-1], False),
    ],
)
def test_looks_base64(body: bytes, it_does: bool) -> None:
    """Only what is base64 from end to end is taken for it without a label."""
    assert looks_base64(body) is it_does
