"""Locks of Office files (MS-OFFCRYPTO): which one, and the message's words tried on it.

AES (agile, standard) is a lock; RC4 and XOR are 'weak', and so is any lock that opens with the default
password that Office itself tries ('VelvetSweatshop', MS-OFFCRYPTO 2.4.2.3), since every program opens it. A
file states how many rounds its key takes: no more rounds are spent than ROUNDS for one attachment.
"""

import io
import struct
from dataclasses import dataclass, replace
from typing import Any

from milter.attachments import ole
from milter.attachments.draft import Budget, Draft, File, LockedError, UnreadableError
from milter.attachments.reading import Protection

DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105 published, tried by Office on every locked file
ROUNDS = 4_000_000  # of hashing, some three seconds
STANDARD_ROUNDS = 50_000
PACKAGES = ("docx", "xlsx", "pptx")


@dataclass(frozen=True, slots=True)
class Lock:
    """What the encryption header says."""

    protection: Protection
    name: str
    rounds: int  # of key derivation for one try


def read_locked_package(file: File, draft: Draft) -> None:
    """An Office Open XML package in its encrypted envelope (MS-OFFCRYPTO 2.3.4)."""
    with ole.opened(file.content) as archive:
        lock = _package_lock(ole.stream(archive, "EncryptionInfo"))
    suffix = file.suffix()
    draft.format = suffix if suffix in PACKAGES else "ooxml"
    _open(file, draft, lock)


def read_locked_binary(file: File, draft: Draft, name: str) -> None:
    """A doc, xls or ppt with one of the old locks; all of them are weak."""
    _open(file, draft, Lock("weak", name, 0))


def _package_lock(info: bytes) -> Lock:
    major, minor = struct.unpack_from("<HH", info) if len(info) >= 8 else (0, 0)
    if (major, minor) == (4, 4):
        return _agile(info[8:])
    if minor == 2 and major in (2, 3, 4):
        bits = struct.unpack_from("<I", info, 12 + 16)[0] if len(info) >= 32 else 128
        return Lock("password", f"AES-{bits or 128} (Office standard)", STANDARD_ROUNDS)
    return Lock("password", "Office, unknown method", ROUNDS)


def _agile(descriptor: bytes) -> Lock:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(descriptor.rstrip(b"\0"), parser)
    except etree.XMLSyntaxError as fault:
        raise UnreadableError("the locked file is damaged") from fault
    data = next(root.iter("{*}keyData"), None)
    key = next(root.iter("{*}encryptedKey"), None)
    cipher = data.get("cipherAlgorithm", "AES") if data is not None else "AES"
    bits = data.get("keyBits", "") if data is not None else ""
    spin = key.get("spinCount", "0") if key is not None else "0"
    strong = cipher == "AES"
    return Lock(
        "password" if strong else "weak",
        f"{cipher[:20]}-{bits[:5]} (Office agile)",
        int(spin) if spin.isdigit() and len(spin) < 12 else ROUNDS,
    )


def _open(file: File, draft: Draft, lock: Lock) -> None:
    draft.protect(lock.protection, lock.name)
    for number, word in enumerate((DEFAULT_PASSWORD, *file.words)):
        if not _may_try(file.budget, lock, free=number == 0):
            break
        content = _decrypted(file.content, word)
        if content is None:
            continue
        if number == 0:
            draft.protection, draft.lock = "weak", f"{lock.name}, published default password"
        else:
            draft.note("opened-with-message-word")
        draft.absorb(file.inner(replace(file, content=content, depth=file.depth + 1)))
        return
    raise LockedError("needs a password")


def _may_try(budget: Budget, lock: Lock, *, free: bool) -> bool:
    cost = max(1, lock.rounds)
    if budget.rounds + cost > ROUNDS or (budget.tries >= budget.limits.password_tries and not free):
        return False
    budget.rounds += cost
    budget.tries += not free
    return True


def _decrypted(content: bytes, word: str) -> bytes | None:
    """The content under the lock; None where the word does not open it."""
    import msoffcrypto

    out = io.BytesIO()
    try:
        office: Any = msoffcrypto.OfficeFile(io.BytesIO(content))
        if office.format == "ooxml":
            office.load_key(password=word, verify_password=True)
        else:
            office.load_key(password=word)
        office.decrypt(out)
    except MemoryError:
        raise
    except (
        Exception
    ):  # msoffcrypto raises its own errors, and any other on a damaged header; a wrong word too
        return None
    return out.getvalue()
