"""What every page works with: the site, the templates, the rates, and the children that read hostile mail."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import anyio.from_thread

from addin_backend.admin import words
from addin_backend.pages import Pages
from addin_backend.rate import Rate
from addin_backend.site import Site
from milter import log
from milter.assess.known import load
from milter.errors import ConfigurationError
from milter.matching import Lists, lists_of
from milter.sandbox import Sandbox

LOOK_SECONDS = 10.0  # between two looks at the files of the policy
_log = log.logger("web")
TEMPLATES = Path(__file__).parent / "templates"


class Desk:
    """The parts that one process of the staff's pages shares among its visits."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.url = site.known.settings.pages.admin_url.rstrip("/")
        self.https = self.url.startswith("https://")
        self.pages = Pages(site, TEMPLATES, service="Sealgate")
        self.pages.environment.filters.update(words.FILTERS)
        self.sign_ins = Rate(20, 300)  # of one address
        self.public = Rate(30, 300)  # of pages that need no sign-in, for one address
        self._children: Sandbox | None = None
        self._lists: Lists | None = None
        self._children_are_old = False
        self._looked = monotonic()
        self._stamp = stamp_of(site.folder) if site.folder else ()
        self._starting = asyncio.Lock()

    def refresh(self) -> None:
        """Take up a changed policy; files with mistakes change nothing, as in the gateway (SIGHUP there)."""
        folder = self.site.folder
        if folder is None or monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = monotonic()
        stamp = stamp_of(folder)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self.site = replace(self.site, known=load(folder))
        except ConfigurationError as error:
            _log.warning("policy-not-reloaded", mistakes=len(error.problems))
            return
        self._children_are_old = True

    def ask_child(self, header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        """Have a confined child read something; called from a page's own thread. Raises ChildFailed."""
        return anyio.from_thread.run(self._ask, header, content)

    async def _ask(self, header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        async with self._starting:
            if self._children_are_old:
                await self.close()
                self._children_are_old = False
            if self._children is None:
                self._lists = await asyncio.to_thread(
                    lists_of, self.site.store
                )  # what they name is masked too
                children = self._lists.children(self.site.known, 1)
                await children.start()
                self._children = children
        return await self._children.call(header, content)

    async def close(self) -> None:
        """End the children, where any were started."""
        if self._children is not None:
            await self._children.close()
            self._children = None
        if self._lists is not None:
            self._lists.close()
            self._lists = None


def stamp_of(folder: Path) -> tuple[tuple[str, int], ...]:
    """Give what changes when a file of the policy is written."""
    files = sorted((*folder.glob("*.toml"), *folder.glob("*.txt")))
    return tuple((file.name, file.stat().st_mtime_ns) for file in files if file.is_file())
