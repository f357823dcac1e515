"""Encrypts an Office package by the agile scheme: AES-256, SHA-512 ([MS-OFFCRYPTO] 2.3.4.10 to 2.3.4.15).

Guarantees: the file's key is 256 random bits (msoffcrypto-tool 6.1 draws 128 and pads them), each file has
salts of its own, and an HMAC lets the reader see damage. Whoever calls opens the result with another
implementation before it leaves (`verify.py`).
"""

import hashlib
import hmac
import secrets
from base64 import b64encode
from struct import pack

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from milter.attachments.protect.compound import write_compound

SEGMENT = 4096
MOST_ROUNDS = 10_000_000  # 2.3.4.10, spinCount

# Block keys, 2.3.4.11 to 2.3.4.14
VERIFIER_INPUT = bytes.fromhex("fea7d2763b4b9e79")
VERIFIER_VALUE = bytes.fromhex("d7aa0f6d3061344e")
KEY_VALUE = bytes.fromhex("146e0be7abacd0d6")
HMAC_KEY = bytes.fromhex("5fb2ad010cb9e1f6")
HMAC_VALUE = bytes.fromhex("a0677f02b22c8433")

DESCRIPTOR = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
    '<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
    'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
    '<keyData {cipher} saltValue="{data_salt}"/>'
    '<dataIntegrity encryptedHmacKey="{hmac_key}" encryptedHmacValue="{hmac_value}"/>'
    '<keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
    '<p:encryptedKey spinCount="{rounds}" {cipher} saltValue="{salt}" '
    'encryptedVerifierHashInput="{verifier_input}" encryptedVerifierHashValue="{verifier_value}" '
    'encryptedKeyValue="{key_value}"/></keyEncryptor></keyEncryptors></encryption>'
)
CIPHER = (
    'saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" '
    'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512"'
)


def encrypt(package: bytes, password: str, rounds: int) -> bytes:
    """Return `package` as an encrypted document; `rounds` is the spinCount, 1 to 10,000,000."""
    key, salt, data_salt = secrets.token_bytes(32), secrets.token_bytes(16), secrets.token_bytes(16)
    stream = _encrypted_package(package, key, data_salt)
    values = _password_values(password, key, salt, rounds) | _integrity_values(stream, key, data_salt)
    values |= {"salt": salt, "data_salt": data_salt}
    words = {name: b64encode(value).decode() for name, value in values.items()}
    descriptor = DESCRIPTOR.format(cipher=CIPHER, rounds=rounds, **words)
    info = pack("<HHI", 4, 4, 0x40) + descriptor.encode()
    return write_compound(stream, info)


def _encrypted_package(package: bytes, key: bytes, data_salt: bytes) -> bytes:
    """2.3.4.15: the length, then segments of 4,096 bytes, each with a start vector of its number."""
    view = memoryview(package)
    out = [pack("<Q", len(package))]
    for number, at in enumerate(range(0, len(package), SEGMENT)):
        segment = bytes(view[at : at + SEGMENT])
        start = hashlib.sha512(data_salt + pack("<I", number)).digest()[:16]
        out.append(_aes(key, start, segment + bytes(-len(segment) % 16)))
    return b"".join(out)


def _password_values(password: str, key: bytes, salt: bytes, rounds: int) -> dict[str, bytes]:
    """2.3.4.11 to 2.3.4.13: what lets the reader check the password and unwrap the file's key."""
    digest = hashlib.sha512(salt + password.encode("utf-16-le")).digest()
    for number in range(rounds):
        digest = hashlib.sha512(pack("<I", number) + digest).digest()

    def wrapped(block_key: bytes, value: bytes) -> bytes:
        return _aes(hashlib.sha512(digest + block_key).digest()[:32], salt, value)

    verifier = secrets.token_bytes(16)
    return {
        "verifier_input": wrapped(VERIFIER_INPUT, verifier),
        "verifier_value": wrapped(VERIFIER_VALUE, hashlib.sha512(verifier).digest()),
        "key_value": wrapped(KEY_VALUE, key),
    }


def _integrity_values(stream: bytes, key: bytes, data_salt: bytes) -> dict[str, bytes]:
    """2.3.4.14: the HMAC of the whole EncryptedPackage stream and its key, both encrypted."""
    secret = secrets.token_bytes(64)
    value = hmac.digest(secret, stream, "sha512")

    def wrapped(block_key: bytes, plain: bytes) -> bytes:
        return _aes(key, hashlib.sha512(data_salt + block_key).digest()[:16], plain)

    return {"hmac_key": wrapped(HMAC_KEY, secret), "hmac_value": wrapped(HMAC_VALUE, value)}


def _aes(key: bytes, start: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(AES(key), CBC(start)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()
