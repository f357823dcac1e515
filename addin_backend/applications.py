"""The web applications, each a process of its own trust: `python -m addin_backend NAME --config DIR`."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from addin_backend.addin import application as addin
from addin_backend.admin import application as admin
from addin_backend.receipt import app as receipt
from addin_backend.site import Site
from milter.settings import Settings


@dataclass(frozen=True, slots=True)
class Application:
    """One web application."""

    name: str
    listen: Callable[[Settings], str]  # where it listens, such as '127.0.0.1:8082'
    build: Callable[[Site], ASGIApp]


APPLICATIONS: tuple[Application, ...] = (
    Application("receipt", receipt.listen, receipt.build),
    Application("admin", lambda settings: settings.pages.admin_listen, admin.build),
    Application("addin", addin.listen, addin.build),
)
