"""Text with its place: what readers of attachments give and detectors take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text from one place of a document.

    A table is text as well: one line a row, cells parted by tabs (tabs and line ends inside a cell become
    spaces). Its first line may be a header row; a reader never guesses, a detector does.
    """

    where: str  # for people: 'body', 'subject', "sheet 'SEN'", 'comment', 'header', 'page 3', 'properties'
    text: str
    table: bool = False
    hidden: bool = False  # a reader of the document would not see it (Y5)
    exact: bool = False  # the passage is the whole file's text from its start: offsets in it are the file's
    # Where in the whole it begins, if a long text comes as several passages, one behind the other.
    start: int = 0
