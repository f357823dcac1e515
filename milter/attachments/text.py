"""Plain text in whatever encoding, and tables of separated values.

Text is kept as it stands, so that offsets in it are the file's. A table keeps its length as well: each
separator becomes a tab, each quote and each line end inside a cell a space.
"""

import re
from collections import Counter
from functools import lru_cache

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
SEPARATORS = ("\t", ";", "|", ",")


def charset_of(declared: str) -> str:
    """The charset parameter of a content type; '' where there is none."""
    _, found, rest = declared.lower().partition("charset=")
    return rest.split(";")[0].strip(" \"'\t") if found else ""


def read_text(file: File, draft: Draft) -> None:
    """Take the whole file as one passage."""
    text = decode_text(file.content, charset_of(file.declared))
    note_links(text, draft)
    separator = separator_of(text, file)
    if separator:
        draft.say("table", as_table(text, separator), table=True, exact=True)
    else:
        draft.say("text", text, exact=True)
    if ESCAPE.search(text):
        draft.say("text, its escapes undone", ESCAPE.sub(lambda found: chr(int(found[1], 16)), text))
    for packed in embedded(file.content):
        file.budget.unpack(len(packed.octets))
        draft.member(decode_text(packed.name), packed.octets)


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
