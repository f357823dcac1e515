"""Rows of a sheet laid out as lines of tab-parted cells, in pieces: only laid-out text is kept, no cells.

A column that no row uses is left out. Which those are is known only at the end, so each piece notes the columns that
it was laid out for, and is laid out anew where a later one used another.
"""

from collections.abc import Iterable, Iterator

from milter.attachments.draft import LimitError

Row = list[tuple[int, str]]  # column, text
PIECE_CHARS = 500_000


class Grid:
    """Some rows of a sheet."""

    def __init__(self) -> None:
        """Begin with none."""
        self._done: list[tuple[tuple[int, ...], str]] = []
        self._rows: list[Row] = []
        self._chars = 0

    def add(self, row: Row, chars: int) -> None:
        """Add a row of so many characters; an empty one is left out."""
        if not row:
            return
        self._rows.append(row)
        self._chars += chars + len(row)
        if self._chars > PIECE_CHARS:
            self._lay_out()

    def columns(self) -> set[int]:
        """The columns that any row uses."""
        self._lay_out()
        return {column for columns, _ in self._done for column in columns}

    def pieces(self, columns: set[int], room: int) -> Iterator[str]:
        """The lines in pieces, for these columns. Raises LimitError beyond `room` characters."""
        self._lay_out()
        wanted = tuple(sorted(columns))
        last = len(self._done) - 1
        for number, (used, text) in enumerate(self._done):
            piece = text if used == wanted else _again(text, used, wanted, room)
            room -= len(piece)
            if room < 0:
                raise LimitError("a sheet of it is too large")
            yield piece if number == last else f"{piece}\n"

    def _lay_out(self) -> None:
        if not self._rows:
            return
        columns = tuple(sorted({column for row in self._rows for column, _ in row}))
        place = {column: number for number, column in enumerate(columns)}
        room = PIECE_CHARS * 20
        self._done.append((columns, "\n".join(_lines(self._rows, place, room))))
        self._rows, self._chars = [], 0


def _lines(rows: Iterable[Row], place: dict[int, int], room: int) -> Iterator[str]:
    for row in rows:
        line = "\t".join([text for _, text in sorted(row)]) if len(row) == len(place) else _sparse(row, place)
        room -= len(line)
        if room < 0:
            raise LimitError("a sheet of it is too large")
        yield line


def _again(text: str, used: tuple[int, ...], wanted: tuple[int, ...], room: int) -> str:
    """Lines that were laid out for some columns, for more of them."""
    place = {column: number for number, column in enumerate(wanted)}
    rows = (
        [(column, cell) for column, cell in zip(used, line.split("\t"), strict=False) if cell]
        for line in text.split("\n")
    )
    return "\n".join(_lines(rows, place, room))


def _sparse(row: Row, place: dict[int, int]) -> str:
    pieces: list[str] = []
    at = 0
    for column, text in sorted(row):
        number = place[column]
        pieces.append("\t" * (number - at) if number > at else "\t" if pieces else "")
        pieces.append(text)
        at = number
    return "".join(pieces)
