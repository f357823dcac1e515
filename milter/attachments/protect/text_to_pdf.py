"""Prints a message's body as a PDF, so that personal data can leave it for a document (E7).

Guarantees: every word of the body is in the PDF; what its font can't print stands as a box on the page and
whole in an attached 'message.txt', and the page says so. Needs no fonts of the system; the same input gives
the same bytes. Refuses (CannotProtect) bodies too long to be printed in bounded time.
"""

import io
from collections.abc import Sequence
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any

from milter.attachments.protect.blocks import Block, blocks_of_html, blocks_of_text
from milter.attachments.protect.errors import CannotProtect

FONTS = Path(__file__).parent / "fonts"
MOST_CHARACTERS = 1_000_000
MOST_BLOCKS = 20_000
SANS, BOLD = "SealgateSans", "SealgateSans-Bold"
BOX = "\u25a1"
NOT_ALL_PRINTED = (
    f"Some characters can't be printed here and stand as {BOX}. The whole text is attached to this document: "
    "open the attachment 'message.txt'."
)

# Scripts whose letters must be joined or reordered, which is not done here: Hebrew to Arabic extended, the
# Indian family to Khmer and Mongolian, and the presentation forms.
NEEDS_SHAPING = ((0x0590, 0x08FF), (0x0900, 0x0DFF), (0x0E00, 0x109F), (0x1780, 0x18AF), (0xFB1D, 0xFEFC))
UNSEEN = frozenset(map(chr, (0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0xAD)))


def body_to_pdf(
    body: str, *, html: bool = False, title: str, fields: Sequence[tuple[str, str]] = (), original: str = ""
) -> bytes:
    """Return a PDF of `body`, headed by `title` and header fields such as ('From', 'a@example.gov.uk').

    `original` is what 'message.txt' holds where not all can be printed; '' for the body's own words.
    """
    if len(body) > MOST_CHARACTERS:
        raise CannotProtect("the text of the message is too long to be put into a document")
    blocks = blocks_of_html(body) if html else blocks_of_text(body)
    if len(blocks) > MOST_BLOCKS:
        raise CannotProtect("the text of the message has too many parts to be put into a document")
    words = "\n\n".join(_words(block) for block in blocks)
    everything = title + words + "".join(value for _, value in fields)
    complete = not _unprintable(everything)
    story = _story(blocks, title, fields, complete)
    printed = _printed(story, title)
    return printed if complete else _with_text(printed, original or f"{title}\n\n{words}\n")


def _words(block: Block) -> str:
    return block.text or "\n".join("\t".join(row) for row in block.rows)


def _unprintable(text: str) -> set[str]:
    return {char for char in set(text) if not _prints(char)}


@lru_cache(maxsize=4096)
def _prints(char: str) -> bool:
    """Whether a character can be printed, or shows nothing anyhow."""
    shaped = any(low <= ord(char) <= high for low, high in NEEDS_SHAPING)
    return char in "\n\t" or char in UNSEEN or (ord(char) in _glyphs() and not shaped)


def _story(
    blocks: Sequence[Block], title: str, fields: Sequence[tuple[str, str]], complete: bool
) -> list[Any]:
    """Make reportlab's flowables."""
    from reportlab.platypus import Paragraph, Spacer

    styles = _styles()
    story: list[Any] = [Paragraph(_markup(title), styles["title"])]
    for name, value in fields:
        story.append(Paragraph(f"<b>{_markup(name)}:</b> {_markup(value)}", styles["field"]))
    story.append(Spacer(1, 12))
    if not complete:
        story += [Paragraph(_markup(NOT_ALL_PRINTED), styles["text"]), Spacer(1, 12)]
    for block in blocks:
        if block.kind == "table":
            story += [_table(block, styles["cell"]), Spacer(1, 8)]
        elif block.kind == "item":
            story.append(Paragraph(_markup(block.text), styles["item"], bulletText="\u2022"))
        elif block.kind == "text":
            # A paragraph a line: reportlab takes five times as long to break one that holds line breaks.
            *lines, last = block.text.split("\n")
            story += [Paragraph(_markup(line), styles["line"]) for line in lines]
            story.append(Paragraph(_markup(last), styles["text"]))
        else:
            story.append(Paragraph(_markup(block.text), styles[block.kind]))
    return story


def _table(block: Block, style: Any) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Paragraph, Table

    rows = [[Paragraph(_markup(cell), style) for cell in row] for row in block.rows]
    lines = [("GRID", (0, 0), (-1, -1), 0.5, HexColor("#505a5f")), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table(rows, style=lines, repeatRows=0, splitByRow=1, splitInRow=1, hAlign="LEFT")


def _markup(text: str) -> str:
    """Escape text for reportlab: line ends become breaks, leading spaces stay, the unprintable a box."""
    bad = str.maketrans(dict.fromkeys(_unprintable(text), BOX) | dict.fromkeys(UNSEEN, ""))
    lines = []
    for line in text.translate(bad).split("\n"):
        bare = line.lstrip(" ")
        lines.append("\u00a0" * (len(line) - len(bare)) + escape(bare, quote=False).replace("  ", "\u00a0 "))
    return "<br/>".join(lines)


def _printed(story: list[Any], title: str) -> bytes:
    from reportlab.platypus import SimpleDocTemplate
    from reportlab.platypus.doctemplate import LayoutError

    out = io.BytesIO()
    page = SimpleDocTemplate(
        out, title=title, lang="en-GB", invariant=1, leftMargin=56, rightMargin=56, topMargin=56
    )
    try:
        page.build(story)
    except LayoutError as error:
        raise CannotProtect("the text of the message can't be put into a document") from error
    return out.getvalue()


def _with_text(printed: bytes, text: str) -> bytes:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(printed)) as document:
        name = "message.txt"
        document.attachments[name] = pikepdf.AttachedFileSpec(
            document,
            text.encode(),
            filename=name,
            mime_type="text/plain",
            description="",
            creation_date="",
            mod_date="",
        )
        document.save(out, deterministic_id=True)
    return out.getvalue()


@cache
def _glyphs() -> frozenset[int]:
    """Register the two fonts with reportlab, once, and return what both can print."""
    from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
    from reportlab.pdfbase.ttfonts import TTFont

    plain = TTFont(SANS, FONTS / "DejaVuSans.ttf")
    bold = TTFont(BOLD, FONTS / "DejaVuSans-Bold.ttf")
    registerFont(plain)
    registerFont(bold)
    names = {"normal": plain, "bold": bold, "italic": plain, "boldItalic": bold}
    registerFontFamily(SANS, **{style: font.fontName for style, font in names.items()})
    return frozenset(plain.face.charToGlyph) & frozenset(bold.face.charToGlyph)


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    _glyphs()
    text = ParagraphStyle("text", fontName=SANS, fontSize=10, leading=14, spaceAfter=7)
    heading = ParagraphStyle("heading", text, fontName=BOLD, fontSize=12, leading=16)
    return {
        "text": text,
        "line": ParagraphStyle("line", text, spaceAfter=0),
        "field": ParagraphStyle("field", text, spaceAfter=2),
        "title": ParagraphStyle("title", heading, fontSize=15, leading=20, spaceAfter=10),
        "heading": heading,
        "item": ParagraphStyle("item", text, leftIndent=16, bulletIndent=4, spaceAfter=3),
        "cell": ParagraphStyle("cell", text, fontSize=9, leading=12, spaceAfter=0),
    }
