"""What stands before every application: headers, limits, whose request it is. Pure ASGI, the same for all three.

Guarantees: nothing of a page is kept by a browser or told to another site; scripts, styles and forms come from
and go to this application only; a request that changes something and comes from another site is refused; a body
is never larger than its limit; the log has a route and a status and never a path, query or address (law 8).
"""

import ipaddress
from collections.abc import Sequence
from time import perf_counter
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from milter import log

_log = log.logger("web")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    ("Referrer-Policy", "same-origin"),  # with none at all, browsers say "Origin: null" when a form is sent
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
HSTS = "max-age=31536000; includeSubDomains"


class TooLarge(Exception):  # noqa: N818 - it names what happened, as the fields of HTTP do
    """The request's body is larger than the application takes (RFC 9110, 15.5.14)."""


class Guard:
    """Wraps an application. `url` is where people see it; '' takes any origin that matches the Host field."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        url: str = "",
        proxies: Sequence[str] = (),
        most_bytes: int = 64 * 1024,
        policy: str = PAGE_POLICY,
    ) -> None:
        self._app = app
        self._origin = _origin(url)
        self._proxies = tuple(ipaddress.ip_network(network) for network in proxies)
        self._most = most_bytes
        self._policy = policy
        self._https = url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Deal with one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["client"] = (self._client(scope, headers), 0)
        answer = self._dressed(scope, send)
        if not self._same_origin(scope["method"], headers):
            refusal = PlainTextResponse("This request came from another site, so nothing was done.\n", 403)
            await refusal(scope, receive, answer)
        elif _length(headers) > self._most:
            await PlainTextResponse("This is larger than can be taken here.\n", 413)(scope, receive, answer)
        else:
            await self._answered(scope, self._bounded(receive), answer)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer. What it failed at it has logged and shown; the server need not print it."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            _log.warning("request-ended", exception=type(error).__name__)

    def _client(self, scope: Scope, headers: Headers) -> str:
        """Give the visitor's address: the last one that no trusted proxy has (X-Forwarded-For)."""
        peer = str((scope.get("client") or ("",))[0])
        for claimed in reversed([part.strip() for part in headers.get("x-forwarded-for", "").split(",")]):
            if not self._trusted(peer) or not claimed:
                break
            peer = claimed
        return peer

    def _trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)

    def _same_origin(self, method: str, headers: Headers) -> bool:
        """Whether a request that may change something comes from our own pages, or from no browser at all."""
        if method in SAFE_METHODS:
            return True
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = headers.get("origin")
        if origin is None:
            return True
        return origin == self._origin or (
            not self._origin and urlsplit(origin).netloc == headers.get("host", "")
        )

    def _bounded(self, receive: Receive) -> Receive:
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise TooLarge
            return message

        return bounded

    def _dressed(self, scope: Scope, send: Send) -> Send:
        started = perf_counter()

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS:
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", self._policy)
                headers.setdefault("Cache-Control", "no-store")
                if self._https:
                    headers.setdefault("Strict-Transport-Security", HSTS)
                route = getattr(scope.get("route"), "path", "")
                milliseconds = round(1000 * (perf_counter() - started))
                _log.info(
                    "request", method=scope["method"], route=route, status=message["status"], ms=milliseconds
                )
            await send(message)

        return dressed


def _length(headers: Headers) -> int:
    told = headers.get("content-length", "0")
    return int(told) if told.isdecimal() and len(told) < 16 else 0


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
