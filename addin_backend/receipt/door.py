"""What every page passes: how often a visitor may come, whose token a link holds, and one calm page for the rest."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from addin_backend.pages import Pages
from addin_backend.rate import Rate
from addin_backend.site import Site
from milter.errors import RequestError
from milter.notices.moments import in_words
from milter.receipts.token import is_token
from milter.store import shares
from milter.store.shares import Purpose, Share
from milter.store.transaction import Transaction

T = TypeVar("T")
Page = Callable[[Request, Share], Awaitable[Response]]

VISITS = (300, 600.0)  # of one address: a whole school may stand behind one
ACTS = (20, 600.0)  # with one link


class Door:
    """Lets requests in to shares, and their answers out."""

    def __init__(self, site: Site, pages: Pages, now: Callable[[], float] = monotonic) -> None:
        self.site = site
        self._pages = pages
        self._visits = Rate(*VISITS, now)
        self._acts = Rate(*ACTS, now)

    def opened(self, purpose: Purpose, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """Make what answers a link: the page about its share, the one calm page for any other link."""

        async def answer(request: Request) -> Response:
            share = await self._share(request, purpose)
            return self.gone() if share is None else await page(request, share)

        return answer

    async def _share(self, request: Request, purpose: Purpose) -> Share | None:
        """Give the share that a link belongs to; None for any other link. 429 for who comes too often."""
        client = request.client.host if request.client else ""
        token = str(request.path_params["token"]).lower()
        if not self._visits.allows(client):
            raise HTTPException(429)
        if request.method == "POST" and not self._acts.allows(token):
            raise HTTPException(429)
        return await asyncio.to_thread(self._find, purpose, token)

    async def change(self, work: Callable[[Transaction], T]) -> T | None:
        """Write to the store in one transaction; None where another request was first, which the page then shows."""
        try:
            return await asyncio.wrap_future(self.site.store.submit(work))
        except RequestError:
            return None

    def page(
        self, request: Request, name: str, share: Share, *, status: int = 200, **values: Any
    ) -> Response:
        """Give a page about a share."""
        documents = len(share.details.get("files", ()))
        return self._pages.page(
            name,
            status,
            share=share,
            token=request.path_params["token"],
            documents=documents,
            sent_at=in_words(share.at),
            expires_at=in_words(share.expires_at),
            **values,
        )

    def gone(self) -> Response:
        """Give the one page of every link that opens nothing."""
        return self._pages.page("gone.html", 404)

    def back(self, request: Request, page: str) -> Response:
        """Send a browser on to a page of the same share, so that a reload repeats nothing."""
        return RedirectResponse(f"/{page}/{request.path_params['token']}", 303)

    def _find(self, purpose: Purpose, token: str) -> Share | None:
        with self.site.store.read() as tx:
            share = shares.by_token(tx, purpose, token if is_token(token) else "")
        if share is None or share.state in shares.ENDED:
            return None
        if share.state != "released" and share.expires_at <= self.site.clock():
            return None
        password_gone = share.password_destroyed_at is not None and share.way != "agreed"
        return None if password_gone else share


async def answers(request: Request, *names: str) -> Mapping[str, str]:
    """Give the fields of a form, each on one line, short and without characters that can't be seen."""
    async with request.form(max_files=0, max_fields=20) as form:
        return {name: _line(form.get(name)) for name in names}


def _line(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:400]
