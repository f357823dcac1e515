"""A body becomes a document that holds every word of it."""

import io

import pikepdf
import pypdfium2
import pytest

from milter.attachments.protect import CannotProtect, body_to_pdf, protect
from milter.attachments.protect.blocks import DEEP, LONGEST, Block, blocks_of_html, blocks_of_text
from milter.attachments.protect.text_to_pdf import BOX, MOST_CHARACTERS

from .documents import PASSWORD


def text_of(made: bytes, password: str | None = None) -> str:
    document = pypdfium2.PdfDocument(made, password=password)
    try:
        pages = [page.get_textpage() for page in document]
        return " ".join(" ".join(page.get_text_bounded().split()) for page in pages)
    finally:
        document.close()


def attached(made: bytes) -> dict[str, str]:
    with pikepdf.open(io.BytesIO(made)) as document:
        return {name: spec.get_file().read_bytes().decode() for name, spec in document.attachments.items()}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One</p><p>Two</p>", (Block("text", "One"), Block("text", "Two"))),
        ("One<br>Two<br/>Three", (Block("text", "One\nTwo\nThree"),)),
        ("<div>a <b>b</b> <i>c</i></div>", (Block("text", "a b c"),)),
        ("a\n   b\t c", (Block("text", "a b c"),)),
        ("<pre>a\n   b</pre>", (Block("text", "a\n   b"),)),
        ("<h2>Head</h2>x", (Block("heading", "Head"), Block("text", "x"))),
        ("<ul><li>one<li>two</ul>", (Block("item", "one"), Block("item", "two"))),
        ("<p style='display:none'>hidden</p>", (Block("text", "hidden"),)),
        ("<style>p{}</style><script>x()</script><!-- no -->seen", (Block("text", "seen"),)),
        ("<a href='https://a.gov.uk/x'>here</a>", (Block("text", "here (https://a.gov.uk/x)"),)),
        ("<a href='https://a.gov.uk'>https://a.gov.uk</a>", (Block("text", "https://a.gov.uk"),)),
        ("<a href='mailto:a@b.uk'>Amira</a>", (Block("text", "Amira (a@b.uk)"),)),
        ("<img src='cid:1' alt='Council logo'>", (Block("text", "[picture: Council logo]"),)),
        ("5 &lt; 6 &amp; 7", (Block("text", "5 < 6 & 7"),)),
        (
            "<table><tr><th>Name<th>UPN<tr><td>Jo<td>1<br>2</table>",
            (Block("table", rows=(("Name", "UPN"), ("Jo", "1\n2"))),),
        ),
        ("<table><tr><td>a<td>b<tr><td>c</table>", (Block("table", rows=(("a", "b"), ("c", ""))),)),
        ("<table><tr><td>only</table>after", (Block("text", "only"), Block("text", "after"))),
        (
            "<table><tr><td>left<td><table><tr><td>1<td>2</table>more<td>right</table>",
            (
                Block("text", "left"),
                Block("table", rows=(("1", "2"),)),
                Block("text", "more"),
                Block("text", "right"),
            ),
        ),
        ("", ()),
    ],
)
def test_html_becomes_blocks(html: str, expected: tuple[Block, ...]) -> None:
    """Structure that carries meaning stays, words all stay, and what is no word goes."""
    assert blocks_of_html(html) == expected


def test_wide_or_long_tables_become_lines_with_every_cell() -> None:
    """A table that would not fit the page is still all there."""
    wide = "<table><tr>" + "".join(f"<td>c{n}" for n in range(30)) + "</table>"
    (block,) = blocks_of_html(wide)
    assert block.text == " | ".join(f"c{n}" for n in range(30))
    long = "<table>" + "".join(f"<tr><td>a{n}<td>b{n}" for n in range(600)) + "</table>"
    assert [block.text for block in blocks_of_html(long)] == [f"a{n} | b{n}" for n in range(600)]


def test_plain_text_is_parted_at_empty_lines_and_keeps_its_indents() -> None:
    """A text table made of spaces stays as legible as it was."""
    assert blocks_of_text("Dear all,\r\n\r\n  Name   UPN\n  Jo     1\n\n\n") == (
        Block("text", "Dear all,"),
        Block("text", "  Name   UPN\n  Jo     1"),
    )


def test_endless_paragraphs_are_parted_and_lose_no_letter() -> None:
    """No paragraph is longer than the printer can lay out in linear time."""
    body = "word " * 5000 + "x" * 10_000
    blocks = blocks_of_text(body)
    assert all(len(block.text) <= LONGEST for block in blocks)
    assert "".join(block.text for block in blocks).replace(" ", "") == body.replace(" ", "")


def test_body_of_a_message_can_be_read_in_its_document() -> None:
    """Title, fields, text, table and letters of Welsh, Polish, Romanian, Greek and Ukrainian."""
    html = "<p>Dear Ŵyn,</p><table><tr><td>Łucja Żak<td>UPN H801200001001</table><p>Ștefan Ωραία Їжак €5</p>"
    made = body_to_pdf(html, html=True, title="Message", fields=(("From", "amira.khan@wokeford.gov.uk"),))
    text = text_of(made)
    for words in (
        "Message",
        "From: amira.khan@wokeford.gov.uk",
        "Dear Ŵyn,",
        "Łucja Żak",
        "UPN H801200001001",
    ):
        assert words in text
    assert "Ștefan Ωραία Їжак €5" in text
    assert attached(made) == {}


def test_what_the_font_cannot_print_is_attached_in_full_and_the_page_says_so() -> None:
    """A name in Arabic, Hindi or Chinese is never silently lost."""
    body = "Dear محمد,\n\nयहाँ 王小明"
    made = body_to_pdf(body, title="Message")
    assert "message.txt" in text_of(made)
    assert BOX in text_of(made)
    assert attached(made) == {"message.txt": "Message\n\nDear محمد,\n\nयहाँ 王小明\n"}


def test_same_body_gives_the_same_bytes() -> None:
    """No clock and no chance: a second try makes the same document."""
    for body in ("Dear all", "Dear محمد"):
        assert body_to_pdf(body, title="Message") == body_to_pdf(body, title="Message")


def test_markup_in_plain_text_is_printed_as_text() -> None:
    """What looks like a tag of the printer is words."""
    assert "<b>x</b> & <font size=99>" in text_of(body_to_pdf("<b>x</b> & <font size=99>", title="<i>t</i>"))


def test_document_of_a_body_is_protected_like_any_other() -> None:
    """It opens with the password and reads the same."""
    made = body_to_pdf("UPN H801200001001", title="Message")
    found = protect(made, format="pdf", name="message.pdf", password=PASSWORD)
    assert found.format == "pdf"
    assert text_of(found.content, PASSWORD) == text_of(made)


@pytest.mark.parametrize(
    "html", ["<div>" * (DEEP + 1) + "x", "x" * (MOST_CHARACTERS + 1), "<b><i>" * 100_000 + "x"]
)
def test_bodies_that_would_take_too_long_are_refused(html: str) -> None:
    """They are held instead: hostile input costs bounded time."""
    with pytest.raises(CannotProtect):
        body_to_pdf(html, html=True, title="Message")


def test_row_higher_than_a_page_is_printed() -> None:
    """A cell of many lines breaks over the page instead of failing."""
    cell = "<br>".join(f"line {n}" for n in range(100))
    text = text_of(body_to_pdf(f"<table><tr><td>{cell}<td>x</table>", html=True, title="Message"))
    assert "line 0" in text
    assert "line 99" in text
