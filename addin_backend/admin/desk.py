"""What every page works with: the site, the templates, the rates, and the children that read hostile mail."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio.from_thread

from addin_backend.admin import words
from addin_backend.pages import Pages
from addin_backend.rate import Rate
from addin_backend.site import Site
from milter.sandbox import Sandbox

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
        self._starting = asyncio.Lock()

    def ask_child(self, header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        """Have a confined child read something; called from a page's own thread. Raises ChildFailed."""
        return anyio.from_thread.run(self._ask, header, content)

    async def _ask(self, header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        async with self._starting:
            if self._children is None:
                folder = self.site.folder
                children = Sandbox(
                    "milter.assess.child",
                    {"folder": str(folder) if folder else None},
                    size=1,
                    limits=self.site.known.settings.read,
                )
                await children.start()
                self._children = children
        return await self._children.call(header, content)

    async def close(self) -> None:
        """End the children, where any were started."""
        if self._children is not None:
            await self._children.close()
            self._children = None
