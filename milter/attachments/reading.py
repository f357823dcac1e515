"""What reading one file gives: its text by place, how it is locked, and the files inside it."""

from dataclasses import dataclass
from typing import Literal

from milter.message.passage import Passage

Status = Literal["read", "unreadable", "limit", "locked"]
Protection = Literal["none", "password", "read-only", "weak", "signed", "encrypted"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One file as it was read. Anything but status 'read' is not clean (pitfall 25)."""

    path: str  # the part's path, then the way inside: '2', '2/1' for the first member of a zip
    name: str  # as the sender named it; hostile text
    format: str  # by content, never by name: 'docx', 'xlsx', 'pdf', 'zip', 'text', 'png', 'unknown' ...
    status: Status = "read"
    protection: Protection = "none"
    # 'weak' is a lock that does not count (ZipCrypto, RC4, XOR, a published default password);
    # 'password' is a strong one; 'read-only' opens without a password but is marked not to be changed;
    # 'encrypted' is S/MIME or PGP; 'signed' bears a signature that an edit would break.
    lock: str = ""  # which lock, for people: 'AES-256 (Office agile)', 'ZipCrypto', 'PDF R6 AES-256'
    passages: tuple[Passage, ...] = ()
    members: tuple["Reading", ...] = ()
    notes: tuple[str, ...] = ()  # facts for rules: 'type-mismatch' 'polyglot' 'macros' 'cloud-link'
    #   'opened-with-message-word' (a word of the message itself opened it) 'picture' 'no-text'
    why: str = ""  # plain words where the status is not 'read'
