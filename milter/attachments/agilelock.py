"""Opens agile-encrypted Office packages with a password ([MS-OFFCRYPTO] 2.3.4.10 to 2.3.4.15).

One key derivation a try, where msoffcrypto-tool takes two; and keys longer than their hash, which it lacks.
"""

import hashlib
from dataclasses import dataclass
from struct import pack, unpack_from

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

SEGMENT = 4096
VERIFIER_INPUT = bytes.fromhex("fea7d2763b4b9e79")
VERIFIER_VALUE = bytes.fromhex("d7aa0f6d3061344e")
KEY_VALUE = bytes.fromhex("146e0be7abacd0d6")
HASHES = {"SHA1": "sha1", "SHA-1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}


@dataclass(frozen=True, slots=True)
class Agile:
    """What the descriptor says; every value is the file's own claim."""

    cipher: str
    bits: int
    rounds: int
    hash: str  # of the password's key, by hashlib's name; '' where it is not known
    salt: bytes
    verifier_input: bytes
    verifier_value: bytes
    key_value: bytes
    data_hash: str
    data_salt: bytes


def package(lock: Agile, stream: bytes, word: str) -> bytes | None:
    """The package under the lock; None where the word does not open it."""
    if lock.cipher != "AES" or not lock.hash or not lock.data_hash or lock.bits not in (128, 192, 256):
        return None
    try:
        key = _key(lock, word)
        return _segments(lock, stream, key) if key is not None else None
    except ValueError:  # lengths that no AES takes
        return None


def _key(lock: Agile, word: str) -> bytes | None:
    digest = hashlib.new(lock.hash, lock.salt + word.encode("utf-16-le", "surrogatepass")).digest()
    make = getattr(hashlib, lock.hash)
    for number in range(lock.rounds):
        digest = make(pack("<I", number) + digest).digest()

    def unwrapped(block_key: bytes, value: bytes) -> bytes:
        key = make(digest + block_key).digest().ljust(lock.bits // 8, b"\x36")[: lock.bits // 8]
        return _aes(key, lock.salt[:16].ljust(16, b"\x36"), value)

    verifier = unwrapped(VERIFIER_INPUT, lock.verifier_input)[: len(lock.salt)]
    expected = make(verifier).digest()
    if unwrapped(VERIFIER_VALUE, lock.verifier_value)[: len(expected)] != expected:
        return None
    return unwrapped(KEY_VALUE, lock.key_value)[: lock.bits // 8]


def _segments(lock: Agile, stream: bytes, key: bytes) -> bytes:
    """2.3.4.15: the length, then segments of 4,096 bytes, each with a start vector of its number."""
    size = unpack_from("<Q", stream.ljust(8, b"\0"))[0]
    make = getattr(hashlib, lock.data_hash)
    pieces: list[bytes] = []
    for number, at in enumerate(range(8, len(stream), SEGMENT)):
        segment = stream[at : at + SEGMENT]
        segment = segment[: len(segment) // 16 * 16]
        start = make(lock.data_salt + pack("<I", number)).digest()[:16].ljust(16, b"\x36")
        pieces.append(_aes(key, start, segment))
    return b"".join(pieces)[:size]


def _aes(key: bytes, start: bytes, content: bytes) -> bytes:
    decryptor = Cipher(AES(key), CBC(start)).decryptor()
    return decryptor.update(content) + decryptor.finalize()
