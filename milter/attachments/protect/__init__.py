"""Locks one document by a password, so that it opens as what was sent and nobody else can open it (E7).

Guarantees: whatever is returned was opened with the password and compared before. Office documents and PDFs
are locked and marked read-only in their own format; all else, and what must not be edited, goes into an
AES-256 zip as the bytes that it is. Refuses (CannotProtect) what can't be protected: the message is held.
Random are only keys and salts; there is no clock, no disk and no network.
"""

from collections.abc import Callable
from dataclasses import dataclass

from milter.attachments.protect import archive, office, pdf
from milter.attachments.protect.errors import CannotEdit, CannotProtect
from milter.attachments.protect.naming import clean_name, extension_of, neutral_name, zipped_name
from milter.attachments.protect.text_to_pdf import body_to_pdf
from milter.attachments.protect.verify import NotTheSame
from milter.attachments.reading import Reading

ROUNDS = 2_000  # of key derivation, for a password of 66 random bits; reckoned in docs/protecting.md
ROUNDS_FOR_CHOSEN_PASSWORDS = 100_000  # for one that people thought of: Office's own figure

OFFICE = frozenset(
    {
        "docx",
        "docm",
        "dotx",
        "dotm",
        "xlsx",
        "xlsm",
        "xltx",
        "xltm",
        "pptx",
        "pptm",
        "ppsx",
        "ppsm",
        "potx",
        "potm",
    }
)

__all__ = [
    "ROUNDS",
    "ROUNDS_FOR_CHOSEN_PASSWORDS",
    "CannotProtect",
    "Protected",
    "body_to_pdf",
    "neutral_name",
    "protect",
    "strongly_locked",
]


@dataclass(frozen=True, slots=True)
class Protected:
    """A locked document, ready to be attached."""

    content: bytes
    name: str
    format: str  # what it is now: 'docx', 'pdf', 'zip' ...
    lock: str  # for people and the register: 'AES-256 (Office agile)'
    verified: bool = True  # it was opened with the password and compared; there is no other kind
    note: str = ""  # why it went into a zip though its format has a lock of its own; '' otherwise


def protect(
    content: bytes,
    *,
    format: str,  # noqa: A002 - the word that Reading uses
    name: str,
    password: str,
    rounds: int | None = None,
) -> Protected:
    """Lock `content`, whose format was found by content (`Reading.format`), under a safe form of `name`.

    `password` is printable ASCII, at most 127 characters, so that every program can be given it. `rounds` is
    for Office's key derivation; None is ROUNDS. What is locked already is for the caller to leave alone
    (`strongly_locked`): here it would be locked twice. CannotProtect says why where it can't be done.
    """
    if not (password.isascii() and password.isprintable() and 0 < len(password) <= 127):
        raise CannotProtect("the password holds what not every program can be given")
    rounds = ROUNDS if rounds is None else rounds
    own_ways: tuple[tuple[bool, str, Callable[[], bytes]], ...] = (
        (format in OFFICE, office.LOCK, lambda: office.protect_office(content, password, rounds)),
        (format == "pdf", pdf.LOCK, lambda: pdf.protect_pdf(content, password)),
    )
    note = ""
    for fits, lock, way in own_ways:
        if fits:
            try:
                return Protected(way(), clean_name(name), format, lock)
            except (CannotEdit, NotTheSame) as error:
                note = error.why
    locked = archive.protect_archive(content, extension_of(name, format), password)
    return Protected(locked, zipped_name(name), "zip", archive.LOCK, note=note)


def strongly_locked(reading: Reading) -> bool:
    """Tell whether the file bears a lock that counts, and is to be left as it is (pitfall 8)."""
    return reading.protection in {"password", "encrypted"}
