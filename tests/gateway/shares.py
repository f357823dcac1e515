"""What tests of shares have in common: mail that becomes one, links and addresses in mail, the password's use."""

import io
import re
from email.message import EmailMessage
from email.policy import SMTP

import msoffcrypto

from milter import sharing
from milter.cli.samples import CASE_NOTE, document
from milter.store import shares
from milter.store.shares import Share
from tests.gateway.harness import OFFICER, SCHOOL, Arrived, Running

DOMAIN = "receipts.borchester.gov.uk"
PAGES = "https://receipts.borchester.gov.uk"
RECEIPTS = f'[receipts]\ndomain = "{DOMAIN}"\npage-url = "{PAGES}"\n'
PERSON = ("Jill Archer", "Head teacher", "Ambridge Primary School", "0118 496 0150")
NOTE = document(*CASE_NOTE)
BODY = "Dear Jill,\n\nplease see the note attached.\n"


def case_note(
    to: str = SCHOOL,
    *,
    body: str = BODY,
    name: str = "case note.docx",
    **fields: str,
) -> bytes:
    """Make a case note, to a school where nothing else is said."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = OFFICER, to, "Case note"
    message["Message-ID"] = "<1@borchester.gov.uk>"
    for field, value in fields.items():
        message[field.replace("_", "-")] = value
    message.set_content(body)
    message.add_attachment(NOTE, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


async def shared(gateway: Running, **fields: str) -> Arrived:
    """Send a case note and give what arrived of it."""
    code, reply = await gateway.send(OFFICER, [SCHOOL], case_note(**fields))
    assert code == 250, reply
    await gateway.settle()
    return gateway.sink.to(SCHOOL)[0]


def attached(arrived: Arrived) -> dict[str, bytes]:
    """Give the attached files by name."""
    return {part.get_filename(): part.get_content() for part in arrived.parsed.iter_attachments()}  # type: ignore[attr-defined]


def confirm(gateway: Running) -> None:
    """Have the recipient of the one share confirm it."""
    with gateway.store.transaction() as tx:
        sharing.confirmed(tx, only_share(gateway).id, *PERSON)


def only_share(gateway: Running) -> Share:
    """Give the one share there is."""
    with gateway.store.read() as tx:
        (share,) = shares.search(tx)[0]
    return share


def text_of(arrived: Arrived) -> str:
    """Give the words of a message."""
    body = arrived.parsed.get_body(("plain",))  # type: ignore[attr-defined]
    return str(body.get_content())


def told(gateway: Running, subject: str, to: str = OFFICER) -> list[Arrived]:
    """Give the notices that somebody got under a subject that begins so."""
    return [one for one in gateway.sink.to(to) if str(one.parsed["Subject"]).startswith(subject)]


def link(arrived: Arrived, page: str = "c") -> str:
    """Give the token in a link of a page."""
    (token,) = set(re.findall(rf"{PAGES}/{page}/([0-9a-z]+)", text_of(arrived)))
    return str(token)


def password_in(arrived: Arrived) -> str:
    """Give the password in a message: six words joined by hyphens."""
    (password,) = set(re.findall(r"\b[a-z]+(?:-[a-z]+){5}\b", text_of(arrived)))
    return str(password)


def opened(content: bytes, password: str) -> bytes:
    """Open an encrypted Office file as its recipient would."""
    out = io.BytesIO()
    office = msoffcrypto.OfficeFile(io.BytesIO(content))
    office.load_key(password=password, verify_password=True)
    office.decrypt(out)
    return out.getvalue()
