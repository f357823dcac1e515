"""Mail that the gateway writes itself is such that any server takes it, and says just what was put in."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from milter.message.letter import Attachment, Letter, address_field, field, fresh_boundary, write_letter
from milter.message.parse import parse
from milter.message.text import decode_text, header_text


def letter(**changes: object) -> Letter:
    given = {
        "sender": "sealgate@council.example",
        "to": ("ann@council.example",),
        "subject": "Not sent",
        "text": "Your message was not sent.\n",
        "message_id": "<1@council.example>",
        "date": datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    }
    return Letter(**(given | changes))  # type: ignore[arg-type]


TEXTS = [
    "plain\n",
    "£5 für Zoë, naïve\n",
    "x" * 3_000 + "\n",
    "From here\n.\n..\n--\n",
    "trailing space \n\n\nend\n",
    "\U0001f600" * 400 + "\n",
    "a=b =41\n",
    "one\r\ntwo\rthree\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_and_html_arrive(text: str) -> None:
    """Any text arrives as it was, in lines that every server takes (RFC 5322 2.1.1), in ASCII octets."""
    raw = write_letter(letter(text=text, html=f"<p>{text}</p>\n"))
    assert raw.isascii()
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    message = parse(raw)
    assert [p.declared for p in message.parts] == ["text/plain", "text/html"]
    assert decode_text(message.parts[0].content, "utf-8").splitlines() == text.rstrip("\n").splitlines()
    assert message.ambiguities == ()


def test_a_strict_parser_finds_no_defect() -> None:
    """Python's own strict reading finds the same parts and nothing to complain about."""
    raw = write_letter(
        letter(html="<p>hi</p>", attachments=(Attachment("Zoë's list.pdf", "application/pdf", b"%PDF-1.7"),))
    )
    theirs = message_from_bytes(raw, policy=default)
    assert [part.defects for part in theirs.walk()] == [[]] * 5
    assert [part.get_content_type() for part in theirs.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]
    (file,) = theirs.iter_attachments()
    assert file.get_filename() == "Zoë's list.pdf"
    assert file.get_content() == b"%PDF-1.7"


def test_it_says_that_it_is_automatic() -> None:
    """No vacation program answers a notice; a letter on a person's behalf does not claim to be a machine's."""
    assert parse(write_letter(letter())).automatic
    assert not parse(write_letter(letter(auto_submitted=""))).automatic


@pytest.mark.parametrize(
    "value",
    [
        "short",
        "Zoë",
        "word " * 60,
        "x" * 2_000,
        "£" * 500,
        "=?utf-8?q?not_a_word?=",
        "a\r\nBcc: eve@evil.example",
        "a\x00\x7f\u2028b",
        "two  spaces",
        "",
    ],
)
def test_field_values_arrive(value: str) -> None:
    """A value arrives as one field, folded within 998 octets, whatever is in it."""
    raw = field("Subject", value)
    (found,) = parse(raw + b"\r\n").fields
    said = "".join(c if c.isprintable() else " " for c in value)
    assert header_text(found.value).split() == said.split()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


@pytest.mark.parametrize(
    ("shown", "address"),
    [
        ("", "a@b.example"),
        ("Ann Lee", "a@b.example"),
        ("Lee, Ann", "a@b.example"),
        ('Ann "the" Lee \\', "a@b.example"),
        ("Zoë", "a@b.example"),
        ("eve@evil.example", "a@b.example"),
        ("x> <eve@evil.example", "a@b.example"),
        ("a\r\nBcc: eve@evil.example", "a@b.example"),
        ("Ann", "a@b.example>\r\nBcc: <eve@evil.example"),
    ],
)
def test_mailboxes_are_not_forged(shown: str, address: str) -> None:
    """Whatever a display name says, the field holds one mailbox, and no other field comes of it."""
    message = parse(address_field("From", ((shown, address),)) + b"\r\n")
    assert len(message.fields) == 1
    assert len(message.header_from) == 1
    assert message.header_from[0].startswith("a@b.example")


def test_many_recipients_fold() -> None:
    """A long list of recipients is folded and complete."""
    people = tuple(f"person.number.{n}@council.example" for n in range(300))
    raw = write_letter(letter(to=people))
    assert parse(raw).header_to == people
    assert max(map(len, raw.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "name",
    [
        "a.pdf",
        "Zoë.pdf",
        'a"b.pdf',
        "a;b.pdf",
        "a\r\nX: y.pdf",
        "%41.pdf",
        "n" * 200 + ".pdf",
        "名前" * 40,
        "a\u202efdp.exe",
    ],
)
def test_file_names_arrive(name: str) -> None:
    """A hostile or foreign file name arrives as one name, and forges nothing (pitfall 42)."""
    message = parse(write_letter(letter(attachments=(Attachment(name, "application/pdf", b"x"),))))
    file = message.parts[-1]
    assert file.name == "".join(c for c in name if c not in "\r\n")
    assert (file.declared, file.content, message.ambiguities) == ("application/pdf", b"x", ())


def test_an_unfit_type_is_octets() -> None:
    """A type that is no token can't put parameters or fields into the header."""
    file = Attachment("a", "text/html\r\nX: y", b"x")
    assert parse(write_letter(letter(attachments=(file,)))).parts[-1].declared == "application/octet-stream"


def test_the_same_letter_is_the_same_octets() -> None:
    """Nothing is random, so that a retry writes what the first try wrote."""
    assert write_letter(letter(html="<p>x</p>")) == write_letter(letter(html="<p>x</p>"))


def test_a_boundary_that_is_taken_is_not_used() -> None:
    """A boundary stands in none of the contents, even where they hold the one that would be made of them."""
    first = fresh_boundary((b"x",))
    assert fresh_boundary((b"x" + first,)) not in b"x" + first
