"""Writes a document as text, CSV, HTML or an e-mail. The same document gives the same bytes."""

import csv
import html
import io
from email.message import EmailMessage
from email.policy import SMTP
from random import Random

from benchmarks.corpus.slots import plain
from benchmarks.corpus.template import DISCLAIMERS, SIGNATURES, Block, Document

Blocks = tuple[Block, ...]
ENVELOPE = (
    "from",
    "to",
    "cc",
)  # a document that says them is written out by hand, and nothing is added to it
LABELS = {"subject": "Subject: ", "comment": "[Comment: ", "header": "", "footer": "", "hidden": ""}


def lines(blocks: Blocks, wall: str = "\t") -> list[str]:
    """Give the document as plain text, one entry a paragraph or row."""
    out: list[str] = []
    for block in blocks:
        if block.sort == "row":
            out.append(wall.join(plain(cell) for cell in block.cells))
        elif block.sort in {"sheet", "hiddensheet"}:
            out.append(f"\n{block.text}")
        elif block.sort not in {"quote", "end"}:
            end = "]" if block.sort == "comment" else "\n" if block.sort in {"para", "heading"} else ""
            out.append(LABELS.get(block.sort, "") + _soft(block.text) + end)
    return out


def _soft(text: str) -> str:
    return "\n".join(plain(line) for line in text.split("\n"))


def write_txt(document: Document, rng: Random) -> bytes:
    """Plain text in one of the encodings that offices leave behind."""
    text = "\n".join(lines(document.blocks, rng.choice(("\t", "  |  ", ", ")))) + "\n"
    end = rng.choice(("\n", "\r\n"))
    return _encoded(text.replace("\n", end), rng)


def _encoded(text: str, rng: Random) -> bytes:
    encoding = rng.choice(("utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"))
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8")


def write_csv(document: Document, rng: Random) -> bytes:
    """Rows with commas, semicolons or tabs; what is no row is a row of one cell."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=rng.choice((",", ",", ";", "\t")), lineterminator="\r\n")
    for block in document.blocks:
        if block.sort == "row":
            writer.writerow([plain(cell) for cell in block.cells])
        elif block.text and block.sort not in {"quote", "end"}:
            writer.writerow([_soft(block.text)])
    return _encoded(out.getvalue(), rng)


def _escaped(text: str) -> str:
    return html.escape(text).replace("\ue000", "&#").replace("\ue001", ";").replace("\n", "<br>")


def as_html(blocks: Blocks, rng: Random) -> str:
    """Give the document as a web page or a mail program would write it."""
    hide = rng.choice(("display:none", "color:#ffffff;font-size:1px", "visibility:hidden"))
    out = ["<html><head><style>td{padding:2pt}</style></head><body>"]
    table = False
    for block in blocks:
        if table and block.sort != "row":
            out.append("</table>")
            table = False
        if block.sort == "row":
            out.append(("" if table else '<table border="1">') + _row(block))
            table = True
        else:
            out.append(_element(block, hide))
    return "\n".join([*out, "</table>" if table else "", "</body></html>"])


def _row(block: Block) -> str:
    return "<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in block.cells) + "</tr>"


def _element(block: Block, hide: str) -> str:
    text = _escaped(block.text)
    shapes = {
        "heading": f"<h2>{text}</h2>",
        "sheet": f"<h3>{text}</h3>",
        "quote": '<blockquote type="cite">',
        "end": "</blockquote>",
        "hidden": f'<div style="{hide}">{text}</div>',
        "subject": f"<h1>{text}</h1>",
        "hiddensheet": f'<h3 style="{hide}">{text}</h3>',
    }
    return shapes.get(block.sort, f"<p>{text}</p>")


def write_html(document: Document, rng: Random) -> bytes:
    """Give a page in UTF-8."""
    return ("<!DOCTYPE html>\n" + as_html(document.blocks, rng)).encode()


def _mail_text(blocks: Blocks) -> str:
    """Plain text of a mail, what is quoted behind '> '."""
    out: list[str] = []
    quoted = False
    for block in blocks:
        if block.sort in {"quote", "end"}:
            quoted = block.sort == "quote"
            continue
        if block.sort in {"subject", *ENVELOPE}:
            continue
        text = "\n".join(lines((block,)))
        out.append("\n".join("> " + line for line in text.split("\n")) if quoted else text)
    return "\n".join(out) + "\n"


def write_eml(document: Document, rng: Random) -> bytes:
    """Give a whole message: sender of the organisation, plain text or HTML or both, CRLF line ends."""
    cast = document.cast
    message = EmailMessage(policy=SMTP.clone(cte_type=rng.choice(("8bit", "7bit"))))
    said = {block.sort: block.text for block in document.blocks if block.sort in ENVELOPE}
    sender = cast.fill("pro9", "email", "")
    message["From"] = said.get("from", f"{cast.fill('pro9', '', '')} <{sender}>")
    message["To"] = said.get("to", f"{cast.fill('pro8', '', '')} <{cast.fill('pro8', 'email', '')}>")
    if "cc" in said:
        message["Cc"] = said["cc"]
    subjects = [plain(block.text) for block in document.blocks if block.sort == "subject"]
    message["Subject"] = (
        subjects[0]
        if subjects
        else rng.choice(("FW: as discussed", "Update", "For your attention", "RE: query"))
    )
    message["Date"] = "Tue, 10 Mar 2026 09:14:00 +0000"
    message["Message-ID"] = f"<{rng.randrange(10**12)}@{sender.partition('@')[2]}>"
    text = _mail_text(document.blocks) + ("" if said else _mail_end(document, rng))
    blocks = (*document.blocks, Block("para", text[len(_mail_text(document.blocks)) :]))
    way = rng.choice(("plain", "plain", "both", "html"))
    if any(block.sort == "hidden" for block in blocks) or "\ue000" in "".join(block.text for block in blocks):
        way = "html"
    if way != "html":
        message.set_content(text, cte=rng.choice(("quoted-printable", "base64", "8bit")))
    if way == "html":
        message.set_content(as_html(_visible(blocks), rng), subtype="html", cte="quoted-printable")
    elif way == "both":
        message.add_alternative(as_html(_visible(blocks), rng), subtype="html", cte="quoted-printable")
    _fix_boundary(message, rng)
    return message.as_bytes()


def _visible(blocks: Blocks) -> Blocks:
    return tuple(block for block in blocks if block.sort not in {"subject", *ENVELOPE})


def _fix_boundary(message: EmailMessage, rng: Random) -> None:
    if message.is_multipart():
        message.set_boundary(f"----=_Part_{rng.randrange(10**10)}")


def _mail_end(document: Document, rng: Random) -> str:
    """Give a signature and a disclaimer, as the organisation's server or the sender's program adds them."""
    if "@" in document.template.text and "@sign" in document.template.text:
        return ""
    ends = [rng.choice(SIGNATURES)] * (rng.random() < 0.7) + [rng.choice(DISCLAIMERS)] * (rng.random() < 0.5)
    text = "\n".join(ends).replace("{%", "{pro9").replace("%", "{pro9}")
    from benchmarks.corpus.template import SLOT

    return SLOT.sub(lambda match: document.cast.fill(match[1], match[2] or "", match[3] or ""), text)
