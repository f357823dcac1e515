"""The words of a covering note: how to open what is locked, and how the password comes (P5, E8).

Guarantees: the same steps for the same kind of lock, wherever they are printed. Knows nothing of the message.
"""

from collections.abc import Iterable
from typing import Literal

Way = Literal["email", "telephone", "both", "agreed"]

WORD = ("docx", "docm", "dotx", "dotm")
EXCEL = ("xlsx", "xlsm", "xltx", "xltm")
POWERPOINT = ("pptx", "pptm", "ppsx", "ppsm", "potx", "potm")

PURPOSE = "The sender has not said. Ask the sender if you are not sure why you have it."
LIMITS = "Do not pass it on to anyone, inside or outside your organisation, without asking the sender first."

HOW_PASSWORD: dict[Way, str] = {
    "email": "Confirm first that this has reached the right person. The password comes in a separate email.",
    "telephone": "The sender rings you through your organisation's switchboard and tells it to you. "
    "It is not sent by email.",
    "both": "Confirm first that this has reached the right person. The password comes in a separate email; "
    "or the sender tells it to you by telephone.",
    "agreed": "It is the password that your organisation and the sender's have agreed. It is not emailed.",
}

OPEN_ON_COMPUTER = (
    (
        WORD + EXCEL + POWERPOINT,
        "Open Word, Excel and PowerPoint files as always, and type the password.",
    ),
    (("pdf",), "Open PDF files with Adobe Reader or your browser, and type the password when asked."),
    (
        ("zip",),
        "Save the zip file, open it with 7-Zip or WinZip, and type the password. Windows by itself can't.",
    ),
)
OPEN_ON_PHONE = (
    (
        WORD + EXCEL + POWERPOINT,
        "Save the file, open it in Word, Excel or PowerPoint, and type the password.",
    ),
    (("pdf",), "Save the file, open it in Files, Books or Adobe Reader, and type the password."),
    (
        ("zip",),
        "A zip file needs an app that opens AES-encrypted zips. It is easier on a computer.",
    ),
)
OPENS_READ_ONLY = "It opens read-only. Save a copy where your organisation keeps such information."


def steps_on_computer(formats: Iterable[str]) -> tuple[str, ...]:
    """Return how to open files of these formats (of the protected files: 'zip', 'docx' ...) on a computer."""
    return (*_steps(OPEN_ON_COMPUTER, frozenset(formats)), OPENS_READ_ONLY)


def steps_on_phone(formats: Iterable[str]) -> tuple[str, ...]:
    """Return how to open files of these formats on a phone or tablet."""
    return _steps(OPEN_ON_PHONE, frozenset(formats))


def how_password(way: Way) -> str:
    """Return by which way the password comes, as its reader needs to know it."""
    return HOW_PASSWORD[way]


def _steps(table: tuple[tuple[tuple[str, ...], str], ...], formats: frozenset[str]) -> tuple[str, ...]:
    return tuple(step for kinds, step in table if formats.intersection(kinds))
