"""Reads one file and every file inside it: all the text it can show, how it is locked, what could not be read.

Pure and in-process; never raises for what a file holds. Bounded by `ReadLimits` in size and count; time and
memory are bounded by the child process that calls it. The list FORMATS is the design: a format is known by
its content (`sniff`), and each has one reader.
"""

import logging
from collections.abc import Callable, Sequence

from milter.attachments import sniff
from milter.attachments.archive import read_7z, read_packed, read_rar, read_tar
from milter.attachments.doc import read_doc
from milter.attachments.draft import Budget, Draft, File, LimitError, LockedError, Shared, UnreadableError
from milter.attachments.eml import read_eml, read_mbox
from milter.attachments.html import read_html
from milter.attachments.msg import read_msg
from milter.attachments.odf import read_odf
from milter.attachments.officelock import read_locked_package
from milter.attachments.ooxml import read_ooxml
from milter.attachments.others import NAMES, read_none, read_ole, read_xlsb
from milter.attachments.pdf import read_pdf
from milter.attachments.picture import PICTURES, read_picture
from milter.attachments.plainforms import read_lines, read_xml
from milter.attachments.ppt import read_ppt
from milter.attachments.reading import Reading
from milter.attachments.rtf import read_rtf
from milter.attachments.sealed import read_pgp, read_pgp_packets, read_pkcs7
from milter.attachments.sqlite import read_sqlite
from milter.attachments.text import read_text
from milter.attachments.tnef import read_tnef
from milter.attachments.xls import read_xls
from milter.attachments.zip import read_zip
from milter.settings import ReadLimits

# Libraries log what is odd in a file; a reading says so, and logs stay free of what was read (law 8).
for library in ("pikepdf", "olefile", "pypdfium2", "msoffcrypto", "py7zr"):
    logging.getLogger(library).setLevel(logging.CRITICAL + 1)

Reader = Callable[[File, Draft], None]

FORMATS: tuple[tuple[tuple[str, ...], Reader], ...] = (
    (("text", "csv"), read_text),
    (("html",), read_html),
    (("xml", "svg"), read_xml),
    (("calendar", "vcard"), read_lines),
    (("eml",), read_eml),
    (("mbox",), read_mbox),
    (("msg",), read_msg),
    (("tnef",), read_tnef),
    (("docx", "xlsx", "pptx", "ooxml", "vsdx"), read_ooxml),
    (("locked-office",), read_locked_package),
    (("odt", "ods", "odp", "odg"), read_odf),
    (("doc",), read_doc),
    (("xls",), read_xls),
    (("xlsb",), read_xlsb),
    (("ppt",), read_ppt),
    (("rtf",), read_rtf),
    (("ole",), read_ole),
    (("pdf",), read_pdf),
    (("zip", "epub"), read_zip),
    (("7z",), read_7z),
    (("rar",), read_rar),
    (("tar",), read_tar),
    (("gz", "bz2", "xz", "zst"), read_packed),
    (("sqlite",), read_sqlite),
    (("pkcs7",), read_pkcs7),
    (("pgp",), read_pgp),
    (("pgp-packets",), read_pgp_packets),
    (tuple(sorted(PICTURES)), read_picture),
    (tuple(NAMES), read_none),
)
READERS: dict[str, Reader] = {format_: reader for formats, reader in FORMATS for format_ in formats}


def read(
    content: bytes,
    *,
    name: str = "",
    declared: str = "",
    path: str = "1",
    limits: ReadLimits | None = None,
    words: Sequence[str] = (),
    shared: Shared | None = None,
) -> Reading:
    """Read `content` as all that it could be.

    `name` and `declared` (a content type) are what the sender says and are never believed; `words` are
    candidate passwords, tried on locked files; `shared` is what the message's other attachments have spent. Raises
    nothing on account of the content.
    """
    budget = Budget(limits or ReadLimits(), shared=shared or Shared())
    return _read(File(content, name, declared.lower(), path, 0, budget, words, _read))


def _read(file: File) -> Reading:
    draft = Draft(file)
    if not file.content:
        return draft.finish("empty")
    if file.depth > file.budget.limits.depth:
        draft.fail("limit", f"files lie more than {file.budget.limits.depth} deep in one another")
        return draft.finish("unknown")
    formats = sniff.formats(file.content, file.name, file.declared)
    for format_ in formats:
        _fill(format_, file, draft)
    if len(formats) > 1:
        draft.note("polyglot")
    if sniff.lies(formats, file.name, file.declared):
        draft.note("type-mismatch")
    return draft.finish(formats[0])


def _fill(format_: str, file: File, draft: Draft) -> None:
    """Run one reader; whatever a library raises on hostile bytes ends here, as a status."""
    try:
        READERS.get(format_, _unknown)(file, draft)
    except LimitError as limit:
        draft.fail("limit", str(limit))
    except LockedError as locked:
        draft.fail("locked", str(locked))
    except UnreadableError as fault:
        draft.fail("unreadable", str(fault))
    except MemoryError:
        draft.fail("limit", "needs more memory than is allowed")
    except RecursionError:
        draft.fail("limit", "is nested too deeply")
    except Exception:  # a worker's edge: parsers of hostile input raise anything
        draft.fail("unreadable", f"the {format_} file is damaged")


def _unknown(file: File, draft: Draft) -> None:
    draft.note("unknown-format")
    raise UnreadableError(f"nothing here reads this kind of file ({sniff.describe(file.content)})")
