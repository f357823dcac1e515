"""The application: its routes, its limits, and what its pages share.

A link's token is all that proves anything here, so that whatever is not a share's live token gets the same calm
page: unknown, spent, expired and misspelt can't be told apart. GET and HEAD change nothing (pitfall 2).
"""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from addin_backend.factory import page_application
from addin_backend.pages import Pages
from addin_backend.receipt.door import Door
from addin_backend.receipt.recipient import RecipientPages
from addin_backend.receipt.sender import SenderPages
from addin_backend.site import Site
from milter.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"
MOST_BYTES = 16 * 1024  # of a form of four short answers
ROBOTS = "User-agent: *\nDisallow: /\n"


def listen(settings: Settings) -> str:
    """Say where it listens."""
    return settings.receipts.listen


def build(site: Site, now: Callable[[], float] = monotonic) -> ASGIApp:
    """Build the application; `now` tells in seconds how fast visitors come."""
    pages = Pages(site, TEMPLATES)
    door = Door(site, pages, now)
    recipient, sender = RecipientPages(door), SenderPages(door)

    async def plain(request: Request) -> Response:
        name = request.url.path.strip("/") or "home"
        return pages.page(f"{name}.html")

    async def robots(_request: Request) -> Response:
        return PlainTextResponse(ROBOTS)

    routes = (
        Route("/", plain),
        Route("/privacy", plain),
        Route("/accessibility", plain),
        Route("/robots.txt", robots),
        Route("/c/{token}", door.opened("page", recipient.show), methods=["GET"]),
        Route("/c/{token}", door.opened("page", recipient.answer), methods=["POST"]),
        Route("/c/{token}/not-for-me", door.opened("page", recipient.ask), methods=["GET"]),
        Route("/c/{token}/not-for-me", door.opened("page", recipient.refuse), methods=["POST"]),
        Route("/c/{token}/again", door.opened("page", recipient.again), methods=["POST"]),
        Route("/s/{token}", door.opened("sender", sender.show), methods=["GET"]),
        Route("/s/{token}/take-back", door.opened("sender", sender.ask), methods=["GET"]),
        Route("/s/{token}/take-back", door.opened("sender", sender.take_back), methods=["POST"]),
        Route("/s/{token}/told", door.opened("sender", sender.told), methods=["POST"]),
    )
    url = site.known.settings.receipts.page_url
    return page_application(site, pages, routes, url=url, most_bytes=MOST_BYTES)
