"""Trying the words of a message as the password of a zip archive."""

import io
from dataclasses import dataclass

from milter.attachments import zips
from milter.attachments.draft import File, LimitError, UnreadableError

SLOW_CIPHER_BYTES = 4 * 1024 * 1024  # ZipCrypto is undone in pure Python; larger members stay locked


@dataclass(frozen=True, slots=True)
class Word:
    """A word that opened the archive."""

    file: File
    word: str

    def open(self, entry: zips.Entry) -> bytes:
        """One member's bytes; empty where the word does not open it."""
        return _read(self.file, entry, self.word) or b""


def try_words(file: File, locked: list[zips.Entry]) -> Word | None:
    """The first word that opens the smallest locked member, within the number of tries left."""
    budget = file.budget
    usable = [entry for entry in locked if entry.packed <= SLOW_CIPHER_BYTES or entry.method == 99]
    if not usable or not file.words:
        return None
    smallest = min(usable, key=lambda entry: entry.packed)
    for word in file.words:
        if budget.tries >= budget.limits.password_tries:
            return None
        budget.tries += 1
        if _read(file, smallest, word) is not None:
            return Word(file, word)
    return None


def _read(file: File, entry: zips.Entry, word: str) -> bytes | None:
    """The member, decrypted with `word`; None where that is wrong."""
    import pyzipper

    budget = file.budget
    if entry.unpacked > budget.room():
        raise LimitError(f"unpacks to more than {budget.limits.total_bytes // 2**20} MiB")
    try:
        with pyzipper.AESZipFile(io.BytesIO(file.content)) as archive:
            info = next(one for one in archive.infolist() if one.header_offset == entry.header)
            data = archive.read(info, pwd=word.encode("utf-8"))
    except (
        RuntimeError,
        StopIteration,
        pyzipper.BadZipFile,
        NotImplementedError,
        UnreadableError,
        ValueError,
    ):
        return None
    except (
        Exception
    ) as fault:  # zlib, struct and Crypto errors of a wrong guess; pyzipper names no common one
        del fault
        return None
    budget.unpack(len(data))
    budget.ratio(len(data), entry.packed)
    return bytes(data)
