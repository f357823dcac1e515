"""Long passages are examined piece by piece, so that 30 MB of text cost no more memory than one.

Guarantees that the pieces together are the passage, and that each but the last is within `MOST` characters and ends
where a paragraph, a row or a line ends, if one ends near there.
"""

from collections.abc import Iterator

MOST = 1_000_000  # characters of a piece; a passage of less than half as much again is one piece
_LOOK_BACK = MOST // 10


def spans(text: str, *, table: bool) -> Iterator[tuple[int, int]]:
    """The spans of the pieces of a text; one and no more where it is short."""
    at = 0
    while len(text) - at > MOST + MOST // 2:
        end = _end(text, at + MOST, ("\n",) if table else ("\n\n", "\n", " "))
        yield at, end
        at = end
    yield at, len(text)


def _end(text: str, most: int, marks: tuple[str, ...]) -> int:
    for mark in marks:
        at = text.rfind(mark, most - _LOOK_BACK, most)
        if at >= 0:
            return at + len(mark)
    return most
