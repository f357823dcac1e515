"""Changes by splicing: what was asked for is changed, all else stays byte for byte, and sealed mail is left alone."""

from base64 import b64encode
from pathlib import Path

import pytest

from milter.message.build import (
    EditError,
    NewPart,
    Note,
    append_part,
    replace_body,
    replace_part,
    replace_subject,
    rewrite,
    with_field,
    without_fields,
)
from milter.message.model import Message, Part
from milter.message.parse import parse

ORDINARY = sorted((Path(__file__).parent / "ordinary").glob("*.eml"))
FILE = NewPart("locked.pdf", "application/pdf", b"%PDF-1.7 locked")
NOTE = Note("The text is in the attached document.\n", "<p>The text is in the attached document.</p>")
HEAD = b"From: a@council.example\r\nTo: b@school.example\r\nSubject: old\r\nMIME-Version: 1.0\r\n"
TWO = (
    HEAD
    + b'Content-Type: multipart/mixed;\r\n boundary="b"\r\n\r\npre\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n'
    b"--b  \r\nContent-Type: text/csv; name=l.csv\r\nContent-ID: <l@x>\r\nContent-Description: list\r\n\r\nname,nhs\r\n"
    b"--b--\r\nend\r\n"
)


def own(message: Message) -> list[Part]:
    return [p for p in message.parts if not p.enclosing and not p.view and p.role != "headers"]


@pytest.mark.parametrize("case", ORDINARY, ids=lambda path: path.stem)
def test_an_added_part_leaves_all_others(case: Path) -> None:
    """A file joins any ordinary message; every part that was there has the same octets in the same order."""
    before = parse(case.read_bytes())
    after = parse(append_part(before, FILE))
    *others, last = [p.content for p in own(after)]
    assert last == FILE.content
    assert [c.rstrip() for c in others] == [p.content.rstrip() for p in own(before)]
    assert [p.role for p in own(after)][:-1] == [p.role for p in own(before)]
    assert after.ambiguities + after.limits == ()
    assert after.nodes[0].declared == "multipart/mixed"
    assert after.subject == before.subject


@pytest.mark.parametrize("case", ORDINARY, ids=lambda path: path.stem)
def test_a_replaced_body_leaves_no_word(case: Path) -> None:
    """Wherever a message shows its text the note stands, text outside all parts too, and attachments stay."""
    before = parse(case.read_bytes())
    after = parse(replace_body(before, NOTE))
    shown = {p.content.strip() for p in after.parts if p.role == "body"}
    assert shown <= {NOTE.text.strip().encode(), NOTE.html.encode(), b""}
    assert shown - {b""}
    for part in before.parts:
        if part.role == "body" and part.content.strip():
            assert part.content.strip() not in after.raw
    files = [p.content.rstrip() for p in after.parts if p.role == "attachment"]
    assert files == [p.content.rstrip() for p in before.parts if p.role == "attachment"]
    assert after.ambiguities == ()


@pytest.mark.parametrize("case", ORDINARY, ids=lambda path: path.stem)
def test_everything_at_once(case: Path) -> None:
    """Subject, fields, body, every attachment and a new one change in one pass."""
    before = parse(case.read_bytes())
    paths = {p.enclosing or p.path for p in before.parts if p.role == "attachment"}
    after = parse(
        rewrite(
            before,
            subject="Private and Confidential: new",
            fields=(("X-Told", "yes"),),
            parts=dict.fromkeys(paths, FILE),
            append=(NewPart("more.pdf", "application/pdf", b"more"),),
            body=NOTE,
        )
    )
    assert after.subject == "Private and Confidential: new"
    assert [p.content for p in after.parts if p.role == "attachment"] == [FILE.content] * len(paths) + [
        b"more"
    ]
    assert after.ambiguities == ()
    assert after.header_to == before.header_to


@pytest.mark.samples
def test_samples_can_be_changed(samples: Path) -> None:
    """Real mail of every kind takes a part, a note and a subject, or is refused because it is sealed."""
    for mail in sorted((samples / "mail").iterdir()):
        before = parse(mail.read_bytes())
        if before.seals - {"dkim"}:
            with pytest.raises(EditError):
                append_part(before, FILE)
            continue
        after = parse(rewrite(before, subject="new", body=NOTE, append=(FILE,)))
        assert after.ambiguities == (), mail.name
        assert after.subject == "new", mail.name
        assert own(after)[-1].content == FILE.content, mail.name


def test_a_replaced_part_stands_where_it_stood() -> None:
    """Only the part's own octets change; its other fields stay, its old name, type and description go."""
    after = replace_part(parse(TWO), "2", FILE)
    front, _, _ = TWO.partition(b"Content-Type: text/csv")
    assert after.startswith(front)
    assert after.endswith(b"--b--\r\nend\r\n")
    assert b"Content-ID: <l@x>" in after
    assert b"l.csv" not in after
    assert b"list" not in after
    assert b"name,nhs" not in after
    assert [(p.name, p.content) for p in own(parse(after))][1:] == [(FILE.name, FILE.content)]


def test_a_part_can_be_taken_out() -> None:
    """A part goes with its delimiter; the others stay byte for byte."""
    after = rewrite(parse(TWO), parts={"2": None})
    start, end = TWO.index(b"--b  "), TWO.index(b"--b--")
    assert after == TWO[:start] + TWO[end:]


def test_a_nested_message_is_replaced_whole() -> None:
    """A forwarded message is one attachment: none of its own parts can be changed alone."""
    message = parse((Path(__file__).parent / "ordinary" / "forwarded.eml").read_bytes())
    after = parse(replace_part(message, "2", FILE))
    assert [p.content for p in after.parts if p.role == "attachment"] == [FILE.content]
    with pytest.raises(EditError):
        replace_part(message, "2.1", FILE)


@pytest.mark.parametrize("path", ["", "0", "3", "2.1", "2~x", "HEADER"])
def test_an_unknown_path_is_refused(path: str) -> None:
    """Nothing is changed silently in a place that is not there."""
    with pytest.raises(EditError):
        replace_part(parse(TWO), path, FILE)


def test_a_single_part_becomes_the_first_of_a_mixed() -> None:
    """The content fields move with the body; the message's other fields stay where they were."""
    raw = (
        HEAD
        + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX: y\r\n\r\nZo\xc3\xab\r\n"
    )
    after = parse(append_part(parse(raw), FILE))
    text = after.parts[0]
    assert (text.charset, text.content) == ("utf-8", b"Zo\xc3\xab\r\n")
    assert [f.name for f in after.fields] == ["from", "to", "subject", "mime-version", "x", "content-type"]


@pytest.mark.parametrize(
    "raw", [b"", b"text without a header", b"\r\ntext", b"From: a@b.example\r\n", b"From: a@b.example"]
)
def test_the_least_of_messages_takes_a_part(raw: bytes) -> None:
    """A message without body, header or blank line is none the worse for an edit."""
    after = parse(append_part(parse(raw), FILE))
    assert own(after)[-1].content == FILE.content
    assert b"text" not in raw or any(b"text" in p.content for p in own(after)[:-1])


def test_an_unclosed_multipart_is_closed() -> None:
    """A part put behind a multipart that was never closed is read by everyone."""
    raw = TWO[: TWO.index(b"\r\n--b--")]
    after = parse(append_part(parse(raw), FILE))
    assert [p.content for p in own(after)] == [b"Hello", b"name,nhs", FILE.content]
    assert after.raw.startswith(raw)


def test_lines_keep_to_their_length() -> None:
    """No edit makes a line over 998 octets (RFC 5322 2.1.1)."""
    long = NewPart("n" * 300 + ".bin", "application/octet-stream", bytes(100_000))
    after = rewrite(parse(TWO), subject="£" * 900, append=(long,), body=Note("x" * 5_000))
    assert max(map(len, after.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: old\r\n", "Private and Confidential: old"),
        (b"Subject: =?utf-8?q?Zo=C3=AB?=\r\n", "Private and Confidential: Zoë"),
        (b"Subject: =?utf-8?q?Zo=C3=AB?=\r\n =?utf-8?q?_Lee?=\r\n", "P&C - Zoë Lee (2)"),
        (b"Subject: =?utf-8?q?Zo=C3=AB?=\r\n", "RE: P&C Zoé"),
        (b"Subject: one\r\nSubject: two\r\n", "three"),
        (b"SUBJECT:\r\n", "x"),
        (b"", "x"),
        (b"Subject: " + b"y" * 990 + b"\r\n", "P&C " + "y" * 990),
    ],
)
def test_subjects(old: bytes, new: str) -> None:
    """The new subject is the only one, and reads as asked for; encoded words that stay keep their octets."""
    raw = b"From: a@b.example\r\n" + old + b"\r\nhi\r\n"
    out = replace_subject(parse(raw), new)
    after = parse(out)
    assert after.subject == new
    assert [f.name for f in after.fields].count("subject") == 1
    assert out.endswith(b"\r\n\r\nhi\r\n")
    if "Zoë" in new:
        assert b"=?utf-8?q?Zo=C3=AB?=" in out


def test_fields() -> None:
    """A field is replaced where it stands, others of its name go, a new one is on top; the rest is untouched."""
    raw = b"A: 1\r\nB: 2\r\n folded\r\nb: 3\r\n\r\nbody"
    assert with_field(parse(raw), "B", "x") == b"A: 1\r\nB: x\r\n\r\nbody"
    assert with_field(parse(raw), "C", "x") == b"C: x\r\n" + raw
    assert without_fields(parse(raw), "b") == b"A: 1\r\n\r\nbody"
    assert without_fields(parse(raw), "nope") == raw
    assert rewrite(parse(raw)) == raw


PGP_SIGNED = (
    b'multipart/signed; protocol="application/pgp-signature"; boundary=s\r\n\r\n--s\r\n\r\nhi\r\n--s--'
)


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx",
        b"Content-Type: " + PGP_SIGNED,
        b"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nx",
    ],
)
def test_sealed_mail_is_not_edited(rest: bytes) -> None:
    """Signed and encrypted mail is refused; trace fields may be added to it all the same (pitfall 13)."""
    message = parse(HEAD + rest)
    for edit in (
        lambda: replace_subject(message, "x"),
        lambda: append_part(message, FILE),
        lambda: replace_body(message, NOTE),
        lambda: replace_part(message, "1", FILE),
    ):
        with pytest.raises(EditError):
            edit()
    assert with_field(message, "X", "y").endswith(message.raw)


def test_ambiguous_mail_is_not_edited() -> None:
    """What another reading shows would be left untouched, so parts of such a message are not changed."""
    twice = TWO.replace(b"MIME-Version", b"Content-Type: text/plain\r\nMIME-Version")
    raw = twice.replace(b"\r\n\r\nname,nhs", b"\r\nContent-Transfer-Encoding: base64\r\n\r\nbmFtZSxuaHM=")
    message = parse(raw)
    assert message.ambiguities
    with pytest.raises(EditError):
        append_part(message, FILE)


def test_a_multipart_that_is_encoded_as_a_whole_is_not_edited() -> None:
    """Its parts have no place in the octets; a subject or a trace field can still be written (RFC 2045 6.4)."""
    inside = b"--b\r\n\r\nhi\r\n--b--\r\n"
    head = b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    message = parse(head + b64encode(inside) + b"\r\n")
    assert [part.content for part in message.parts if part.role == "body"] == [b"hi"]
    for edit in (lambda: append_part(message, FILE), lambda: replace_body(message, NOTE)):
        with pytest.raises(EditError):
            edit()
    assert parse(replace_subject(message, "x")).subject == "x"


def test_lines_of_spaces_in_a_header_go_with_an_edit() -> None:
    """A fold of mere spaces, harmless before, would make the edited message readable in two ways."""
    raw = b"Subject: x\r\n \r\nTo: a@b.example\r\n\r\nhi\r\n"
    after = parse(append_part(parse(raw), FILE))
    assert after.ambiguities == ()
    assert [p.content.strip() for p in own(after)] == [b"hi", FILE.content]
