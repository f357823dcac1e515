"""Pages out of templates: an application's own folder first, then the shared one; everything is escaped."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from addin_backend.site import Site

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
DISTURBING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Pages:
    """The templates of one application."""

    def __init__(self, site: Site, folder: Path, **always: Any) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([folder, HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_harmless,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        contact = site.known.settings.contact
        self._environment.globals.update(contact=contact, assets=f"/assets/{version()}", **always)

    @property
    def environment(self) -> Environment:
        """The environment, for an application's own filters."""
        return self._environment

    def page(
        self, name: str, /, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """Give the page of a template, such as 'receipt.html'."""
        return HTMLResponse(self._environment.get_template(name).render(**values), status, headers)

    def problem(self, status: int, title: str, *paragraphs: str) -> Response:
        """Give a page that says what went wrong and what to do."""
        return self.page("problem.html", status, title=title, paragraphs=paragraphs)


def _harmless(value: Any) -> Any:
    """Show control characters and those that turn the order of letters round as what they are (pitfall 42).

    A line of mail or of a form ends in CR LF, which is no disturbance.
    """
    return DISTURBING.sub("\ufffd", value.replace("\r\n", "\n")) if type(value) is str else value


class _Assets(StaticFiles):
    """Files that never change under one address, since the address has their digest in it."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Give a file that a browser may keep for a year."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def assets() -> Mount:
    """Give the route of the shared files: styles and the little script there is."""
    return Mount(f"/assets/{version()}", app=_Assets(directory=ASSETS), name="assets")


@cache
def version() -> str:
    """Give a digest of all shared files; it is part of their address."""
    digest = hashlib.sha256()
    for file in sorted(path for path in ASSETS.rglob("*") if path.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
