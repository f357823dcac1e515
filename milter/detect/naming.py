"""A mention of a person, as the detectors of names hand it on."""

from dataclasses import dataclass


@dataclass(slots=True)
class Name:
    """One mention of a person."""

    start: int
    end: int
    words: tuple[str, ...]  # without title
    sure: float  # that it is a person's name at all
    role: int  # 1 private, -1 professional, 0 not said
    why: str
    job: bool = False  # professional by the words beside it, not by its place in a signature or letterhead
