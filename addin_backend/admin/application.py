"""Builds the staff's pages and their API as one application of the shared factory."""

import sys

from starlette.routing import Route
from starlette.types import ASGIApp

from addin_backend.admin.api.application import mounted
from addin_backend.admin.desk import Desk
from addin_backend.admin.first_start import HOURS, set_up_link
from addin_backend.admin.menu import MENU
from addin_backend.admin.routes import DOORS
from addin_backend.admin.visit import endpoint
from addin_backend.factory import page_application
from addin_backend.site import Site

MOST_BYTES = 12 * 1024 * 1024  # a message to try is the largest thing that comes in


def build(site: Site) -> ASGIApp:
    """Build the application; the first start prints the link to set up an account."""
    url = site.known.settings.pages.admin_url.rstrip("/")
    link = set_up_link(site, url or f"http://{site.known.settings.pages.admin_listen}")
    if link:
        sys.stdout.write(f"Set up the first account here, within {HOURS} hours:\n  {link}\n")
        sys.stdout.flush()
    return application_of(Desk(site))


def application_of(desk: Desk) -> ASGIApp:
    """Make the application of a desk."""
    desk.pages.environment.globals["menu"] = MENU
    routes = [Route(door.path, endpoint(desk, door), methods=[door.method]) for door in DOORS]
    return page_application(
        desk.site, desk.pages, [mounted(desk), *routes], url=desk.url, most_bytes=MOST_BYTES
    )
