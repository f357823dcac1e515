"""Locks of PDF files (ISO 32000-2, 7.6): which one, whether it is strong, and the message's words tried on it."""

import io
import re
from typing import Any

from milter.attachments.draft import Draft, File, LockedError, UnreadableError
from milter.attachments.reading import Protection


def opened(file: File, draft: Draft) -> tuple[str, Any]:
    """The password that opens the file, '' where it needs none, and the open document; says which lock it bears.

    The document is None where qpdf can't open what another reader may. Raises LockedError where no word of the
    message opens it.
    """
    import pikepdf

    try:
        document = _open(file.content, "")
    except pikepdf.PasswordError:
        return _try(file, draft)
    except pikepdf.PdfError as fault:
        if b"/Encrypt" in file.content:
            draft.protect("password", "PDF, unknown method")
            raise LockedError("is locked by a method that nothing here opens") from fault
        return "", None
    except (ValueError, OverflowError, NotImplementedError) as fault:
        raise UnreadableError("the PDF file is damaged") from fault
    _say_lock(document, draft)
    return "", document


def _open(content: bytes, password: str) -> Any:
    import pikepdf

    return pikepdf.open(io.BytesIO(content), password=password, suppress_warnings=True)


def _try(file: File, draft: Draft) -> tuple[str, Any]:
    import pikepdf

    budget = file.budget
    for word in file.words:
        if budget.tries >= budget.limits.password_tries:
            break
        budget.tries += 1
        try:
            document = _open(file.content, word)
        except pikepdf.PasswordError:
            continue
        draft.protect(*_lock_of(document))
        draft.note("opened-with-message-word")
        return word, document
    draft.protect(*_stated_lock(file.content))
    raise LockedError("needs a password")


def _lock_of(document: Any) -> tuple[Protection, str]:
    """The lock of a file that was opened with its password."""
    return _named(int(document.encryption.V), int(document.encryption.R), int(document.encryption.bits))


def _named(version: int, revision: int, bits: int) -> tuple[Protection, str]:
    if version >= 5:
        return "password", f"PDF R{revision} AES-256"
    if version == 4:
        return "password", f"PDF R{revision} AES-128"
    return "weak", f"PDF R{revision} RC4-{bits}"


def _say_lock(document: Any, draft: Draft) -> None:
    """A file that opened without a password may still ask not to be changed."""
    if document.is_encrypted and not document.allow.modify_other:
        draft.protect("read-only", f"PDF R{int(document.encryption.R)} permissions")


def _stated_lock(content: bytes) -> tuple[Protection, str]:
    """The lock as the encryption dictionary states it, when it can't be opened (7.6.2, table 20)."""
    at = content.find(b"/Standard")
    dictionary = (
        content[max(0, content.rfind(b"obj", 0, at)) : content.find(b"endobj", at)] if at >= 0 else b""
    )
    version = max((int(value) for value in re.findall(rb"/V\s{0,9}([1-5])\b", dictionary)), default=0)
    revision = max((int(value) for value in re.findall(rb"/R\s{0,9}([2-6])\b", dictionary)), default=0)
    lengths = [int(value) for value in re.findall(rb"/Length\s{0,9}(\d{2,3})\b", dictionary)]
    if not version:
        return "password", "PDF, unknown method"
    if version == 4 and b"/AESV2" not in dictionary:
        return "weak", f"PDF R{revision} RC4-128"
    return _named(version, revision, max((length for length in lengths if 40 <= length <= 128), default=40))
