"""The errors that cross floors. Each says what happened in words that are safe to show a person.

A cause that may carry personal data stays in `__cause__` and is never printed to anyone but a developer.
"""

from dataclasses import dataclass
from pathlib import Path


class SealgateError(Exception):
    """Something went wrong that has a plain sentence for its reader: what happened, and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration file: where it is, what it is, how to mend it."""

    file: Path
    line: int  # counted from 1; 0 where the mistake is that something is missing from the file as a whole
    field: str
    cause: str
    cure: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: {self.field}: {self.cause}. {self.cure}"


class ConfigurationError(SealgateError):
    """The configuration has mistakes; all of them are listed. Commands end with exit code 2."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class StoreError(SealgateError):
    """The store can't be read or written now; mail is answered 451 until it can."""


class RequestError(SealgateError):
    """What a person asked for can't be done, such as releasing what was released already. Exit code 1."""
