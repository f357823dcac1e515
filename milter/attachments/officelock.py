"""Locks of Office files ([MS-OFFCRYPTO]): which one, and the message's words tried on it.

AES (agile, standard) is a lock; RC4 and XOR are 'weak', and so is any lock that opens with the default
password that Office itself tries ('VelvetSweatshop', 2.4.2.3), since every program opens it. A file states how
many rounds its key takes: no more rounds than ROUNDS are spent for one attachment.
"""

import io
import struct
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from milter.attachments import ole
from milter.attachments.agilelock import HASHES, Agile, package
from milter.attachments.draft import Budget, Draft, File, LockedError, UnreadableError
from milter.attachments.reading import Protection

DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105 published, tried by Office on every locked file
ROUNDS = 4_000_000  # of hashing: some three seconds
STANDARD_ROUNDS = 50_000
PACKAGES = ("docx", "xlsx", "pptx")


@dataclass(frozen=True, slots=True)
class Lock:
    """What the encryption header says, and how a word is tried."""

    protection: Protection
    name: str
    rounds: int  # of key derivation for one try
    open: Callable[[str], bytes | None]


def read_locked_package(file: File, draft: Draft) -> None:
    """An Office Open XML package in its encrypted envelope (2.3.4)."""
    suffix = file.suffix()
    draft.format = suffix if suffix in PACKAGES else "ooxml"
    with ole.opened(file.content) as archive:
        info = ole.stream(archive, "EncryptionInfo")
        stream = ole.stream(archive, "EncryptedPackage")
    _open(file, draft, _package_lock(info, stream, file.content))


def read_locked_binary(file: File, draft: Draft, name: str) -> None:
    """A doc, xls or ppt with one of the old locks; all of them are weak."""
    _open(file, draft, Lock("weak", name, 0, lambda word: _by_library(file.content, word)))


def _package_lock(info: bytes, stream: bytes, content: bytes) -> Lock:
    major, minor = struct.unpack_from("<HH", info) if len(info) >= 8 else (0, 0)
    if (major, minor) == (4, 4):
        agile = _agile(info[8:])
        strength: Protection = "password" if agile.cipher == "AES" else "weak"
        name = f"{agile.cipher[:20]}-{agile.bits} (Office agile)"
        return Lock(strength, name, agile.rounds, lambda word: package(agile, stream, word))
    if minor == 2 and major in (2, 3, 4):
        bits = struct.unpack_from("<I", info, 28)[0] if len(info) >= 32 else 128
        name = f"AES-{bits or 128} (Office standard)"
        return Lock("password", name, STANDARD_ROUNDS, lambda word: _by_library(content, word))
    return Lock("password", "Office, unknown method", ROUNDS + 1, lambda _: None)


def _agile(descriptor: bytes) -> Agile:
    """The descriptor's values; what is missing or odd comes out as a lock that no word opens."""
    from lxml import etree

    try:
        root = etree.fromstring(
            descriptor.rstrip(b"\0"), etree.XMLParser(resolve_entities=False, no_network=True)
        )
    except etree.XMLSyntaxError as fault:
        raise UnreadableError("the locked file is damaged") from fault
    data = next(root.iter("{*}keyData"), root)
    key = next(root.iter("{*}encryptedKey"), root)
    return Agile(
        cipher=key.get("cipherAlgorithm", data.get("cipherAlgorithm", "")),
        bits=_whole(key.get("keyBits", "")),
        rounds=_whole(key.get("spinCount", "")),
        hash=HASHES.get(key.get("hashAlgorithm", ""), ""),
        salt=_octets(key.get("saltValue", "")),
        verifier_input=_octets(key.get("encryptedVerifierHashInput", "")),
        verifier_value=_octets(key.get("encryptedVerifierHashValue", "")),
        key_value=_octets(key.get("encryptedKeyValue", "")),
        data_hash=HASHES.get(data.get("hashAlgorithm", ""), ""),
        data_salt=_octets(data.get("saltValue", "")),
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else ROUNDS + 1


def _octets(text: str) -> bytes:
    try:
        return b64decode(text)
    except ValueError:
        return b""


def _open(file: File, draft: Draft, lock: Lock) -> None:
    draft.protect(lock.protection, lock.name)
    for number, word in enumerate((DEFAULT_PASSWORD, *file.words)):
        if not _may_try(file.budget, lock, free=number == 0):
            break
        content = lock.open(word)
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


def _by_library(content: bytes, word: str) -> bytes | None:
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
    except Exception:  # its own errors, and any other on a damaged header or for a wrong word
        return None
    return out.getvalue()
