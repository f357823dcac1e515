"""What our encryption writes, another implementation opens; nobody opens it without the password."""

import io
import re

import msoffcrypto
import olefile
import pytest
from msoffcrypto.exceptions import InvalidKeyError
from msoffcrypto.method.ecma376_agile import ECMA376Agile

from milter.attachments.protect import agile

from .documents import PASSWORD, package

ROUNDS = 100  # few, so that the tests are quick; the scheme is the same


def document(size: int) -> bytes:
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return package({"[Content_Types].xml": types, "x": bytes(size)}, method=0)


def decrypted(locked: bytes, password: str) -> bytes:
    opened = msoffcrypto.OfficeFile(io.BytesIO(locked))
    opened.load_key(password=password, verify_password=True)
    out = io.BytesIO()
    opened.decrypt(out, verify_integrity=True)
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, 3500, 3760, 3770, 3780, 3790, 4000, 4096, 8192, 100_000])
def test_documents_of_every_size_open_with_the_password(size: int) -> None:
    """Small documents too, which the library's own writer makes unreadable (pitfall 40)."""
    plain = document(size)
    assert decrypted(agile.encrypt(plain, PASSWORD, ROUNDS), PASSWORD) == plain


def test_wrong_password_is_refused() -> None:
    """The verifier tells a wrong password before anything is opened."""
    locked = agile.encrypt(document(10), PASSWORD, ROUNDS)
    with pytest.raises(InvalidKeyError):
        decrypted(locked, PASSWORD + "x")


def test_damage_is_seen() -> None:
    """The integrity value covers the encrypted package: one turned bit is refused."""
    locked = bytearray(agile.encrypt(document(100_000), PASSWORD, ROUNDS))
    locked[len(locked) // 2] ^= 1
    with pytest.raises(InvalidKeyError):
        decrypted(bytes(locked), PASSWORD)


def test_descriptor_says_aes_256_sha_512_and_the_rounds() -> None:
    """What is promised to the register is what the file says of itself."""
    with olefile.OleFileIO(io.BytesIO(agile.encrypt(document(10), PASSWORD, 4321))) as container:
        info = container.openstream("EncryptionInfo").read()
    assert info[:8] == bytes.fromhex("0400040040000000")  # version 4.4, agile
    text = info[8:].decode()
    assert text.count('keyBits="256"') == 2
    assert text.count('hashAlgorithm="SHA512"') == 2
    assert text.count('cipherChaining="ChainingModeCBC"') == 2
    assert 'spinCount="4321"' in text


def test_key_of_the_file_is_256_random_bits() -> None:
    """No half of the key is a constant, and two encryptions share none."""
    keys = []
    for _ in range(2):
        locked = agile.encrypt(document(10), PASSWORD, ROUNDS)
        opened = msoffcrypto.OfficeFile(io.BytesIO(locked))
        opened.load_key(password=PASSWORD)
        keys.append(opened.secret_key)
    assert [len(key) for key in keys] == [32, 32]
    assert keys[0][:16] != keys[1][:16]
    assert keys[0][16:] != keys[1][16:]


def test_every_salt_is_fresh() -> None:
    """Two encryptions of the same document under the same password have nothing in common."""
    salts = [
        salt
        for _ in range(2)
        for salt in re.findall(rb'saltValue="([^"]+)"', agile.encrypt(document(10), PASSWORD, ROUNDS))
    ]
    assert len(set(salts)) == 4


def test_key_derivation_is_the_standard_one() -> None:
    """Another implementation derives the same key from password, salt and rounds ([MS-OFFCRYPTO] 2.3.4.11)."""
    key, salt = bytes(range(32)), bytes(range(16))
    values = agile._password_values("p\u00e4ss", key, salt, 77)
    found = ECMA376Agile.makekey_from_password("p\u00e4ss", salt, "SHA512", values["key_value"], 77, 256)
    assert found == key
