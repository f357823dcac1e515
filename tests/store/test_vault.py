"""The key file and what is sealed with it."""

import stat
from pathlib import Path

import pytest

from milter.errors import StoreError
from milter.store.vault import Vault, open_vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_vault(tmp_path / "key", may_make=True)


def test_key_file_is_made_once_and_private(tmp_path: Path):
    """The first start makes the key file, readable by its owner alone; the next one uses it."""
    file = tmp_path / "var" / "key"
    sealed = open_vault(file, may_make=True).seal("content", "here", b"secret")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["key"]
    assert open_vault(file, may_make=True).open("content", "here", sealed) == b"secret"


def test_missing_key_file_is_never_made_anew(tmp_path: Path):
    """A store that was written with a key file refuses to go on without it, and makes none."""
    file = tmp_path / "key"
    with pytest.raises(StoreError, match="backup"):
        open_vault(file, may_make=False)
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o602])
def test_key_file_open_to_others_is_refused(tmp_path: Path, mode: int):
    """A key that others may have read, or may change, is not used."""
    file = tmp_path / "key"
    open_vault(file, may_make=True)
    file.chmod(mode)
    with pytest.raises(StoreError, match="chmod 600"):
        open_vault(file, may_make=True)


@pytest.mark.parametrize(
    "text", ["", "sealgate-key-1 ", "sealgate-key-1 !!!!", "other AAAA", "sealgate-key-1 QUJD"]
)
def test_damaged_key_file_is_refused(tmp_path: Path, text: str):
    """A file that holds no whole key is an error, not a weak key."""
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(StoreError, match="damaged"):
        open_vault(file, may_make=True)


def test_sealed_value_opens_only_where_it_was_sealed(vault: Vault):
    """A sealed value moved to another row, or used for another purpose, does not open."""
    sealed = vault.seal("password", "shares/a", b"secret")
    assert vault.open("password", "shares/a", sealed) == b"secret"
    for purpose, place in (("password", "shares/b"), ("content", "shares/a")):
        with pytest.raises(StoreError):
            vault.open(purpose, place, sealed)


@pytest.mark.parametrize("octet", [0, 1, 12, 13, -1])
def test_changed_value_does_not_open(vault: Vault, octet: int):
    """One bit changed anywhere in a sealed value shows."""
    sealed = bytearray(vault.seal("content", "here", b"secret"))
    sealed[octet] ^= 1
    with pytest.raises(StoreError):
        vault.open("content", "here", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + b"0" * 12])
def test_cut_value_does_not_open(vault: Vault, sealed: bytes):
    """A value too short to be sealed is an error of the store."""
    with pytest.raises(StoreError):
        vault.open("content", "here", sealed)


def test_sealing_twice_gives_two_ciphertexts(vault: Vault):
    """Equal values can't be told by their ciphertext."""
    assert vault.seal("content", "here", b"same") != vault.seal("content", "here", b"same")


def test_digest_is_keyed_and_parts_do_not_run_together(vault: Vault, tmp_path: Path):
    """A digest depends on key, purpose and where one part ends."""
    assert vault.digest("learnt", "ab", "c") == vault.digest("learnt", "ab", b"c")
    others = [
        vault.digest("learnt", "a", "bc"),
        vault.digest("learnt", "abc"),
        vault.digest("token", "ab", "c"),
        open_vault(tmp_path / "other", may_make=True).digest("learnt", "ab", "c"),
    ]
    assert vault.digest("learnt", "ab", "c") not in others
