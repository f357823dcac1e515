"""What is remembered of domains beyond this process: the store, as far as evidence needs it."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

About = Literal["mta-sts", "refused"]


class Memory(Protocol):
    """The store's memory. It fails silently: evidence is never in the way of mail."""

    async def recall(self, about: About, domain: str) -> Mapping[str, Any] | None:
        """Give what was remembered last; None for nothing."""

    def remember(self, about: About, domain: str, known: Mapping[str, Any]) -> None:
        """Keep it, in the place of what was before."""


class Forgetful:
    """A memory for commands and tests that keep no store."""

    async def recall(self, about: About, domain: str) -> Mapping[str, Any] | None:  # noqa: ARG002 - as the Protocol says
        """Give nothing."""
        return None

    def remember(self, about: About, domain: str, known: Mapping[str, Any]) -> None:
        """Keep nothing."""
