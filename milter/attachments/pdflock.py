"""Locks of PDF files (ISO 32000-2, 7.6): which one, whether it is strong, and the message's words tried on it."""

import io
import re
from typing import Any

from milter.attachments.draft import Draft, File, LockedError, UnreadableError
from milter.attachments.reading import Protection


def open_words(file: File, draft: Draft) -> str:
    """The password that opens the file: '' where it needs none. Says which lock it bears.

    Raises LockedError where no word of the message opens it, UnreadableError where it is no PDF at all.
    """
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(file.content), suppress_warnings=True) as document:
            _say_lock(document, draft)
    except pikepdf.PasswordError:
        return _try(file, draft)
    except pikepdf.PdfError as fault:
        if b"/Encrypt" in file.content:
            draft.protect("password", "PDF, unknown method")
            raise LockedError("is locked by a method that nothing here opens") from fault
        # PDFium mends more than qpdf; let it try
    except (ValueError, OverflowError, NotImplementedError) as fault:
        raise UnreadableError("the PDF file is damaged") from fault
    return ""


def _try(file: File, draft: Draft) -> str:
    import pikepdf

    budget = file.budget
    for word in file.words:
        if budget.tries >= budget.limits.password_tries:
            break
        budget.tries += 1
        try:
            with pikepdf.open(io.BytesIO(file.content), password=word) as document:
                lock = _lock_of(document)
                draft.protect(*lock)
                draft.note("opened-with-message-word")
                return word
        except pikepdf.PasswordError:
            continue
    draft.protect(*_stated_lock(file.content))
    raise LockedError("needs a password")


def _lock_of(document: Any) -> tuple[Protection, str]:
    """The lock of a file that was opened with its password."""
    return _named(int(document.encryption.V), int(document.encryption.R), int(document.encryption.bits))


def _named(version: int, revision: int, bits: int) -> tuple[Protection, str]:
    if version >= 5:
        return "password", f"PDF R{revision} AES-256"
    if version == 4:
        return "password", f"PDF R{revision} AES-{bits}"
    return "weak", f"PDF R{revision} RC4-{bits}"


def _say_lock(document: Any, draft: Draft) -> None:
    """A file that opened without a password may still ask not to be changed."""
    if document.is_encrypted and not document.allow.modify_other:
        draft.protect("read-only", f"PDF R{int(document.encryption.R)} permissions")


def _stated_lock(content: bytes) -> tuple[Protection, str]:
    """The lock as the encryption dictionary states it, when it can't be opened."""
    at = content.rfind(b"/Encrypt")
    near = re.findall(rb"/V\s{0,9}(\d)\b", content)
    revisions = re.findall(rb"/R\s{0,9}(\d)\b", content)
    lengths = [
        int(value) for value in re.findall(rb"/Length\s{0,9}(\d{2,3})\b", content) if 40 <= int(value) <= 256
    ]
    if at < 0 or not near:
        return "password", "PDF, unknown method"
    version = max(int(value) for value in near if int(value) <= 6)
    revision = max((int(value) for value in revisions if 2 <= int(value) <= 6), default=0)
    if version == 4 and b"/AESV2" not in content:
        return "weak", f"PDF R{revision} RC4-128"
    bits = 128 if version == 4 else (lengths[0] if version in (2, 3) and lengths else 40)
    return _named(version, revision, bits)
