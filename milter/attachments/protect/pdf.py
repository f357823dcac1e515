"""Protects a PDF in its own format: AES-256 (R6, ISO 32000-2 7.6.4), opening password, no modification.

Guarantees: every object of the document is as it was. 'No modification' is advice that any tool may ignore
(pitfall 7); the opening password is the protection, and the owner's password is thrown away.
Refuses (CannotEdit) signed documents, and damaged ones, which would have to be mended: they go into a zip.
What an earlier revision left behind in the file, and no page or catalogue refers to, is dropped.
"""

import io
import secrets
from typing import TYPE_CHECKING

from milter.attachments.protect import verify
from milter.attachments.protect.errors import CannotEdit

if TYPE_CHECKING:
    import pikepdf

LOCK = "AES-256 (PDF R6)"


def protect_pdf(content: bytes, password: str) -> bytes:
    """Return the document encrypted; CannotEdit, or NotTheSame where it does not open again."""
    import pikepdf

    if b"/ByteRange" in content:  # a signature's own offsets can't be inside a compressed object
        raise CannotEdit("it is signed, and an edit would break the signature")
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as document:
            if "/Perms" in document.Root:
                raise CannotEdit("it is certified, and an edit would break the certificate")
            encryption = pikepdf.Encryption(
                owner=secrets.token_urlsafe(24), user=password, R=6, allow=_allowed(document)
            )
            document.save(
                out,
                encryption=encryption,
                fix_metadata_version=False,
                compress_streams=False,  # what was compressed stays as it is
                object_stream_mode=pikepdf.ObjectStreamMode.preserve,
            )
            if document.get_warnings():
                raise CannotEdit("it is damaged")  # saving would mend it, each program in its own way
    except pikepdf.PasswordError as error:
        raise CannotEdit("it is locked already") from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise CannotEdit("it is damaged") from error
    verify.pdf(out.getvalue(), password, content)
    return out.getvalue()


def _allowed(document: "pikepdf.Pdf") -> "pikepdf.Permissions":
    """Return what the sender's own document allowed, less every kind of modification."""
    return document.allow._replace(
        modify_annotation=False, modify_assembly=False, modify_form=False, modify_other=False
    )
