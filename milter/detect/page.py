"""One passage made ready: its plain text, lines, labels, tables and the places that do not count."""

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import cached_property

from milter.detect.branches import factored
from milter.detect.clean import Clean, clean
from milter.detect.context import MAY_BE_SPECIMEN, NO_LABEL, Label, Labels
from milter.detect.lexicon import shipped
from milter.detect.tables import PRIVATE, Block, blocks, cells, role_of, some_cells
from milter.message.passage import Passage

# Headings of tables that are published: planning and licensing registers, candidates, allowances, suppliers.
PUBLISHED_TABLE = factored(
    r"\bproposal\b|\bapplication (?:no|number|ref)|\bsite\b|\bward\b|\bparty\b|\ballowance|\bvotes?\b|\blicen[cs]e\b|\bpremises\b"
    r"|\basset\b|\bserial\b|\bwarranty\b|\bsupplier\b|\bgoods\b|\bnet amount\b|\bposition\b|\bteam\b|\bscored?\b.*\bopponent\b|\bauthor\b|\bisbn\b"
)

_HEAD = 60_000  # characters at the start of a piece whose octets a verdict may ask for (decide, subjects)

# Headings that tell that what is below them is kept back.
_OF_HOMES = re.compile(
    r"\bhome\b(?! ?page)|\bpersonal circ|\bnot for (?:web|publication)|\bnext of kin\b|\bvulnerab"
)

# Places that name a document's author and its programs, not the people it is about.
QUIET = frozenset(("properties", "headers", "links and descriptions", "other part, descriptions"))


class Page:
    """A passage, or a piece of a long one, and what detectors ask about it; each answer is worked out when first asked."""

    def __init__(self, passage: Passage, span: tuple[int, int] | None = None, *, more: bool = False) -> None:
        """Make one of a passage, or of a piece of it; `more` pieces of it follow."""
        self.passage = passage
        self.quiet = passage.where in QUIET
        self.low, self.high = span or (0, len(passage.text))
        self.goes_on, self.more = self.low + passage.start > 0, more
        self.heading = (
            ""  # of a table that began in the piece before, with its line end; stands before the text
        )
        self._answers: dict[str, bool] = {}
        self.given: list[tuple[int, int]] | None = None  # given names, once they were looked for

    @cached_property
    def clean(self) -> Clean:
        """The plain text with the way back to what was read."""
        return clean(self.heading + self.passage.text[self.low : self.high])

    @cached_property
    def text(self) -> str:
        """The plain text."""
        return self.clean.text

    @cached_property
    def octets(self) -> bytes:
        """The same, one byte a character, for RE2."""
        return self.clean.octets

    def headed(self, heading: str) -> None:
        """Put the heading of the table that goes on here before the text; what was asked so far is forgotten."""
        self.heading = heading
        for answer in ("clean", "text", "octets", "lower", "starts", "labels", "blocks"):
            self.__dict__.pop(answer, None)

    def rest(self, *, emptied: bool) -> None:
        """Keep of a piece that was examined what a verdict asks for, and nothing of it where it gave nothing."""
        if emptied:
            self.high = self.low
            self.headed("")
            return
        kept = {"clean": replace(self.clean, octets=b""), "blocks": self.blocks}
        self.__dict__ |= kept | {"octets": self.octets[:_HEAD]}
        for answer in ("lower", "labels"):
            self.__dict__.pop(answer, None)

    def source(self, start: int, end: int) -> tuple[int, int] | None:
        """The span in the passage's text of a span of the plain text; None where the way back was lost."""
        span = self.clean.origin(start, end)
        shift = self.low - len(self.heading)
        return (span[0] + shift, span[1] + shift) if span else None

    def once(self, question: str, answer: Callable[[], bool]) -> bool:
        """The answer to a detector's own question about the whole passage, worked out when first asked."""
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]

    def without(self, lines: Collection[int]) -> "Page":
        """The same passage with some lines blank: every offset, line and table stays where it is."""
        twin = object.__new__(Page)
        kept = [
            " " * len(line) if number in lines else line for number, line in enumerate(self.text.split("\n"))
        ]
        text = "\n".join(kept)
        twin.passage, twin.quiet, twin._answers = self.passage, self.quiet, self._answers
        twin.low, twin.high, twin.heading = self.low, self.high, self.heading
        twin.goes_on, twin.more = self.goes_on, self.more
        twin.clean = replace(self.clean, text=text, octets=text.encode("latin-1"))
        twin.given = None
        twin.__dict__ |= {"starts": self.starts, "blocks": self.blocks}
        return twin

    @cached_property
    def lower(self) -> str:
        """The plain text in lower case, of the same length."""
        return self.text.encode("latin-1").lower().decode("latin-1")

    @cached_property
    def specimens(self) -> bool:
        """Whether anything may be presented as an example here."""
        return MAY_BE_SPECIMEN.search(self.octets) is not None

    @cached_property
    def starts(self) -> list[int]:
        """Offset of each line."""
        found = [0]
        at = self.text.find("\n")
        while at >= 0:
            found.append(at + 1)
            at = self.text.find("\n", at + 1)
        return found

    @cached_property
    def labels(self) -> Labels:
        """Every label of the passage."""
        return Labels(self.lower, self.octets)

    @cached_property
    def blocks(self) -> list[Block]:
        """Every table of the passage."""
        found = blocks(self.text, self.octets, self.starts, table=self.passage.table)
        if not found and self.passage.table and "\t" in self.text[:4000]:
            width = (
                self.text[: self.text.find("\n")].count("\t") + 1
                if "\n" in self.text
                else self.text.count("\t") + 1
            )
            found = [Block(0, len(self.starts) - 1, "\t", ("",) * min(width, 60), ("",) * min(width, 60), 0)]
        for block in found:
            self._names_by_value(block)
        return [block for block in found if any(block.roles)]

    def _names_by_value(self, block: Block) -> None:
        """Take a column without a telling heading for names where most of its first cells are people's."""
        open_columns = [
            at
            for at, role in enumerate(block.roles)
            if role in ("", "other") or "payee" in block.heads[at].lower()
        ]
        if not open_columns or "name" in block.roles or "surname" in block.roles:
            return
        seen: dict[int, list[bool]] = {at: [] for at in open_columns}
        for number in range(block.first, min(block.last, block.first + 11) + 1):
            low, high = self.line(number)
            spans = cells(self.text[low:high], low, block.delimiter)
            for at in open_columns:
                if at < len(spans) and spans[at][1] > spans[at][0]:
                    seen[at].append(looks_like_name(self.text[slice(*spans[at])]))
        roles = tuple("name" if role in ("", "other", "organisation") and sum(seen.get(at, ())) * 5 >= 3 * len(seen.get(at, ())) and sum(seen.get(at, ())) >= 2 else role
                      for at, role in enumerate(block.roles))  # fmt: skip
        block.guessed = roles != block.roles
        block.roles = roles

    @cached_property
    def _block_starts(self) -> list[int]:
        return [block.first for block in self.blocks]

    def line_at(self, offset: int) -> int:
        """Number of the line that holds an offset."""
        return bisect_right(self.starts, offset) - 1

    def line(self, number: int) -> tuple[int, int]:
        """Span of a line without its end."""
        last = self.starts[number + 1] - 1 if number + 1 < len(self.starts) else len(self.text)
        return self.starts[number], last

    def block_at(self, line: int) -> Block | None:
        """The table that a line belongs to."""
        at = bisect_right(self._block_starts, line) - 1
        if at >= 0 and self.blocks[at].first <= line <= self.blocks[at].last:
            return self.blocks[at]
        return None

    def column(self, offset: int) -> tuple[str, str]:
        """Role and heading of the table cell at an offset; ('', '') outside tables or under no heading."""
        line = self.line_at(offset)
        block = self.block_at(line)
        if block is None:
            return "", ""
        low, high = self.line(line)
        if block.delimiter and '"' not in self.text[low:high]:
            at = self.text.count(block.delimiter, low, offset)
        else:
            spans = cells(self.text[low:high], low, block.delimiter)
            at = sum(1 for _, end in spans if end <= offset)
        if at < len(block.roles):
            return block.roles[at], block.heads[at]
        return "", ""

    def example(self, offset: int) -> bool:
        """Say whether a value stands in a column of examples or formats, as in a specification of fields."""
        head = self.column(offset)[1]
        if not head and self.passage.table:
            low, high = self.line(0)
            heads = self.text[low:high].split("\t")
            at = self.text.count("\t", self.starts[self.line_at(offset)], offset)
            head = heads[at] if at < len(heads) else ""
        return head.strip(" :.").lower() in (
            "example",
            "examples",
            "sample",
            "format",
            "e.g",
            "eg",
            "example value",
            "specimen",
        )

    def field(self, offset: int) -> tuple[str, str]:
        """Role and words of the label cell to the left in a table ('Name | Ella Smith'); ('', '') for none."""
        low, _ = self.line(self.line_at(offset))
        low = max(low, offset - 400)
        before = self.text[low:offset].rstrip("\t|")
        left = before[max(before.rfind("\t"), before.rfind("|")) + 1 :].strip()
        return role_of(left), left

    def label(self, start: int, end: int) -> Label:
        """The label of a value, by whatever way it is labelled."""
        role, head = self.column(start)
        if role:
            cell = (
                max(self.text.rfind("\t", max(0, start - 400), start), self.starts[self.line_at(start)] - 1)
                + 1
            )
            near = self.labels.before(start, cell)
            return near if near.name else Label(role, head.strip(), "in a column headed")
        near = self.labels.before(start)
        if near.name:
            return near
        after = self.labels.after(end)
        return after if after.name else NO_LABEL

    def column_cells(self, block: Block, columns: list[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
        """Start, end and role of each filled cell in some columns of a table."""
        for number in range(block.first, block.last + 1):
            low, high = self.line(number)
            for (start, end), role in some_cells(self.text[low:high], low, block.delimiter, columns):
                if start < end:
                    yield start, end, role

    def private_block(self, block: Block) -> bool:
        """Say whether a table lists private people: by name or identifier, and not by job or organisation alone."""
        roles = set(block.roles)
        if roles & {"nhs", "upn", "nino", "born", "uln", "chi", "hc", "passport"}:
            return True
        if roles & {"address", "postcode"} and "age" in roles and not roles & {"job", "organisation"}:
            return True
        if _OF_HOMES.search(" ".join(block.heads).lower()) and roles & {
            "name",
            "surname",
            "address",
            "phone",
        }:
            return True
        if not roles & {"name", "forename", "surname", "initials"}:
            private = roles & set(PRIVATE) and "organisation" not in roles
            return bool(roles & {"address", "postcode", "homephone"} and private)
        if not roles & {"job", "organisation", "professional"}:
            return not PUBLISHED_TABLE.search(" ".join(block.heads).lower())
        return bool(roles & (set(PRIVATE) - {"education"} | {"homephone", "year"}))

    def private_rows(self, offset: int) -> bool:
        """Say whether the table at an offset lists private people."""
        block = self.block_at(self.line_at(offset))
        return block is not None and self.private_block(block)


def looks_like_name(cell: str) -> bool:
    """Say whether a table cell reads like a person's name: two to four words, one of them a given name."""
    cell = re.sub(r",? \(?\d{1,2}[A-Z]?\)?$", "", cell)
    words = re.findall(r"[A-Za-z\xc0-\xff'\-]+", cell)
    if not 2 <= len(words) <= 4 or any(char.isdigit() for char in cell):
        return False
    lexicon = shipped()
    if any(word in lexicon.tails and word not in lexicon.surnames_doubtful for word in words):
        return False
    return any(word.title() in lexicon.given or word.title() in lexicon.surnames for word in words)
