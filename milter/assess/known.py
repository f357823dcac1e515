"""What judging needs to know, loaded from the configuration once: the policy, the detectors, the limits."""

import hashlib
import mmap
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from milter.assess.inspect import Knowledge
from milter.detect.examine import Detectors, OwnDetails
from milter.detect.load import load_detectors
from milter.detect.match import unpack
from milter.errors import ConfigurationError, Problem
from milter.policy.load import load_policy
from milter.policy.model import Partner
from milter.policy.policy import Policy
from milter.settings import Caps, Settings, load_settings, shipped_folder

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """One consistent set; a reload makes a new one or keeps the old."""

    policy: Policy
    knowledge: Knowledge
    settings: Settings
    files: str = ""  # digest of what it was loaded from

    def is_current(self) -> bool:
        """Whether its files still say what they said."""
        return self.files == _digest(self.settings.folder)

    @property
    def caps(self) -> Caps:
        """The limits before a message is parsed."""
        return self.settings.caps


def load(folder: Path | None) -> Known:
    """Load everything from a folder, the shipped one where none is given.

    Raises ConfigurationError with every mistake of every file.
    """
    place = folder or shipped_folder()
    files = _digest(place)
    problems: list[Problem] = []
    settings = _tried(lambda: load_settings(place), problems)
    policy = _tried(lambda: load_policy(place), problems)
    detectors = _tried(lambda: _detectors(place / "detectors.toml"), problems)
    if settings is None or policy is None or detectors is None:
        raise ConfigurationError(tuple(problems))
    own = {partner.name: _own_details(partner) for partner in policy.own}
    return Known(policy, Knowledge(detectors, settings.read, own), settings, files)


def _digest(place: Path) -> str:
    """Give a digest of a folder's configuration files, with their names."""
    found = hashlib.sha256()
    for file in sorted(place.glob("*.toml")):
        found.update(repr((file.name, file.read_bytes())).encode())
    return found.hexdigest()


def _detectors(file: Path) -> Detectors:
    return load_detectors(file.read_text(encoding="utf-8") if file.exists() else None, file=file)


def _tried(load_one: Callable[[], T], problems: list[Problem]) -> T | None:
    """Load one file; where it has mistakes note them all, so that those of the other files are told with them."""
    try:
        return load_one()
    except ConfigurationError as error:
        problems += error.problems
        return None


def with_lists(known: Known, descriptor: int, key: bytes) -> Known:
    """Add the lists for exact matching, read where they lie in a memory file that processes share.

    Raises ValueError where the file holds none.
    """
    block = memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
    detectors = replace(known.knowledge.detectors, matcher=unpack(block, key))
    return replace(known, knowledge=replace(known.knowledge, detectors=detectors))


def _own_details(partner: Partner) -> OwnDetails:
    """Give an own organisation's details, which are no finding in its own mail (N1, N5)."""
    return OwnDetails(
        names=(partner.name, *partner.names),
        domains=tuple(domain.removeprefix("*.") for domain in partner.domains),
        addresses=partner.addresses,
        postcodes=partner.postcodes,
        telephones=tuple(number for number in (partner.telephone, *partner.telephones) if number),
    )
