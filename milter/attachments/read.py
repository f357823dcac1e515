"""Reads one file and every file inside it: all the text it can show, how it is locked, what could not be read.

Pure and in-process; never raises for what a file holds. Bounded by `ReadLimits` in size and count; time and
memory are bounded by the child process that calls it. The list FORMATS is the design: a format is known by
its content (`sniff`), and each has one reader.
"""

from collections.abc import Callable, Sequence

from milter.attachments import sniff
from milter.attachments.draft import Budget, Draft, File, LimitError, LockedError, UnreadableError
from milter.attachments.eml import read_eml
from milter.attachments.html import read_html
from milter.attachments.ooxml import read_ooxml
from milter.attachments.pdf import read_pdf
from milter.attachments.picture import PICTURES, read_picture
from milter.attachments.reading import Reading
from milter.attachments.text import read_text
from milter.attachments.zip import read_zip
from milter.settings import ReadLimits

Reader = Callable[[File, Draft], None]

FORMATS: tuple[tuple[tuple[str, ...], Reader], ...] = (
    (("text", "csv"), read_text),
    (("html",), read_html),
    (("docx", "xlsx", "pptx", "ooxml", "vsdx"), read_ooxml),
    (("pdf",), read_pdf),
    (("zip", "epub"), read_zip),
    (("eml",), read_eml),
    (tuple(sorted(PICTURES)), read_picture),
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
) -> Reading:
    """Read `content` as all that it could be.

    `name` and `declared` (a content type) are what the sender says and are never believed; `words` are
    candidate passwords, tried on locked files. Raises nothing on account of the content.
    """
    budget = Budget(limits or ReadLimits())
    return _read(File(content, name, declared.lower(), path, 0, budget, tuple(words), _read))


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
