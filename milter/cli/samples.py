"""Ten or so telling messages for `sealgate demo`, made up from start to end: no such people, no such places.

Each has a sentence on what it shows. Numbers have the right form and check digit, so that they are found; the
documents are made here, as a word processor or spreadsheet would have made them.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

import xlsxwriter

from milter.attachments.protect import protect

OFFICER = "amira.khan@borchester.gov.uk"
SCHOOL = "office@ambridge-primary.borchester.sch.uk"
NHS = "childrens.therapy@borsetshire.nhs.uk"
PARENT = "dave.archer.family@hotmail.co.uk"
RETIRED = "duty.team@felpersham.gcsx.gov.uk"

SIGNATURE = """
--
Amira Khan
Senior Case Officer, Children's Services
Borchester Borough Council, Shute End, Borchester BC1 1BN
Tel: 0118 496 0123
"""

PUPILS = (
    ("Jamie Osborne", "A123456789012", "12/03/2015", "Autism"),
    ("Aisha Begum", "", "04/11/2014", "Speech and language"),
    ("Tomasz Nowak", "", "23/07/2015", "Hearing impairment"),
    ("Grace Adeyemi", "", "30/01/2015", "Dyslexia"),
    ("Oliver Pugh", "", "17/05/2015", "ADHD"),
)
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Sample:
    """One message of the demonstration."""

    shows: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    build: Callable[[EmailMessage], None]

    def message(self, number: int) -> bytes:
        """Make the message as octets with CRLF line ends."""
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message["Subject"] = self.subject
        message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
        message["Message-ID"] = f"<demo-{number}@borchester.gov.uk>"
        self.build(message)
        return message.as_bytes()


def upn(digits: str) -> str:
    """Give a unique pupil number for twelve digits (check letter by weights 2 to 13 mod 23)."""
    total = sum(weight * int(digit) for weight, digit in zip(range(2, 14), digits, strict=True))
    return UPN_LETTERS[total % 23] + digits


def class_list() -> bytes:
    """Make a class list as xlsx."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("SEN register 4P")
    sheet.write_row(0, 0, ("Pupil", "UPN", "Date of birth", "Need"))
    for row, (name, _, born, need) in enumerate(PUPILS, start=1):
        sheet.write_row(row, 0, (name, upn(f"8724001150{row:02d}"), born, need))
    book.close()
    return out.getvalue()


def document(*paragraphs: str) -> bytes:
    """Make a docx of paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{package}/content-types">'
            f'<Default Extension="rels" ContentType="{rels}"/><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{main}"/>'
            f'<Override PartName="/word/settings.xml" ContentType="{main.replace("document.main", "settings")}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="rId1" Type="{relations}/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/_rels/document.xml.rels",
            f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="rId1" Type="{relations}/settings" Target="settings.xml"/></Relationships>',
        )
        archive.writestr(
            "word/settings.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><w:settings xmlns:w="{space}"><w:zoom w:percent="100"/></w:settings>',
        )
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
        )
    return out.getvalue()


def encrypted(content: bytes, password: str) -> bytes:
    """Lock an Office file as a word processor does."""
    return protect(content, format="docx", name="case note.docx", password=password).content


CASE_NOTE = (
    "Case note: Jamie Osborne, born 12/03/2015, lives at 14 Lakey Hill, Ambridge BC6 2QT.",
    (
        "Home visit on 12 November. Jamie's mother says that he has not slept since the arrest of his father and"
        " that he was referred to CAMHS for self-harm. A strategy meeting under section 47 is arranged."
    ),
)


def _text(text: str) -> Callable[[EmailMessage], None]:
    return lambda message: message.set_content(text + SIGNATURE)


def _with(text: str, content: Callable[[], bytes], kind: str, name: str) -> Callable[[EmailMessage], None]:
    def build(message: EmailMessage) -> None:
        message.set_content(text + SIGNATURE)
        maintype, _, subtype = kind.partition("/")
        message.add_attachment(content(), maintype=maintype, subtype=subtype, filename=name)

    return build


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MARK = "Private and Confidential"


def samples() -> tuple[Sample, ...]:
    """Give the messages of the demonstration, in the order of the table."""
    note = document(*CASE_NOTE)
    return (
        Sample(
            "an ordinary message goes on untouched",
            OFFICER,
            (SCHOOL,),
            "Term dates 2026-27",
            _text("Dear colleagues,\n\nTerm starts on Wednesday 2 September. The minutes will follow."),
        ),
        Sample(
            "a class list to a parent's Hotmail account",
            OFFICER,
            (PARENT,),
            "class list",
            _with("Hi Dave, here is the list you asked for.", class_list, XLSX, "4P list.xlsx"),
        ),
        Sample(
            "a case note to a school in clear",
            OFFICER,
            (SCHOOL,),
            "Case note",
            _with("Dear Jill, please see the note attached.", lambda: note, DOCX, "case note.docx"),
        ),
        Sample(
            "a retired GCSX address",
            OFFICER,
            (RETIRED,),
            f"{MARK}: handover",
            _text("Could you ring me about the handover tomorrow?"),
        ),
        Sample(
            "an NHS number in the body, to a hospital",
            OFFICER,
            (NHS,),
            "Appointment",
            _text(
                "Please rearrange the eye appointment for NHS number 943 476 5919, Jamie Osborne, born 12/03/2015."
            ),
        ),
        Sample(
            "a locked document with its password in the same message",
            OFFICER,
            (SCHOOL,),
            f"{MARK}: case note",
            _with(
                "Dear Jill,\n\nthe password is Blossom-Hill-42.",
                lambda: encrypted(note, "Blossom-Hill-42"),
                DOCX,
                "case note.docx",
            ),
        ),
        Sample(
            "the same document as the guide wants it: locked, marked, the password not in the message",
            OFFICER,
            (SCHOOL,),
            f"{MARK}: case note",
            _with(
                "Dear Jill,\n\nplease ring me for the password.",
                lambda: encrypted(note, "Blossom-Hill-42"),
                DOCX,
                "case note.docx",
            ),
        ),
        Sample(
            "one message, two fates: a colleague and a Hotmail account",
            OFFICER,
            ("jill.archer@borchester.gov.uk", PARENT),
            "Jamie",
            _with("For the file.", lambda: note, DOCX, "case note.docx"),
        ),
        Sample(
            "an attachment that nobody can read",
            OFFICER,
            (NHS,),
            f"{MARK}: report",
            _with("The report is attached.", lambda: note[: len(note) // 2], DOCX, "report.docx"),
        ),
        Sample(
            "a sender who is not on a work domain",
            "amira.k.home@gmail.com",
            (SCHOOL,),
            "From home",
            _text("I am sending this from home."),
        ),
        Sample(
            "an order number that only looks like an NHS number",
            OFFICER,
            ("sales@stationery.example",),
            "Order 9434765919",
            _text("Please deliver order number 943 476 5919 (40 boxes of paper) to the town hall."),
        ),
    )
