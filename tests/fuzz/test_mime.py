"""Structure-aware fuzzing of the parser and of what edits its messages.

Mail is put together of the pieces that programs disagree about, then damaged line by line. Whatever comes of it:
no exception, no offset out of bounds, no more than the caps allow, and a secret that was put in whole is in the
union of readings, or the message says that it was not read in one way or not in full.
"""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milter.message.build import EditError, NewPart, Note, rewrite
from milter.message.model import Message
from milter.message.parse import parse
from milter.message.report import classify
from milter.message.text import decode_text
from milter.settings import Caps
from tests.fuzz.effort import effort

CRASHERS = sorted(path for path in (Path(__file__).parent / "crashers").iterdir() if path.suffix == ".eml")
SECRET = "CANARY 943 476 5919"
PLAIN = b"Dear Ann,\r\n" + SECRET.encode() + b" is the number, as we said on Monday.\r\n"
FORMS = {
    b"7bit": PLAIN,
    b"base64": base64.encodebytes(PLAIN).replace(b"\n", b"\r\n"),
    b"quoted-printable": PLAIN.replace(b" on ", b"=20on=\r\n "),
}
CAPS = Caps(depth=12, parts=60, header_bytes=20_000, header_fields=100, views=16)
SETTINGS = effort(250)

LINES = st.sampled_from(
    [
        b"",
        b" ",
        b"\t",
        b"--a",
        b"--a--",
        b"--b",
        b"--b--",
        b"--ab",
        b"--",
        b"no field",
        b"From x Mon Nov 23 10:00:00 2026",
        b"Content-Type: text/plain",
        b"Content-Type: multipart/mixed; boundary=a",
        b"Content-Type: multipart/mixed; boundary=b",
        b'Content-Type : multipart/mixed; boundary="ab"',
        b"Content-Type: message/rfc822",
        b"Content-Type: text/plain; charset=utf-16",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Transfer-Encoding: x",
        b"Content-Transfer-Encoding: 7bit",
        b"Content-Disposition: attachment; filename*0*=utf-8''a; filename*1=b",
        b"Subject: =?utf-8?b?w6k?= =?x?q?=ZZ?=",
        b"begin 644 x",
        b"=ybegin name=x",
        b"-----BEGIN PGP MESSAGE-----",
        b"aGVsbG8=",
        b"=",
    ]
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"])


@st.composite
def entities(draw: st.DrawFn, depth: int = 3) -> bytes:
    """An entity that holds the secret in each of its leaves, in a random encoding and nesting."""
    kind = draw(st.sampled_from(["leaf", "leaf", "multipart", "message"] if depth else ["leaf"]))
    if kind == "multipart":
        boundary = draw(st.sampled_from([b"a", b"b", b"ab", b"a b", b'a"b', b""]))
        parts = [draw(entities(depth=depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        quoted = boundary.replace(b'"', b'\\"')
        body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
        head = b'Content-Type: multipart/mixed; boundary="' + quoted + b'"\r\n\r\n'
        return head + body + draw(st.sampled_from([b"--" + boundary + b"--\r\n", b""]))
    if kind == "message":
        inner = b"Subject: inner\r\n" + draw(entities(depth=depth - 1))
        if draw(st.booleans()):
            return b"Content-Type: message/rfc822\r\n\r\n" + inner
        encoded = base64.encodebytes(inner).replace(b"\n", b"\r\n")
        return b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded
    form = draw(st.sampled_from(sorted(FORMS)))
    declared = draw(st.sampled_from([b"text/plain", b"text/html", b"application/octet-stream", b"image/png"]))
    return (
        b"Content-Type: " + declared + b"\r\nContent-Transfer-Encoding: " + form + b"\r\n\r\n" + FORMS[form]
    )


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with a few structural lines put in, doubled or taken out; no line of content is touched."""
    lines = (b"From: a@b.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n" + draw(entities())).split(b"\r\n")
    structural = [
        i
        for i, line in enumerate(lines)
        if line.lower().startswith((b"content-", b"--", b"mime", b"subject"))
    ]
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.sampled_from(structural))
        if at >= len(lines):
            continue
        change = draw(st.sampled_from(["before", "double", "drop", "space", "case"]))
        if change == "before":
            lines.insert(at, draw(LINES))
        elif change == "double":
            lines.insert(at, lines[at])
        elif change == "drop":
            lines.pop(at)
        elif change == "space":
            lines[at] = lines[at].replace(b":", b" :", 1) + b" "
        else:
            lines[at] = lines[at].swapcase()
    return b"\r\n".join(lines)


@st.composite
def soups(draw: st.DrawFn) -> bytes:
    """Structural lines in any order and with any line ends."""
    pieces = draw(st.lists(st.one_of(LINES, st.binary(max_size=12)), max_size=40))
    return b"".join(piece + draw(ENDS) for piece in pieces)


def shown(message: Message, within: bool = True) -> str:
    """Text of every part; a file that is a message itself is read by the floor above, here by the parser."""
    texts = [decode_text(p.content, p.charset) for p in message.parts]
    if within:
        texts += [
            shown(parse(p.content, CAPS), within=False) for p in message.parts if p.role == "attachment"
        ]
    return " ".join(" ".join(texts).split())


def check(raw: bytes) -> Message:
    """Hold what must hold of every message."""
    message = parse(raw, CAPS)
    assert message.raw is raw
    assert 0 <= message.header_end <= len(raw)
    assert len(message.parts) <= CAPS.parts + 2
    assert len({p.path for p in message.parts}) == len(message.parts)
    for part in message.parts:
        assert 0 <= part.head[0] <= part.head[1] <= len(raw)
        assert 0 <= part.body[0] <= part.body[1] <= len(raw)
        assert bool(part.view) == ("~" in part.path)
    for node in message.nodes:
        assert node.head[0] <= node.head[1] == node.body[0] <= node.body[1] <= len(raw)
        assert all(raw[at : at + 2 + len(node.boundary)] == b"--" + node.boundary for at in node.delimiters)
    assert all(raw[f.start : f.end].endswith(f.value) for f in message.fields)
    assert parse(raw, CAPS) == message
    return message


@SETTINGS
@given(soups())
def test_soup(raw: bytes) -> None:
    """Any order of structural lines is a message, read within its bounds, the same each time."""
    classify(check(raw), "a@b.example")


@SETTINGS
@given(st.binary(max_size=300))
def test_octets(raw: bytes) -> None:
    """Any octets are a message."""
    check(raw)


@SETTINGS
@given(entities())
def test_undamaged(raw: bytes) -> None:
    """Well-formed nesting of any kind is read in full."""
    message = check(b"Subject: s\r\n" + raw)
    assert SECRET in shown(message) or message.limits


@SETTINGS
@given(damaged())
def test_damaged(raw: bytes) -> None:
    """Structural damage hides nothing: the secret is seen, or the message says that it is not plain."""
    message = check(raw)
    assert SECRET in shown(message) or message.ambiguities or message.limits


@SETTINGS
@given(damaged())
def test_edits(raw: bytes) -> None:
    """A message is edited so that the new part is read and the old text is gone, or it is refused."""
    message = parse(raw, CAPS)
    file = NewPart("new.pdf", "application/pdf", b"%PDF-new")
    try:
        after = parse(rewrite(message, subject="new", append=(file,), body=Note("note\n")), CAPS)
    except EditError:
        return
    assert after.subject == "new"
    assert file.content in [p.content for p in after.parts]
    assert not any(SECRET.encode() in p.content for p in after.parts if p.role == "body")


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: path.stem)
def test_kept_crashers(path: Path) -> None:
    """What once broke the parser stays read, and hides nothing."""
    message = check(path.read_bytes())
    assert SECRET in shown(message) or message.ambiguities or message.limits
