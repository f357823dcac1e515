"""Makes a web application of its routes: error pages in plain words, shared files, and the guard before it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from addin_backend.guard import PAGE_POLICY, Guard, TooLarge
from addin_backend.pages import Pages, assets
from addin_backend.site import Site
from milter import log
from milter.errors import StoreError

_log = log.logger("web")

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
Problem = Callable[[int, str, str], Response]  # status, title, what to do

WORDS = {
    400: ("Something is missing", "Go back, and try again from the page that you came from."),
    403: ("You can't do this", "If you need to, ask for the right to do it."),
    404: (
        "Page not found",
        "Check that the address is right. If you followed a link, check that the whole of it was copied.",
    ),
    405: ("That can't be done here", "Go back, and try again from the page that you came from."),
    413: ("This is too large", "Send less at once."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    500: ("Sorry, something went wrong", "Nothing was lost. Try again in a few minutes."),
    503: ("Sorry, this can't be done just now", "Nothing was lost. Try again in a few minutes."),
}


def application(
    routes: Sequence[BaseRoute],
    problem: Problem,
    *,
    url: str,
    proxies: Sequence[str] = (),
    most_bytes: int = 64 * 1024,
    policy: str = PAGE_POLICY,
    lifespan: Lifespan | None = None,
) -> ASGIApp:
    """Make one application. `problem` makes its error pages, `url` is where people see it.

    `policy` is its Content-Security-Policy; `lifespan` starts and ends what it works with.
    """

    async def http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = problem(error.status_code, *WORDS.get(error.status_code, WORDS[400]))
        response.headers.update(error.headers or {})
        return response

    async def too_large(_request: Request, _error: Exception) -> Response:
        return problem(413, *WORDS[413])

    async def store_down(_request: Request, error: Exception) -> Response:
        _log.error("store-unavailable", cause=type(error).__name__)
        return problem(503, *WORDS[503])

    async def failed(request: Request, _error: Exception) -> Response:
        _log.error("request-failed", route=getattr(request.scope.get("route"), "path", ""), exc_info=True)
        return problem(500, *WORDS[500])

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            HTTPException: http,
            TooLarge: too_large,
            StoreError: store_down,
            Exception: failed,
        },
    )
    return Guard(app, url=url, proxies=proxies, most_bytes=most_bytes, policy=policy)


def page_application(
    site: Site, pages: Pages, routes: Sequence[BaseRoute], *, url: str, most_bytes: int = 64 * 1024
) -> ASGIApp:
    """Make an application of pages, with the shared files under /assets."""
    proxies = site.known.settings.pages.proxies
    return application([*routes, assets()], pages.problem, url=url, proxies=proxies, most_bytes=most_bytes)
