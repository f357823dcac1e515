"""Plain text in whatever encoding, and tables of separated values.

Text is kept as it stands, so that offsets in it are the file's; a long one comes in pieces. A table keeps its length as
well: each separator becomes a tab, each quote and each line end inside a cell a space.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise

from milter.attachments.draft import Draft, File
from milter.attachments.links import note_links
from milter.message.text import decode_text
from milter.message.transfer import embedded

QUOTED = re.compile(r'"[^"]*"?')
BREAK = re.compile(r"[\r\n\t]")
CELL_BREAKS = str.maketrans("\r\n\t", "   ")
ESCAPE = re.compile(
    r"\\u(00[2-9a-fA-F][0-9a-fA-F])"
)  # of printable Latin letters, as JSON writes them (RFC 8259)
PIECE_BYTES = 1 << 20  # of a long text that are read at a time
MOST_LINES = 200  # in which a quoted cell must have ended
SEPARATORS = ("\t", ";", "|", ",")


def charset_of(declared: str) -> str:
    """The charset parameter of a content type; '' where there is none."""
    _, found, rest = declared.lower().partition("charset=")
    return rest.split(";")[0].strip(" \"'\t") if found else ""


def read_text(file: File, draft: Draft) -> None:
    """Take the whole file as one text, in pieces where it is long."""
    pieces = text_pieces(file.content, charset_of(file.declared))
    first = next(pieces, "")
    separator = separator_of(first, file)
    escaped: list[str] = []

    def said() -> Iterator[str]:
        for text in chain((first,), pieces):
            note_links(text, draft)
            if ESCAPE.search(text):
                escaped.append(ESCAPE.sub(lambda found: chr(int(found[1], 16)), text))
            yield as_table(text, separator) if separator else text

    draft.say_pieces("table" if separator else "text", said(), table=bool(separator), exact=True)
    for text in escaped:
        draft.say("text, its escapes undone", text)
    for packed in embedded(file.content):
        file.budget.unpack(len(packed.octets))
        draft.member(decode_text(packed.name), packed.octets)


def text_pieces(content: bytes, charset: str) -> Iterator[str]:
    """The text in pieces that end with a line: one smiling face makes the whole of its piece four times as wide.

    Only where octets of a line end are nothing else, and no quoted cell is cut; else, and where it is short, in one.
    """
    cuts = _cuts(content) if _line_by_line(content, charset) else []
    if len(cuts) < 3:
        yield decode_text(content, charset)
        return
    spans = [(low, high) for low, high in pairwise(cuts)]
    codec = "utf-8" if all(_is_utf8(content[low:high]) for low, high in spans) else "cp1252"
    for low, high in spans:
        yield decode_text(content[low:high], codec)


def _line_by_line(content: bytes, charset: str) -> bool:
    plain = charset in ("", "utf-8", "us-ascii", "ascii") and b"\0" not in content[:4096]
    return len(content) > 2 * PIECE_BYTES and plain and not content.startswith((b"\xff\xfe", b"\xfe\xff"))


def _cuts(content: bytes) -> list[int]:
    """Where to cut, start and end among them; nowhere else where a line or a quoted cell has no end."""
    cuts = [0]
    while len(content) - cuts[-1] > 2 * PIECE_BYTES:
        at = cuts[-1] + PIECE_BYTES
        for _ in range(MOST_LINES):
            at = content.find(b"\n", at) + 1
            if not at or content.count(b'"', cuts[-1], at) % 2 == 0:
                break
        if not at or content.count(b'"', cuts[-1], at) % 2:
            return []
        cuts.append(at)
    return [*cuts, len(content)]


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def separator_of(text: str, file: File) -> str:
    """The character that parts cells, where the text is a table; else ''."""
    lines = [line for line in text[:65536].splitlines() if line.strip()][:30]
    named = file.suffix() in ("csv", "tsv") or "csv" in file.declared or "tab-separated" in file.declared
    if not lines or (len(lines) < 3 and not named):
        return ""
    bare = [QUOTED.sub("", line) for line in lines]
    if (
        named and len(lines) > 2
    ):  # a title line may stand above: the separator that parts the most lines alike
        return max(SEPARATORS, key=lambda separator: _agreeing(bare, separator))
    for separator in SEPARATORS:
        counts = [line.count(separator) for line in bare]
        least = 2 if separator == "," and not named else 1
        if counts[0] >= least and (named or (counts.count(counts[0]) >= 0.9 * len(counts))):
            return separator
    return "," if named else ""


def _agreeing(lines: list[str], separator: str) -> int:
    """How many lines a separator parts into the same number of cells."""
    counts = Counter(line.count(separator) for line in lines if separator in line)
    return max(counts.values(), default=0)


def as_table(text: str, separator: str) -> str:
    """The table as tab-parted lines, no character longer or shorter than the text it came from."""
    if '"' not in text:
        return _part(text, separator)
    quoted = _quoted(separator)
    pieces: list[str] = []
    end = 0
    for match in quoted.finditer(text):
        start, after = match.span()
        pieces += (_part(text[end:start], separator), _unquote(match[0]))
        end = after
    pieces.append(_part(text[end:], separator))
    return "".join(pieces)


@lru_cache(maxsize=8)
def _quoted(separator: str) -> re.Pattern[str]:
    """A quoted cell from its separator to the next (RFC 4180 section 2); a quote inside a cell is itself."""
    edge = f"[{re.escape(separator)}\r\n]"
    return re.compile(rf'(?:\A|(?<={edge}))"[^"]*(?:""[^"]*)*"(?={edge}|\Z)')


def _part(text: str, separator: str) -> str:
    return text if separator == "\t" else text.replace("\t", " ").replace(separator, "\t")


def _unquote(cell: str) -> str:
    inner = cell[1:-1]
    if '"' in inner:
        inner = inner.replace('""', ' "')
    if BREAK.search(inner):
        inner = inner.translate(CELL_BREAKS)
    return f" {inner} "
