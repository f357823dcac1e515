"""OLE compound files (MS-CFB): told apart by the streams at their root."""

import io
from typing import Any

from milter.attachments.draft import UnreadableError

KINDS = (
    ("encryptedpackage", "locked-office"),
    ("worddocument", "doc"),
    ("workbook", "xls"),
    ("book", "xls"),
    ("powerpoint document", "ppt"),
    ("__properties_version1.0", "msg"),
    ("visiodocument", "vsd"),
)


def opened(content: bytes) -> Any:
    """The file, opened by olefile. Raises UnreadableError where it is damaged."""
    import olefile

    try:
        return olefile.OleFileIO(io.BytesIO(content))
    except Exception as fault:  # olefile raises OSError, struct.error, IndexError and more on damaged files
        raise UnreadableError("the file is damaged") from fault


def kind_of(content: bytes) -> str:
    """The format that its root streams show; 'ole' for others."""
    try:
        with opened(content) as archive:
            roots = {path[0].lower() for path in archive.listdir()}
    except UnreadableError:
        return "ole"
    for stream, kind in KINDS:
        if stream in roots:
            return kind
    return "ole"
