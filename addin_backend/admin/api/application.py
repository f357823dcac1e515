"""The routes of the API, and the forms of its errors."""

import re
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from addin_backend.admin.api.call import answered, endpoint, problem
from addin_backend.admin.api.description import description
from addin_backend.admin.api.table import API
from addin_backend.admin.desk import Desk
from addin_backend.guard import TooLarge
from milter import log
from milter.errors import StoreError

PATH = "/api/v1"
_log = log.logger("api")


def mounted(desk: Desk) -> Mount:
    """Give the API under its path."""

    async def describe(_request: Request) -> Response:
        return answered(description(desk.url))

    routes: list[Route] = [Route("/openapi.json", describe)]
    for path in dict.fromkeys(door.path for door in API):
        routes += [Route(path, endpoint(desk, d), methods=[d.method]) for d in API if d.path == path]
    mount = Mount(PATH, app=_application(routes))
    mount.path_regex = re.compile(
        mount.path_regex.pattern, re.DOTALL
    )  # a line end in a path is the API's too
    return mount


def _application(routes: Sequence[Route]) -> Starlette:
    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            here = request.url.path.removeprefix(PATH)
            found = {m for route in routes if route.path_regex.match(here) for m in route.methods or ()}
            headers["Allow"] = ", ".join(sorted(found))
        return problem(error.status_code, "See the description: /api/v1/openapi.json.", headers)

    async def too_large(_request: Request, _error: Exception) -> Response:
        return problem(413, "Send less at once.")

    async def store_down(_request: Request, error: Exception) -> Response:
        _log.error("store-unavailable", cause=type(error).__name__)
        return problem(503, "Nothing was lost. Try again in a few minutes.")

    async def failed(_request: Request, _error: Exception) -> Response:
        _log.error("request-failed", exc_info=True)
        return problem(500, "Nothing was lost. Try again in a few minutes.")

    handlers = {HTTPException: http, TooLarge: too_large, StoreError: store_down, Exception: failed}
    return Starlette(routes=routes, exception_handlers=handlers)
