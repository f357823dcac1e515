"""Writes the messages that speed is measured on: `python benchmarks/performance_corpus.py --out DIR`.

200 messages of about 70 MB: text of 5 kB, docx of 50 kB, xlsx of 100 kB, PDF of 300 kB (four pages and a picture),
zip of 1 MB, pictures of 5 MB, messages in messages; half with personal data. The PDFs are as long as those that the
targets were set on, where PDFium takes some 3 ms; the sort 'long-pdf', 36 pages, is in no mix. Files are `.eml` with
CRLF; `index.jsonl` holds an object for each: file, sort, sender, recipients, personal, bytes. The same seed gives the
same bytes.
"""

import argparse
import io
import json
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from random import Random

if __package__ in {None, ""}:
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.corpus.slots import Cast

# Sort of message and how many of 200. Pictures make most of the bytes, text most of the messages.
SORTS = (("text", 84), ("docx", 40), ("xlsx", 24), ("pdf", 24), ("nested", 12), ("zip", 10), ("image", 6))
SENDER = "perf.sender@wokingham.gov.uk"
RECIPIENTS = ("a.partner@reading.gov.uk", "office@stjohns.wokingham.sch.uk", "liaison@royalberks.nhs.uk")
CLEAN = (
    "The minutes of the last meeting were agreed as a correct record and signed by the chair.",
    "Works on the junction begin in the spring and will take eleven weeks, weather allowing.",
    "Please send comments on the draft programme to the team by the end of the month.",
    "The panel noted the report and asked for figures by ward at its next meeting.",
    "Orders placed before noon are delivered on the following working day to the depot.",
    "The library will be closed for stocktaking; returns may be left in the box outside.",
    "Members thanked the officers for their work and approved the recommendations.",
    "Tenders are scored on price and quality in equal parts, as the standing orders say.",
)
PERSONAL = (
    "{kid} (born {kid.dob}), NHS number {kid.nhs}, of {kid.home}, saw the paediatrician.",
    "Claimant {adult}, National Insurance number {adult.nino}, tel {adult.mobile}, owes {int:200-4000} pounds.",
    "Pay {woman} at sort code {woman.sort}, account {woman.account}; address {woman.home}.",
    "{man}, d.o.b. {man.dob}, has depression and was off sick {int:3-40} days; e-mail {man.email}.",
    "Pupil {kid1}, UPN {kid1.upn}, has a care plan for autism and lives at {kid1.home}.",
)
Attachment = tuple[str, str, bytes]  # name, content type, content


def sentences(rng: Random, size: int, personal: bool) -> str:
    """Give about `size` characters of prose, one line a sentence; every sixth is personal where asked for."""
    from benchmarks.corpus.template import SLOT

    lines: list[str] = []
    left = size
    while left > 0:
        line = rng.choice(CLEAN)
        if personal and len(lines) % 6 == 2:
            cast = Cast(rng)
            line = SLOT.sub(lambda m, c=cast: c.fill(m[1], m[2] or "", m[3] or ""), rng.choice(PERSONAL))
        lines.append(line)
        left -= len(line) + 1
    return "\n".join(lines)


def _zipped(members: dict[str, bytes], stored: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            method = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name, (2026, 3, 10, 9, 0, 0)), content, method)
    return out.getvalue()


def make_docx(rng: Random, personal: bool, size: int = 50_000) -> bytes:
    """Give a Word document of prose with a small picture, about `size` bytes packed."""
    import docx

    from benchmarks.corpus.office_writers import MADE, settled

    file = docx.Document()
    file.core_properties.created = file.core_properties.modified = MADE
    for line in sentences(rng, 20_000, personal).split("\n"):
        file.add_paragraph(line)
    out = io.BytesIO()
    file.save(out)
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["docProps/thumbnail.jpeg"] = b""
    empty = len(_zipped(members))
    members["docProps/thumbnail.jpeg"] = rng.randbytes(max(size - empty, 100))
    return settled(_zipped(members))


def make_xlsx(rng: Random, personal: bool, rows: int = 1_500) -> bytes:
    """Give a workbook of some 100 kB: clients where personal, else orders."""
    import xlsxwriter

    from benchmarks.corpus.office_writers import MADE, settled

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": MADE.replace(tzinfo=None)})
    sheet = book.add_worksheet("Sheet1")
    names = ("Name", "DOB", "NHS No", "Address", "Postcode", "Balance")
    heads = names if personal else ("Item", "Delivered", "Order no", "Depot", "Area", "Price")
    sheet.write_row(0, 0, heads)
    for row in range(1, (rows if personal else rows + 700)):
        cast = Cast(rng)
        if personal:
            cells = [cast.fill("adult", what, "") for what in ("", "dob", "nhs", "street", "postcode")]
        else:
            cells = [rng.choice(CLEAN)[:24], cast.fill("sdate", "", ""), cast.fill("n", "", "10")]
            cells += [cast.fill("road", "", ""), cast.fill("town", "", "")]
        sheet.write_row(row, 0, [*cells, rng.randint(1, 90_000) / 100])
    book.close()
    return settled(out.getvalue())


def make_pdf(rng: Random, personal: bool, pages: int = 4, side: int = 280) -> bytes:
    """Give a PDF of some 300 kB: pages of prose and one picture of noise, `side` pixels wide and high."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1)
    for page in range(pages):
        text = canvas.beginText(50, 790)
        text.setFont("Helvetica", 9)
        text.textLines(sentences(rng, 3_500, personal and page % 6 == 0))
        canvas.drawText(text)
        if page == 0:
            canvas.drawImage(ImageReader(io.BytesIO(_noise(rng, side, side))), 300, 100, 200, 240)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _noise(rng: Random, width: int, height: int) -> bytes:
    """Give a picture that does not pack, as an uncompressed BMP."""
    size = width * 3 * height
    head = b"BM" + (54 + size).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    head += (40).to_bytes(4, "little") + width.to_bytes(4, "little") + height.to_bytes(4, "little")
    head += (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    return head + rng.randbytes(size)


def make_image(rng: Random, size: int = 5_000_000) -> bytes:
    """Give a JPEG as a telephone takes it: the right markers around `size` bytes of noise."""
    head = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300") + bytes(range(1, 65))
    head += bytes.fromhex(
        "ffc0000b080bb80fa001011100ffc4001400010000000000000000000000000000000000ffda0008010100003f00"
    )
    return head + rng.randbytes(size).replace(b"\xff", b"\x7f") + b"\xff\xd9"


def make_zip(rng: Random, personal: bool) -> bytes:
    """Give an archive of about 1 MB: two documents, a text and a picture."""
    members = {
        "report.docx": make_docx(rng, personal),
        "figures.xlsx": make_xlsx(rng, False, 700),
        "notes.txt": sentences(rng, 20_000, personal).encode(),
        "site.jpg": make_image(rng, 850_000),
    }
    return _zipped(members, stored=("report.docx", "figures.xlsx", "site.jpg"))


def _text(rng: Random, personal: bool) -> tuple[Attachment, ...]:  # noqa: ARG001
    return ()


def _docx(rng: Random, personal: bool) -> tuple[Attachment, ...]:
    sort = "vnd.openxmlformats-officedocument.wordprocessingml.document"
    return (("report.docx", sort, make_docx(rng, personal)),)


def _xlsx(rng: Random, personal: bool) -> tuple[Attachment, ...]:
    return (("list.xlsx", "vnd.openxmlformats-officedocument.spreadsheetml.sheet", make_xlsx(rng, personal)),)


def _pdf(rng: Random, personal: bool) -> tuple[Attachment, ...]:
    return (("letter.pdf", "pdf", make_pdf(rng, personal)),)


def _long_pdf(rng: Random, personal: bool) -> tuple[Attachment, ...]:
    return (("report.pdf", "pdf", make_pdf(rng, personal, 36, 240)),)


def _zip(rng: Random, personal: bool) -> tuple[Attachment, ...]:
    return (("bundle.zip", "zip", make_zip(rng, personal)),)


ATTACHED: dict[str, Callable[[Random, bool], tuple[Attachment, ...]]] = {
    "text": _text,
    "docx": _docx,
    "xlsx": _xlsx,
    "pdf": _pdf,
    "long-pdf": _long_pdf,
    "zip": _zip,
    "image": _text,
    "nested": _docx,
}


def message(rng: Random, number: int, sort: str, personal: bool, to: tuple[str, ...]) -> bytes:
    """Give one whole message, CRLF line ends; its body is personal only where the message is all text."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Performance Sender <{SENDER}>"
    mail["To"] = ", ".join(to)
    mail["Subject"] = "Private and Confidential: update" if personal else "Monthly update"
    mail["Date"] = "Tue, 10 Mar 2026 09:14:00 +0000"
    mail["Message-ID"] = f"<perf-{number:04}-{rng.randrange(10**9)}@wokingham.gov.uk>"
    size = 5_000 if sort == "text" else 800
    mail.set_content(sentences(rng, size, personal and sort == "text"), cte="7bit")
    for name, subtype, content in ATTACHED[sort](rng, personal):
        mail.add_attachment(content, "application", subtype, filename=name)
    if sort == "image":
        mail.add_attachment(make_image(rng), "image", "jpeg", filename="IMG_2041.jpg")
        if personal:
            mail.add_attachment(sentences(rng, 3_000, True), subtype="plain", filename="notes.txt")
    if mail.is_multipart():
        mail.set_boundary(f"=_perf_{number:04}_{rng.randrange(10**9)}")
    return _forwarded(mail, rng, number, to) if sort == "nested" else mail.as_bytes()


def _forwarded(inner: EmailMessage, rng: Random, number: int, recipients: tuple[str, ...]) -> bytes:
    outer = EmailMessage(policy=SMTP)
    outer["From"] = f"Performance Sender <{SENDER}>"
    outer["To"] = ", ".join(recipients)
    outer["Subject"] = f"FW: {inner['Subject']}"
    outer["Date"] = "Tue, 10 Mar 2026 10:14:00 +0000"
    outer["Message-ID"] = f"<perf-fw-{number:04}-{rng.randrange(10**9)}@wokingham.gov.uk>"
    outer.set_content("Please see below.\n", cte="7bit")
    outer.add_attachment(inner)
    outer.set_boundary(f"=_fwd_{number:04}_{rng.randrange(10**9)}")
    return outer.as_bytes()


def order(count: int, seed: int) -> list[tuple[str, bool]]:
    """Give sort and whether personal for each message, mixed, every sort half and half."""
    total = sum(number for _, number in SORTS)
    plan: list[tuple[str, bool]] = []
    for sort, number in SORTS:
        plan += [(sort, place % 2 == 0) for place in range(max(1, round(number * count / total)))]
    Random(seed).shuffle(plan)
    return plan


def publish(out: Path, count: int = 200, seed: int = 1, sorts: tuple[str, ...] = ()) -> int:
    """Write messages and their index; how many bytes. `sorts` leaves the others out."""
    out.mkdir(parents=True, exist_ok=True)
    total = 0
    with (out / "index.jsonl").open("w", encoding="utf-8") as index:
        for number, (sort, personal) in enumerate(order(count, seed)):
            if sorts and sort not in sorts:
                continue
            rng = Random(f"{seed}/{number}")
            recipients = tuple(rng.sample(RECIPIENTS, rng.choice((1, 1, 2))))
            content = message(rng, number, sort, personal, recipients)
            name = f"{number:04}-{sort}.eml"
            (out / name).write_bytes(content)
            total += len(content)
            entry = {"file": name, "sort": sort, "sender": SENDER, "recipients": list(recipients)}
            index.write(json.dumps(entry | {"personal": personal, "bytes": len(content)}) + "\n")
    return total


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200, help="messages (the mix stays)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sorts", nargs="+", default=[], help="of these sorts only")
    options = parser.parse_args()
    total = publish(options.out, options.count, options.seed, tuple(options.sorts))
    print(f"{total / 1e6:.1f} MB in {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
