"""Builds the add-in's service: its routes, its limits, and what starts and ends with it."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from addin_backend.addin import cards, check, feedback, files, sent
from addin_backend.addin.desk import Desk
from addin_backend.addin.judging import Judging
from addin_backend.addin.keys import Published
from addin_backend.addin.problem import PROBLEMS, plain_problem
from addin_backend.addin.sign_in import SignIn
from addin_backend.factory import application
from addin_backend.site import Site
from milter import log
from milter.errors import SealgateError
from milter.settings import Settings

API = "/api/v1"
OPENAPI = json.loads((Path(__file__).parent / "openapi.json").read_text(encoding="utf-8"))
_log = log.logger("addin")


def listen(settings: Settings) -> str:
    """Say where it listens."""
    return settings.pages.addin_listen


def build(site: Site, published: Published | None = None) -> ASGIApp:
    """Build the application; `published` is where the keys of tokens come from."""
    settings = site.known.settings
    url = settings.pages.addin_url.rstrip("/")
    judging = Judging(site)
    desk = Desk(site, judging, SignIn(settings, published or Published()))

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = asyncio.get_running_loop().create_task(judging.reload())
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        with contextlib.suppress(ValueError, RuntimeError):  # only the process's main thread hears signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
        with contextlib.suppress(SealgateError):  # the first check tries again, and says so
            await judging.start()
        yield
        await judging.close()

    async def openapi(_request: Request) -> Response:
        return JSONResponse(OPENAPI | {"servers": [{"url": url or "/"}]})

    async def known_problem(request: Request) -> Response:
        code = request.path_params["code"]
        if code not in PROBLEMS:
            raise HTTPException(404)
        status, title = PROBLEMS[code]
        return JSONResponse({"code": code, "status": status, "title": title})

    routes = [
        Route(f"{API}/check", desk.endpoint(check.check), methods=["POST"]),
        Route(f"{API}/people", desk.endpoint(cards.people), methods=["POST"]),
        Route(f"{API}/feedback", desk.endpoint(feedback.report, acts=True), methods=["POST"]),
        Route(f"{API}/shares", desk.endpoint(sent.of_message), methods=["POST"]),
        Route(f"{API}/shares/{{id}}/withdraw", desk.endpoint(sent.withdraw, acts=True), methods=["POST"]),
        Route(f"{API}/shares/{{id}}/card", desk.endpoint(sent.card, acts=True), methods=["POST"]),
        Route(f"{API}/shares/{{id}}/told", desk.endpoint(sent.told, acts=True), methods=["POST"]),
        Route(f"{API}/openapi.json", openapi),
        Route("/problems/{code}", known_problem),
        *files.routes(url, entra=bool(settings.sign_in.tenant)),
    ]
    app = application(
        routes,
        plain_problem,
        url=url,
        proxies=settings.pages.proxies,
        most_bytes=settings.smtp.size_bytes * 3 // 2,
        policy=files.page_policy(settings.sign_in.exchange_hosts),
        lifespan=lifespan,
    )
    return OwnOrigin(app, url)


class OwnOrigin:
    """Says to the event code's engine, which asks even its own origin, that it may (CORS); to nobody else."""

    def __init__(self, app: ASGIApp, url: str) -> None:
        self._app = app
        self._origin = url.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Deal with one request."""
        origin = dict(scope.get("headers") or ()).get(b"origin", b"")
        if scope["type"] != "http" or not self._origin or origin != self._origin:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=self._headers(asked_before=True))(scope, receive, send)
        else:
            await self._app(scope, receive, self._dressed(send))

    def _dressed(self, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers())
            await send(message)

        return dressed

    def _headers(self, *, asked_before: bool = False) -> dict[str, str]:
        headers = {"Access-Control-Allow-Origin": self._origin.decode("ascii"), "Vary": "Origin"}
        if asked_before:
            headers["Access-Control-Allow-Methods"] = "POST, GET"
            headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            headers["Access-Control-Max-Age"] = "600"
        return headers
