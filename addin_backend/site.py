"""What a web application works with: the configuration, the store, the clock. Nothing here can send mail."""

from dataclasses import dataclass
from pathlib import Path

from milter.assess.known import Known, load
from milter.clock import Clock, utc_now
from milter.store.engine import Store, open_store


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of one web process."""

    known: Known
    store: Store
    clock: Clock
    folder: Path | None = None  # of the configuration; None is the shipped one

    @property
    def organisation(self) -> str:
        """The organisation's name, as pages show it."""
        return self.known.settings.contact.organisation


def open_site(folder: Path | None, name: str) -> Site:
    """Open what one web process needs. Raises SealgateError in plain words where a part can't be had."""
    known = load(folder)
    settings = known.settings
    store = open_store(
        settings.store.url, Path(settings.store.key_file), node=f"{settings.node or 'node'}/{name}"
    )
    return Site(known, store, utc_now, folder)
