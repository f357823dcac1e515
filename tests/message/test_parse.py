"""What a message says of itself, and the caps that bound the reading of it."""

import base64
import tracemalloc

import pytest

from milter.message.model import Message
from milter.message.parse import parse
from milter.settings import Caps

HEAD = b"From: Ann <ann@council.example>\r\nTo: bob@school.example\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"


def mixed(*parts: bytes, boundary: bytes = b"b") -> bytes:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary="
        + boundary
        + b"\r\n\r\n"
        + body
        + b"--"
        + boundary
        + b"--\r\n"
    )


def test_header_facts() -> None:
    """Subject, identity and every address of the header come decoded, groups and repeated fields included."""
    message = parse(
        b"From: =?utf-8?q?Ann_L=C3=A9e?= <ann@council.example>\r\n"
        b"To: Team: bob@school.example, Eve <eve@x.example>;\r\nResent-To: r@x.example\r\n"
        b"Cc: c@x.example\r\nReply-To: home@mail.example\r\nMessage-ID: <1@council.example>\r\n"
        b"Subject: =?utf-8?b?w6k=?=\r\n one\r\nSubject: two\r\n\r\nhi\r\n"
    )
    assert message.header_from == ("ann@council.example",)
    assert message.header_to == ("bob@school.example", "eve@x.example", "r@x.example")
    assert message.header_cc == ("c@x.example",)
    assert message.reply_to == ("home@mail.example",)
    assert message.message_id == "<1@council.example>"
    assert message.subject == "é one\ntwo"
    assert message.raw[message.header_end :] == b"hi\r\n"


@pytest.mark.parametrize(
    ("field", "automatic"),
    [
        (b"", False),
        (b"Auto-Submitted: no\r\n", False),
        (b"Auto-Submitted: No (really)\r\n", False),
        (b"Auto-Submitted: auto-replied; owner-email=a@b\r\n", True),
        (b"X-Auto-Response-Suppress: All\r\n", False),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n", True),
    ],
)
def test_automatic(field: bytes, automatic: bool) -> None:
    """Only Auto-Submitted and a report's own type make a message automatic (RFC 3834 5)."""
    assert parse(HEAD + field + b"\r\nhi\r\n").automatic is automatic


SIGNED = b'Content-Type: multipart/signed; protocol="%s"; boundary=s\r\n\r\n--s\r\n\r\nhi\r\n--s--\r\n'


@pytest.mark.parametrize(
    ("rest", "seals"),
    [
        (SIGNED % b"application/pkcs7-signature", {"smime-signed"}),
        (SIGNED % b"application/pgp-signature", {"pgp-signed"}),
        (
            b"Content-Type: multipart/encrypted; boundary=s\r\n\r\n--s\r\n\r\nhi\r\n--s--\r\n",
            {"pgp-encrypted"},
        ),
        (b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx", {"smime-encrypted"}),
        (b"Content-Type: application/x-pkcs7-mime\r\n\r\nx", {"smime-encrypted"}),
        (b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nx", {"smime-signed"}),
        (b"\r\nHi\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n", {"pgp-encrypted"}),
        (b"\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nabc\r\n", {"pgp-signed"}),
        (b"\r\nThe line -----BEGIN PGP MESSAGE----- starts it.\r\n", set()),
        (b"DKIM-Signature: v=1; d=Council.example;\r\n s=k\r\n\r\nhi", {"dkim"}),
    ],
)
def test_seals(rest: bytes, seals: set[str]) -> None:
    """S/MIME, PGP in its three forms, and DKIM are known, since such mail is not to be edited."""
    assert parse(HEAD + rest).seals == seals


def test_seal_of_a_nested_message_is_not_the_messages_own() -> None:
    """A signed message that is forwarded as an attachment does not seal what carries it."""
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" + SIGNED % b"application/pgp-signature"
    assert parse(mixed(inner)).seals == frozenset()


def test_dkim_domains() -> None:
    """The domain of each DKIM signature is told in lower case, folded or not."""
    message = parse(
        b"DKIM-Signature: a=x; d=One.example; s=y\r\nDKIM-Signature: d=two.\r\n example\r\n\r\nhi"
    )
    assert message.dkim_domains == ("one.example", "two.example")


def test_nested_message() -> None:
    """A forwarded message's parts count as its own, its header text is a part, and all name the message."""
    inner = b"Subject: =?utf-8?q?=C3=A9?=\r\nFrom: x@y.example\r\nDate: z\r\n\r\ninner text"
    message = parse(mixed(b"\r\nouter", b"Content-Type: message/rfc822\r\n\r\n" + inner))
    head, text = message.parts[1:]
    assert (head.path, head.role, head.content.decode()) == (
        "2.HEADER",
        "headers",
        "Subject: é\nFrom: x@y.example",
    )
    assert (text.path, text.role, text.content, text.enclosing) == ("2.1", "attachment", b"inner text", "2")
    assert message.parts[0].enclosing == ""


def test_offsets_name_the_encoded_octets() -> None:
    """Head and body of a part are where its encoded octets stand in the message."""
    raw = mixed(b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=")
    part = parse(raw).parts[0]
    assert raw[slice(*part.head)] == b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert raw[slice(*part.body)] == b"aGVsbG8="
    assert part.content == b"hello"


def test_roles() -> None:
    """Text that readers show is the body; named text, attached text and the rest are attachments."""
    message = parse(
        mixed(
            b"Content-Type: text/plain\r\n\r\nfirst",
            b"Content-Type: text/plain; name=n.txt\r\n\r\nnamed",
            b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nattached",
            b"Content-Type: text/html\r\nContent-Disposition: inline\r\n\r\nshown",
            b"Content-Type: text/csv\r\n\r\na,b",
        )
    )
    assert [p.role for p in message.parts] == ["body", "attachment", "attachment", "body", "attachment"]
    assert [p.inline for p in message.parts] == [False, False, False, True, False]


def test_nodes_tell_the_tree() -> None:
    """Multiparts and nested messages are nodes with offsets, outermost first, for edits to go by."""
    raw = mixed(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhi", b"\r\nhi")
    root, nested, leaf = parse(raw).nodes
    assert (root.path, root.declared, root.boundary, root.closed) == ("", "multipart/mixed", b"b", True)
    assert [raw[at : at + 3] for at in root.delimiters] == [b"--b", b"--b", b"--b"]
    assert (nested.path, nested.declared, raw[slice(*nested.body)]) == (
        "1",
        "message/rfc822",
        b"Subject: x\r\n\r\nhi",
    )
    assert (leaf.path, raw[slice(*leaf.body)]) == ("2", b"hi")


@pytest.mark.parametrize(
    ("raw", "caps", "word"),
    [
        (b"X: " + b"y" * 300 + b"\r\n\r\nhi", Caps(header_bytes=200), "octets"),
        (b"X: y\r\n" * 20 + b"\r\nhi", Caps(header_fields=10), "fields"),
        (
            b"To: " + b", ".join(b"a%d@b.example" % i for i in range(20)) + b"\r\n\r\nhi",
            Caps(addresses=10),
            "addresses",
        ),
        (mixed(*[b"\r\nhi"] * 20), Caps(parts=10), "parts"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 20 + b"Subject: x\r\n\r\nhi", Caps(depth=10), "deeper"),
        (
            HEAD
            + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n" % i for i in range(9))
            + b"\r\nhi",
            Caps(views=4),
            "ways",
        ),
    ],
)
def test_caps(raw: bytes, caps: Caps, word: str) -> None:
    """Each cap that is hit is named in words, and within its default the same message is read in full."""
    assert any(word in limit for limit in parse(raw, caps).limits)
    assert parse(raw).limits == ()


def nested_multiparts(levels: int) -> bytes:
    return HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(levels)
    )


def alternating(raw: bytes) -> bytes:
    return HEAD + b"Content-Type: text/plain\r\n" + raw.removeprefix(HEAD)


BLOB = base64.encodebytes(bytes(range(256)) * 40)
HOSTILE = {
    "2,000 multiparts deep": nested_multiparts(2_000),
    "2,000 messages deep": b"Content-Type: message/rfc822\r\n\r\n" * 2_000,
    "20,000 multiparts of one boundary": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 20_000,
    "100,000 parts": mixed(*[b"\r\nx"] * 100_000),
    "100,000 addresses": b"To: " + b",".join(b"a%d@b.example" % i for i in range(100_000)) + b"\r\n\r\nhi",
    "100,000 encoded words": b"Subject: " + b" ".join([b"=?utf-8?q?a?="] * 100_000) + b"\r\n\r\nhi",
    "100,000 pieces of a name": HEAD
    + b"Content-Type: a/b"
    + b"".join(b"; name*%d=a" % i for i in range(100_000)),
    "200,000 fields": b"X: y\r\n" * 200_000 + b"\r\nhi",
    "a header of 20 MB": b"X: " + b"y" * 20_000_000 + b"\r\n\r\nhi",
    "300,000 lines that start with the boundary": mixed(b"\r\nhi\r\n" + b"--bX\r\n" * 300_000),
    "900 types and boundaries": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n" % i for i in range(900))
    + b"\r\n"
    + b"".join(b"--b%d\r\n\r\nx\r\n" % i for i in range(900)) * 30,
    "900 attachments and two types": alternating(
        mixed(*[b"Content-Transfer-Encoding: base64\r\n\r\n" + BLOB] * 900)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_stops_at_a_limit(name: str) -> None:
    """What is made to exhaust a parser is given up in words, within memory of the order of the message."""
    raw = HOSTILE[name]
    tracemalloc.start()
    message = parse(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message.limits
    assert len(message.parts) <= 2_000
    assert peak < 40_000_000 + 8 * len(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"\r" * 2_000_000,
        b"\n" * 2_000_000,
        HEAD + b"\r\n" + b"begin 644 x\r\n" * 100_000,
        HEAD + b"\r\n" + b"content-type: x\r\n" * 100_000,
        HEAD + b"\r\n" + b"=ybegin name=a\r\n" * 100_000,
        HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YQ==\r\n" * 300_000,
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"= " * 1_000_000,
        b"To: " + b'"\\' * 100_000 + b"\r\n\r\n",
        b"To: " + b"(" * 200_000 + b"\r\n\r\n",
        b"To: " + b"<" * 200_000 + b"\r\n\r\n",
        b"Subject: " + b"=?a?q?" * 40_000 + b"\r\n\r\n",
        HEAD + b"Content-Type: a/b" + b";" * 200_000 + b"\r\n\r\n",
        HEAD + b"Content-Type: " + b"(" * 100_000 + b")" * 100_000 + b"\r\n\r\n",
        HEAD + b"Content-Type: multipart/x; " + b"boundary=" * 20_000 + b"\r\n\r\n",
        b"x" * 5_000_000,
    ],
    ids=lambda raw: repr(raw[-12:]),
)
def test_patterns_that_invite_backtracking(raw: bytes) -> None:
    """Repetitions that make a careless pattern quadratic are read to their end like anything else."""
    assert isinstance(parse(raw), Message)


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\n", b"\r", b"\0", b":", b" ", b"From ", b"--", b"\xef\xbb\xbf", b"a:b"]
)
def test_next_to_nothing(raw: bytes) -> None:
    """The least of messages has one part, and no offset out of its bounds."""
    message = parse(raw)
    assert len(message.parts) == 1
    assert message.header_end <= len(raw)
