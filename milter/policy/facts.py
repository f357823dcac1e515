"""The facts that rules judge by: the message and what inspection found, once, for all recipients."""

from dataclasses import dataclass, field
from typing import Literal

from milter.attachments.reading import Protection, Status
from milter.detect.finding import Examination
from milter.message.model import Seal


@dataclass(frozen=True, slots=True)
class PartFacts:
    """One inspected content: the subject, a body, an attachment, or a file inside one."""

    path: str
    role: Literal["subject", "body", "attachment", "headers"]
    name: str
    format: str
    status: Status = "read"
    protection: Protection = "none"
    lock: str = ""
    notes: tuple[str, ...] = ()
    why: str = ""
    examination: Examination = field(default_factory=Examination)
    parent: str = ""  # path of the file that holds it; '' at the top
    covered: bool = False  # it lies inside a strongly locked file, so it does not travel in clear


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of a message before it is judged for anyone."""

    subject: str
    envelope_sender: str
    header_from: tuple[str, ...]
    visible_recipients: tuple[str, ...]  # addresses of To and Cc
    reply_to: tuple[str, ...]
    automatic: bool
    seals: frozenset[Seal]
    dkim_domains: tuple[str, ...]
    ambiguities: tuple[str, ...]
    limits: tuple[str, ...]
    calendar: bool
    parts: tuple[PartFacts, ...]
    examination: Examination  # of the whole message: the union of its parts
    words: frozenset[str] = frozenset()  # requests of the sender by internet header, such as 'protect'
