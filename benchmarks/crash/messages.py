"""Numbered messages whose fate is known: each recipient's address tells the number, each personal value is a canary.

The canary of message 42 is 'Canary00042'. It stands only in what must not leave in clear, so whatever octets of
it reach the next hop, packed or encoded, are a leak.
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from milter.cli.samples import DOCX, document

COUNCIL, NHS, HOTMAIL = "borchester.gov.uk", "borsetshire.nhs.uk", "hotmail.co.uk"
PASS, PROTECT, HOLD, REFUSE = "pass", "protect", "hold", "refuse"


@dataclass(frozen=True, slots=True)
class Numbered:
    """One message and what must become of it for each recipient."""

    number: int
    kind: str
    sender: str
    fates: dict[str, str]  # by recipient: pass protect hold refuse
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    share: int  # of a hundred
    fates: tuple[tuple[str, str], ...]  # domain and fate of each recipient
    subject: str
    build: Callable[[EmailMessage, str], None]
    sender: str = COUNCIL


def canary(number: int) -> str:
    """Give the personal value of a message: a surname that nobody has."""
    return f"Canary{number:05d}"


def number_of(address: str) -> int | None:
    """Give the number that an address tells; None for an address that is not of ours."""
    local = address.partition("@")[0]
    return int(local[1:6]) if len(local) == 7 and local[0] in "rs" and local[1:6].isdecimal() else None


def message(number: int) -> Numbered:
    """Make message `number`; the same at each call."""
    kind = _OF_HUNDRED[number * 37 % 100]  # 37 and 100 share no factor: each hundred has all shares
    sender = f"s{number:05d}x@{kind.sender}"
    recipients = {f"r{number:05d}{'ab'[n]}@{domain}": fate for n, (domain, fate) in enumerate(kind.fates)}
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"], mail["To"] = sender, ", ".join(recipients)
    mail["Subject"] = f"{kind.subject} {number}"
    mail["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    mail["Message-ID"] = f"<n{number:05d}@borchester.gov.uk>"
    kind.build(mail, canary(number))
    return Numbered(number, kind.name, sender, recipients, mail.as_bytes())


def _clean(mail: EmailMessage, _canary: str) -> None:
    mail.set_content("Dear colleagues,\n\nTerm starts on Wednesday 2 September. The minutes will follow.\n")


def _note(mail: EmailMessage, name: str) -> None:
    mail.set_content("Dear colleague,\n\nplease see the note attached.\n")
    note = document(
        f"Case note: Jamie {name}, born 12/03/2015, lives at 14 Lakey Hill, Ambridge BC6 2QT.",
        "NHS number 943 476 5919. Referred to CAMHS for self-harm; a strategy meeting is arranged.",
    )
    _attach(mail, note)


def _broken(mail: EmailMessage, name: str) -> None:
    mail.set_content("The report is attached.\n")
    whole = document(f"Jamie {name}, born 12/03/2015")
    _attach(mail, whole[: len(whole) // 2])


def _body(mail: EmailMessage, name: str) -> None:
    mail.set_content(
        f"Please see Jamie {name}, born 12/03/2015, NHS number 943 476 5919, at the eye clinic.\n"
    )


def _attach(mail: EmailMessage, content: bytes) -> None:
    maintype, _, subtype = DOCX.partition("/")
    mail.add_attachment(content, maintype=maintype, subtype=subtype, filename="case note.docx")


_MARKED = "Private and Confidential: report"
_KINDS = (
    _Kind("clean", 56, ((NHS, PASS),), "Term dates", _clean),
    _Kind("clean to two", 8, ((NHS, PASS), (COUNCIL, PASS)), "Term dates", _clean),
    _Kind("case note to a hospital", 10, ((NHS, PROTECT),), "Case note", _note),
    _Kind("personal text to a hospital", 4, ((NHS, PROTECT),), "Appointment", _body),
    _Kind("unreadable attachment", 8, ((NHS, HOLD),), _MARKED, _broken),
    _Kind("case note to Hotmail", 6, ((HOTMAIL, REFUSE),), "Case note", _note),
    _Kind(
        "case note to a colleague and Hotmail", 4, ((COUNCIL, PASS), (HOTMAIL, REFUSE)), "Case note", _note
    ),
    _Kind("case note to a hospital and Hotmail", 2, ((NHS, PROTECT), (HOTMAIL, REFUSE)), "Case note", _note),
    _Kind("forged sender", 2, ((NHS, REFUSE),), "From home", _clean, sender="gmail.com"),
)
_OF_HUNDRED = tuple(kind for kind in _KINDS for _ in range(kind.share))
