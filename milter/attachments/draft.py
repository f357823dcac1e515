"""What readers of formats work with: the file to read, what is left of the limits, and the draft of a reading.

A reader fills a draft as it goes, so that what was read before a limit or a fault is kept. Only `read` makes
the frozen `Reading` of it. The three refusals below are the only ones that a reader raises on purpose.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from milter.attachments.reading import Protection, Reading, Status
from milter.message.passage import Passage
from milter.settings import ReadLimits

RATIO_FREE_BYTES = 10 * 1024 * 1024  # below this much, unpacked, a high ratio is harmless
PASSAGES = 50_000  # of one attachment: a bound on the count of places, as text_chars bounds their length
GRAVITY: tuple[Status, ...] = ("read", "locked", "unreadable", "limit")
STRENGTH: tuple[Protection, ...] = ("none", "read-only", "signed", "weak", "password", "encrypted")


# The readers' own refusals. A library's error on hostile bytes is caught at one place, in `read`.


class LimitError(Exception):
    """A limit was hit; what was gathered until then stays. The words are safe to show."""


class UnreadableError(Exception):
    """The file is damaged or of a kind that can't be read. The words are safe to show."""


class LockedError(Exception):
    """The file needs a password or key that nobody gave. The words are safe to show."""


@dataclass(slots=True)
class Shared:
    """What all attachments of one message have spent of the limits that they share."""

    ocr_seconds: float = 0.0


@dataclass(slots=True)
class Budget:
    """What is left of the limits, for one attachment and all the files inside it together."""

    limits: ReadLimits
    members: int = 0
    unpacked: int = 0
    chars: int = 0
    passages: int = 0
    pages: int = 0
    tries: int = 0
    rounds: int = 0  # of key derivation, spent on trying words
    ocr_pages: int = 0
    ocr_spent: bool = False  # a picture was left unread because the limits of text recognition were reached
    shared: Shared = field(default_factory=Shared)

    def member(self) -> None:
        """One more file inside."""
        self.members += 1
        if self.members > self.limits.members:
            raise LimitError(f"holds more than {self.limits.members} files")

    def unpack(self, size: int) -> None:
        """`size` more bytes were, or are about to be, unpacked."""
        self.unpacked += size
        if self.unpacked > self.limits.total_bytes:
            raise LimitError(f"unpacks to more than {self.limits.total_bytes // 2**20} MiB")

    def room(self) -> int:
        """How many bytes may still be unpacked."""
        return max(0, self.limits.total_bytes - self.unpacked)

    def ratio(self, unpacked: int, packed: int) -> None:
        """Refuse what grows more than real documents do."""
        if unpacked > RATIO_FREE_BYTES and unpacked > packed * self.limits.ratio:
            raise LimitError(f"unpacks to more than {self.limits.ratio} times its size")

    def page(self) -> None:
        """One more page of a paged document."""
        self.pages += 1
        if self.pages > self.limits.pages:
            raise LimitError(f"has more than {self.limits.pages} pages")

    def text(self, chars: int) -> int:
        """How many of `chars` characters may be kept; they count as used."""
        kept = max(0, min(chars, self.limits.text_chars - self.chars))
        self.chars += kept
        return kept


@dataclass(frozen=True, slots=True)
class File:
    """One file to read."""

    content: bytes
    name: str  # hostile text
    declared: str  # content type that the sender declared, lower case; may carry a charset parameter
    path: str
    depth: int
    budget: Budget
    words: Sequence[str]  # candidate passwords; worked out only when a locked file asks for them
    inner: Callable[["File"], Reading]  # reads a file found inside this one

    def suffix(self) -> str:
        """The name's ending in lower case, 'csv'; '' where it has none."""
        stem, dot, ending = self.name.rpartition(".")
        return ending.lower() if dot and stem else ""

    def child(self, name: str, content: bytes, declared: str, number: int) -> "File":
        """The `number`th file inside this one."""
        return replace(
            self,
            name=name,
            content=content,
            declared=declared,
            path=f"{self.path}/{number}",
            depth=self.depth + 1,
        )


@dataclass(slots=True)
class Draft:
    """A reading in the making."""

    file: File
    format: str = ""  # where the reader knows better than the content's first look
    status: Status = "read"
    protection: Protection = "none"
    lock: str = ""
    why: str = ""
    passages: list[Passage] = field(default_factory=list)
    members: list[Reading] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)  # in the order they came up

    def say_pieces(
        self,
        where: str,
        pieces: Iterable[str],
        *,
        table: bool = False,
        hidden: bool = False,
        exact: bool = False,
    ) -> None:
        """Add one long text as passages that go on, one for each piece; the pieces together are the text."""
        start = 0
        for piece in pieces:
            self.say(where, piece, table=table, hidden=hidden, exact=exact, start=start)
            start += len(piece)

    def say(
        self,
        where: str,
        text: str,
        *,
        table: bool = False,
        hidden: bool = False,
        exact: bool = False,
        start: int = 0,
    ) -> None:
        """Add a passage; blank ones are left out. Raises LimitError where the text grows too long."""
        if not text or text.isspace():
            return
        budget = self.file.budget
        budget.passages += 1
        if budget.passages > PASSAGES:
            raise LimitError(f"has text in more than {PASSAGES} places")
        kept = budget.text(len(text))
        self.passages.append(Passage(where, text[:kept], table, hidden, exact, start))
        if kept < len(text):
            raise LimitError(f"holds more than {budget.limits.text_chars} characters")

    def note(self, fact: str) -> None:
        """Add a fact for rules, once."""
        self.notes[fact] = None

    def fail(self, status: Status, why: str) -> None:
        """Not all could be read; the graver of two failures stands."""
        if GRAVITY.index(status) > GRAVITY.index(self.status):
            self.status, self.why = status, why

    def protect(self, protection: Protection, lock: str = "") -> None:
        """The file bears this protection; the stronger of two stands, and the lesser ones are notes as well."""
        if protection in ("signed", "read-only"):
            self.note(protection)
        if STRENGTH.index(protection) > STRENGTH.index(self.protection):
            self.protection, self.lock = protection, lock or self.lock

    def member(self, name: str, content: bytes, declared: str = "") -> Reading:
        """Read a file found inside this one, and keep its reading."""
        self.file.budget.member()
        reading = self.file.inner(self.file.child(name, content, declared, len(self.members) + 1))
        self.members.append(reading)
        return reading

    def absorb(self, reading: Reading) -> None:
        """Take over the reading of what this file is once its lock or wrapping is off."""
        self.format = reading.format
        self.passages += reading.passages
        self.members += reading.members
        for fact in reading.notes:
            self.note(fact)
        self.fail(reading.status, reading.why)
        self.protect(reading.protection, reading.lock)

    def closed_member(self, name: str, reading: Reading) -> None:
        """Keep the reading of a file inside whose content could not be had."""
        self.file.budget.member()
        path = f"{self.file.path}/{len(self.members) + 1}"
        self.members.append(replace(reading, name=name, path=path))

    def finish(self, format_: str) -> Reading:
        """The reading, frozen."""
        return Reading(
            path=self.file.path,
            name=self.file.name,
            format=self.format or format_,
            status=self.status,
            protection=self.protection,
            lock=self.lock,
            passages=tuple(self.passages),
            members=tuple(self.members),
            notes=tuple(self.notes),
            why=self.why,
        )
