"""The add-in itself as Outlook fetches it: pane, event code, icons, and the file that lets the event code sign in.

The event code runs in an engine that takes one file and has no address of its own, so that what it needs is put
together here and the service's address is written into it.
"""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from addin_backend.outlook.manifest import EVENTS_SCRIPT

FOLDER = Path(__file__).parent.parent / "outlook" / "site"
KEPT = {"Cache-Control": "public, max-age=300"}  # a new version reaches everybody in minutes
SCRIPTS = ("events.js", "pane.js")
NAMES = ("pane.html", "pane.css", "events.html", *SCRIPTS)
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
ALLOWED = "/.well-known/microsoft-officeaddins-allowed.json"

# Office.js comes from Microsoft, as it must; the pane stands inside Outlook on the web.
OFFICE = "https://appsforoffice.microsoft.com https://*.cdn.office.net"
HOSTS = (
    "https://*.office.com https://*.office365.com https://*.cloud.microsoft https://*.outlook.com"
    " https://outlook.live.com"
)


def page_policy(exchange_hosts: Iterable[str]) -> str:
    """Give the Content-Security-Policy of the pane: inside Outlook's own pages and nobody else's."""
    frames = " ".join((HOSTS, *(f"https://{host}" for host in exchange_hosts)))
    return (
        f"default-src 'none'; script-src 'self' {OFFICE}; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {OFFICE}; form-action 'none'; base-uri 'none'; frame-ancestors {frames}"
    )


def content(name: str, url: str, *, entra: bool) -> str:
    """Give one file as Outlook gets it; `entra`: users sign in with Entra ID."""
    parts = [FOLDER / name]
    if name in SCRIPTS:
        parts = [*sorted(FOLDER.glob("texts.*.js")), FOLDER / "common.js", *parts]
    text = "".join(part.read_text(encoding="utf-8") for part in parts)
    return text.replace("%SEALGATE_ADDRESS%", url).replace("%SEALGATE_ENTRA%", "yes" if entra else "")


def routes(url: str, *, entra: bool) -> list[BaseRoute]:
    """Give the routes of all files."""
    made: list[BaseRoute] = [Route(f"/{name}", _text(name, url, entra=entra)) for name in NAMES]
    made += [
        Route(f"/icons/{file.name}", _picture(file)) for file in sorted((FOLDER / "icons").glob("*.png"))
    ]

    async def allowed(_request: Request) -> Response:
        return JSONResponse({"allowed": [f"{url}{EVENTS_SCRIPT}"]}, headers=KEPT)

    return [*made, Route(ALLOWED, allowed)]


def _text(name: str, url: str, *, entra: bool) -> Callable[[Request], Awaitable[Response]]:
    made = content(name, url, entra=entra)
    kind = KINDS[Path(name).suffix]

    async def answer(_request: Request) -> Response:
        return Response(made, media_type=kind, headers=KEPT)

    return answer


def _picture(file: Path) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return FileResponse(file, headers=KEPT)

    return answer
