"""What a directory says of one address, whichever directory it is, and what goes wrong in asking it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from milter.errors import SealgateError

MEMBERS = 2_000  # of one group that are looked at
DEPTH = 5  # of groups in groups

Fault = Literal["denied", "busy", "down", "odd"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One person or group. Text is empty where the directory says nothing."""

    address: str  # in lower case
    name: str = ""
    job_title: str = ""
    department: str = ""
    organisation: str = ""
    telephone: str = ""
    members: tuple[str, ...] | None = (
        None  # addresses of a group, those of groups in it too; None for a person
    )
    whole: bool = True  # False: the group has more members, or some that have no address


class DirectoryError(SealgateError):
    """A directory that gave no answer. `retry_seconds` is its own word on when to ask again; 0 where it gave none."""

    def __init__(self, fault: Fault, retry_seconds: float = 0.0) -> None:
        super().__init__(f"the directory gave no answer ({fault})")
        self.fault: Fault = fault
        self.retry_seconds = retry_seconds


class Source(Protocol):
    """One kind of directory. Each call ends within the seconds that it was made with, or soon after."""

    async def look_up(self, address: str) -> Entry | None:
        """Give what is known of an address in lower case; None for nothing. Raises DirectoryError."""
        ...

    async def named(self, name: str) -> tuple[Entry, ...]:
        """Give those who bear a name, a few at most. Raises DirectoryError."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def plain(text: object) -> str:
    """Give a directory's word as one short line; '' for none."""
    return " ".join(str(text or "").split())[:200]
