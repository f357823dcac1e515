"""ZIP archives that are no document: each file inside is read, and which lock the locked ones bear.

WinZip AES (AE-1, AE-2) is a lock; ZipCrypto, which falls to a known-plaintext attack in minutes, is 'weak'.
"""

import struct
from dataclasses import dataclass

from milter.attachments import zips
from milter.attachments.draft import Draft, File, UnreadableError
from milter.attachments.reading import Protection, Reading
from milter.attachments.zipwords import try_words


@dataclass(frozen=True, slots=True)
class Lock:
    """How one member is locked."""

    protection: Protection
    name: str


def read_zip(file: File, draft: Draft) -> None:
    """Read every member; names are text too."""
    listed = [entry for entry in zips.entries(draft) if not entry.folder]
    draft.say("file names", "\n".join(entry.name for entry in listed[:2000]))
    locked = [entry for entry in listed if entry.encrypted]
    word = try_words(file, locked) if locked else None
    if word is not None:
        draft.note("opened-with-message-word")
    for entry in listed:
        if not entry.encrypted:
            _open(file, draft, entry)
        elif word is None:
            lock = lock_of(entry)
            draft.closed_member(
                entry.name,
                Reading("", "", "unknown", "locked", lock.protection, lock.name, why="needs a password"),
            )
        else:
            draft.member(entry.name, word.open(entry))
    _settle(listed, locked, draft, opened=word is not None)


def _open(file: File, draft: Draft, entry: zips.Entry) -> None:
    try:
        content = zips.unpack(file.content, entry, file.budget)
    except UnreadableError as fault:
        draft.closed_member(entry.name, Reading("", "", "unknown", "unreadable", why=str(fault)))
        return
    reading = draft.member(entry.name, content)
    if zips.damaged(content, entry) and reading.status == "read":
        draft.fail("unreadable", "a file in it is damaged")


def _settle(listed: list[zips.Entry], locked: list[zips.Entry], draft: Draft, *, opened: bool) -> None:
    """The archive's own protection: a lock only where nothing inside lies open."""
    if not locked or len(locked) < len(listed):
        return
    locks = [lock_of(entry) for entry in locked]
    weakest = next((lock for lock in locks if lock.protection == "weak"), locks[0])
    draft.protect(weakest.protection, weakest.name)
    if not opened:
        draft.fail("locked", "needs a password")


def lock_of(entry: zips.Entry) -> Lock:
    """Which lock an encrypted member bears (APPNOTE 4.4.4, 7; WinZip AES specification)."""
    strength = aes_strength(entry)
    if strength:
        return Lock("password", f"AES-{(128, 192, 256)[strength - 1]} (ZIP)")
    if entry.flags & 0x40:
        return Lock("password", "PKWARE strong encryption (ZIP)")
    return Lock("weak", "ZipCrypto")


def aes_strength(entry: zips.Entry) -> int:
    """1, 2 or 3 for AES-128, -192, -256 by extra field 0x9901; 0 where it is not AES."""
    if entry.method != 99:
        return 0
    at = 0
    while at + 4 <= len(entry.extra):
        tag, size = struct.unpack_from("<HH", entry.extra, at)
        if tag == 0x9901 and size >= 7 and at + 11 <= len(entry.extra):
            return min(3, max(1, entry.extra[at + 8]))
        at += 4 + size
    return 1
