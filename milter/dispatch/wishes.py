"""What the sender asked for by internet headers, as the Outlook add-in sets them: for the record, and for care.

They can only ask for more care or tell more for the record (R1, P5); nothing here loosens a rule, since anyone
can write a header. All `X-Sealgate-` fields are stripped on the way out.
"""

from dataclasses import dataclass

from milter.message.model import Message
from milter.message.text import decode_words
from milter.message.trace import internet_headers

MOST = 500  # characters of each


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked or told; '' where nothing was."""

    purpose: str = ""  # why it is shared
    consent: str = ""  # what may be passed on, to whom, when
    authorised_by: str = ""
    password_by: str = ""  # 'email' or 'telephone'
    protect: bool = False


def wishes_of(message: Message) -> Wishes:
    """Read the sender's wishes."""
    told = {name: _value(value) for name, value in internet_headers(message).items()}
    return Wishes(
        purpose=told.get("purpose", ""),
        consent=told.get("consent", ""),
        authorised_by=told.get("authorised-by", ""),
        password_by=told.get("password-by", "") if told.get("password-by") in {"email", "telephone"} else "",
        protect=told.get("protect", "").lower() in {"yes", "true", "1"},
    )


def _value(raw: str) -> str:
    text = decode_words(raw)
    return "".join(char if char.isprintable() else " " for char in text).strip()[:MOST]
