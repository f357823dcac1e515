"""Everything that was found in one document, before it is weighed: plain values that tests can write down."""

from dataclasses import dataclass, field

from milter.detect.detector import Hit
from milter.detect.genre import Genre
from milter.detect.lists import People
from milter.detect.narrative import Said
from milter.detect.page import Page
from milter.detect.person import Name


@dataclass(slots=True)
class PageEvidence:
    """What one passage gave."""

    page: Page
    hits: list[Hit] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    singles: list[tuple[int, int]] = field(default_factory=list)  # given names that stand alone
    said: list[Said] = field(default_factory=list)
    lists: list[People] = field(default_factory=list)
    told: tuple[int, int] = (0, 0)  # sentences with 'he' or 'she', different words of kin
    general: tuple[int, int] = (0, 0)  # words of one person, words of people in general
    facts: int = 0  # occurrences of private phrases, read or not
    alike: int = 0  # rows of a table that are like those that were read, and only counted


@dataclass(slots=True)
class Evidence:
    """What the whole document gave."""

    pages: list[PageEvidence]
    genre: Genre

    def hits(self, *kinds: str) -> list[Hit]:
        """All hits of some kinds."""
        return [hit for page in self.pages for hit in page.hits if hit.kind in kinds]

    def names(self) -> list[Name]:
        """Every mention of a person."""
        return [name for page in self.pages for name in page.names]
