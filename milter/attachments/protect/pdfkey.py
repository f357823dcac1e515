"""The file key of a PDF locked as R6, from its password (ISO 32000-2, 7.6.4.3.3 and 7.6.4.3.4): to check qpdf by.

Guarantees: a key is given only where the password is the one that opens the file; any other password, the empty
one too, gives none. Refuses (None) a file whose dictionary of encryption does not stand as qpdf writes it.
"""

import hashlib
import hmac
import re

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_USER = re.compile(rb"/U <([0-9a-f]{96})>", re.IGNORECASE)
_USER_KEY = re.compile(rb"/UE <([0-9a-f]{64})>", re.IGNORECASE)
_LEAST_ROUNDS = 64
_HASHES = (hashlib.sha256, hashlib.sha384, hashlib.sha512)


def file_key(locked: bytes, password: bytes) -> bytes | None:
    """The key that decrypts the file's strings and streams; None where the user's password is another."""
    user, wrapped = _USER.findall(locked), _USER_KEY.findall(locked)
    if len(user) != 1 or len(wrapped) != 1 or not password:
        return None
    values = bytes.fromhex(user[0].decode())
    check, check_salt, key_salt = values[:32], values[32:40], values[40:48]
    if not hmac.compare_digest(_hash(password, check_salt), check):
        return None
    decryptor = Cipher(AES(_hash(password, key_salt)), CBC(bytes(16))).decryptor()
    return decryptor.update(bytes.fromhex(wrapped[0].decode())) + decryptor.finalize()


def _hash(password: bytes, salt: bytes) -> bytes:
    """Algorithm 2.B: rounds of AES-128 whose outcome chooses the next hash, until the last octet says enough."""
    key = hashlib.sha256(password + salt).digest()
    number = 0
    while True:
        encryptor = Cipher(AES(key[:16]), CBC(key[16:32])).encryptor()
        mixed = encryptor.update((password + key) * 64)
        key = _HASHES[sum(mixed[:16]) % 3](mixed).digest()
        number += 1
        if number >= _LEAST_ROUNDS and mixed[-1] <= number - 32:
            return key[:32]
