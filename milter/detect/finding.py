"""What a detector found, masked where it is made, and what a whole document amounts to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Category = Literal["identifier", "contact", "financial", "health", "child", "criminal", "employment"]

KINDS = (
    "nhs-number",
    "nino",
    "upn",
    "uln",
    "utr",
    "chi",
    "hc-number",
    "passport",
    "driving-licence",
    "bank",
    "iban",
    "payment-card",
    "date-of-birth",
    "address",
    "postcode",
    "phone",
    "email",
    "person",
)  # those that an organisation adds in detectors.toml come on top


class Grade(StrEnum):
    """How much harm a disclosure could do; the policy answers by degrees."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Finding:
    """One personal value, masked so that it can be shown in a notice, a log or a register (law 8)."""

    kind: str
    category: Category
    where: str  # the passage's place
    masked: str  # '943 *** **19': enough to find it again, too little to use it
    confidence: float  # 0 to 1
    span: tuple[int, int] | None  # characters in the file's text where the passage is exact, else None
    why: str  # in words: "labelled 'NHS No', check digit right, issued range"
    text: str = ""  # the value itself, only where an evaluation asked for it


@dataclass(frozen=True, slots=True)
class Examination:
    """The verdict on one document: whether it must be protected, of which kinds, how grave, and why."""

    protect: bool = False
    grade: Grade = Grade.NONE
    categories: tuple[Category, ...] = ()  # sorted
    findings: tuple[Finding, ...] = ()
    why: tuple[str, ...] = ()  # the reasons in words, strongest first; no personal value in them
