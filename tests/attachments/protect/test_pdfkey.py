"""The key of a locked PDF, derived a second way."""

import io

import pikepdf
import pytest

from milter.attachments.protect.pdfkey import file_key
from tests.attachments import making

PASSWORD = "acorn-velvet-tunnel-river-onion-maple"


def locked(password: str = PASSWORD, revision: int = 6) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(making.pdf())) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="another", user=password, R=revision))
    return out.getvalue()


def test_the_key_opens_the_file() -> None:
    """What is derived here from the password is what qpdf derives."""
    content = locked()
    key = file_key(content, PASSWORD.encode())
    assert key is not None
    with pikepdf.open(io.BytesIO(content), password=PASSWORD) as document:
        assert document.encryption.encryption_key == key
    with pikepdf.open(io.BytesIO(content), password=key.hex(), hex_password=True) as document:
        assert len(document.pages) > 0


@pytest.mark.parametrize("password", ["", "another", "acorn", PASSWORD + " "])
def test_no_other_password_gives_a_key(password: str) -> None:
    """Neither none at all, nor the owner's, nor one that is nearly right."""
    assert file_key(locked(), password.encode()) is None


def test_a_file_without_a_lock_or_with_an_older_one_gives_no_key() -> None:
    """What is not R6 is not taken for it."""
    assert file_key(making.pdf(), PASSWORD.encode()) is None
    assert file_key(locked(revision=4), PASSWORD.encode()) is None
    assert file_key(locked() + b"/U <" + b"0" * 96 + b">", PASSWORD.encode()) is None
