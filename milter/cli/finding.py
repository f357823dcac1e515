"""What one look of `doctor` found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "look", "mend"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and what to do where it is not well."""

    state: State
    words: str
    cure: str = ""
