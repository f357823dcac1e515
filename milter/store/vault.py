"""Encryption at rest (law 8): what the store keeps of content, summaries and passwords is sealed here.

One key file, made on first start, holds 32 random octets; a key for each purpose is derived from it by HKDF
(RFC 5869). Sealing is AES-256-GCM (NIST SP 800-38D) with a random nonce, bound to the place that it is kept
in, so that a sealed value moved to another row does not open. Digests are HMAC-SHA256 under keys of their
own, so that a copy of the store without the key file can't be searched by guessing.

Guarantees: a key file is made whole or not at all, is readable by its owner alone, and is never replaced.
Refuses a key file that others can read, and a damaged one.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from milter.errors import StoreError

_HEADER = "sealgate-key-1"
_FORM = b"\x01"  # first octet of a sealed value: AES-256-GCM, 12 octets of nonce
_NONCE = 12


class Vault:
    """The keys of one store. Purposes are literal names such as 'content', 'password', 'audit'."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._key = cache(self._derive)

    def _derive(self, purpose: str) -> bytes:
        expand = HKDFExpand(algorithm=hashes.SHA256(), length=32, info=b"sealgate 1 " + purpose.encode())
        return expand.derive(self._root)

    def seal(self, purpose: str, place: str, clear: bytes) -> bytes:
        """Encrypt a value for the place it is kept in, such as 'shares/SG-...'."""
        nonce = os.urandom(_NONCE)
        return _FORM + nonce + AESGCM(self._key(purpose)).encrypt(nonce, clear, place.encode())

    def open(self, purpose: str, place: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` gave. StoreError where it was changed, moved, or made with another key."""
        if sealed[:1] != _FORM:
            raise StoreError("A sealed value in the store has an unknown form; it was changed or is too new.")
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return AESGCM(self._key(purpose)).decrypt(nonce, rest, place.encode())
        except (InvalidTag, ValueError) as error:
            raise StoreError("A sealed value in the store does not open; it was changed or moved.") from error

    def digest(self, purpose: str, *parts: str | bytes) -> str:
        """Give the keyed digest of one or more parts as 64 hexadecimal digits; parts never run together."""
        mac = hmac.new(self._key("digest " + purpose), digestmod=hashlib.sha256)
        for part in parts:
            octets = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
            mac.update(len(octets).to_bytes(8, "big"))
            mac.update(octets)
        return mac.hexdigest()


def open_vault(key_file: Path, *, may_make: bool) -> Vault:
    """Read the key file, or make it where it is missing and `may_make` says that nothing is sealed yet.

    StoreError where it can't be read, is damaged, is open to others, or is missing beside an existing store.
    """
    try:
        return _read(key_file)
    except FileNotFoundError as error:
        if not may_make:
            words = (
                f"The key file {key_file} is missing, but the store was written with one. "
                "Put it back from the backup, or copy it from another node; without it nothing sealed opens."
            )
            raise StoreError(words) from error
    except OSError as error:
        words = f"The key file {key_file} can't be read: {error.strerror}."
        raise StoreError(words) from error
    try:
        _make(key_file)
        return _read(key_file)
    except OSError as error:
        words = f"The key file {key_file} can't be made: {error.strerror}."
        raise StoreError(words) from error


def _read(key_file: Path) -> Vault:
    with key_file.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        text = file.read(200).decode("ascii", "replace")
    if mode & 0o027:
        words = f"The key file {key_file} is open to others; run: chmod 600 {key_file}"
        raise StoreError(words)
    name, _, encoded = text.strip().partition(" ")
    try:
        root = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        root = b""
    if name != _HEADER or len(root) != 32:
        words = f"The key file {key_file} is damaged; put it back from the backup."
        raise StoreError(words)
    return Vault(root)


def _make(key_file: Path) -> None:
    """Write a fresh key under a name of its own, then link it into place: whole, durable, first one wins."""
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = key_file.with_name(f"{key_file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{_HEADER} {base64.b64encode(secrets.token_bytes(32)).decode()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process of the same start was quicker
            os.link(draft, key_file)
    finally:
        draft.unlink()
    folder = os.open(key_file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
