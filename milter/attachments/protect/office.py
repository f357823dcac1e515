"""Protects docx, xlsx and pptx in their own format: read-only marks, then agile AES-256.

Guarantees: what the recipient opens is the sent package with the marks of `readonly.py`, and no other change.
Refuses (CannotEdit) what it must not or can't edit; that goes into a zip.
"""

from milter.attachments.protect import agile, verify
from milter.attachments.protect.package import open_package, write_package
from milter.attachments.protect.readonly import Edit, apply_edits, read_only_edits

LOCK = "AES-256 (Office agile)"


def protect_office(content: bytes, password: str, rounds: int) -> bytes:
    """Return the document marked and encrypted; CannotEdit, or NotTheSame where it does not open again."""
    package = marked_read_only(content)
    locked = agile.encrypt(package, password, rounds)
    verify.office(locked, password, package)
    return locked


def marked_read_only(content: bytes) -> bytes:
    """Return the package with its read-only marks, compared with what it was."""
    members = open_package(content)
    edits = read_only_edits(members)
    changed: dict[str, bytes] = {}
    for member in members:
        mine: list[Edit] = [edit for edit in edits if edit.part == member.name]
        if mine:
            changed[member.name] = apply_edits(member.content(), mine)
    package = write_package(members, changed)
    verify.office_edits(content, package, edits)
    return package
