"""Lets in who shows a token that holds: an access token of Entra ID, or Exchange's own identity token."""

import time
from collections.abc import Callable

from starlette.requests import Request

from addin_backend.addin.caller import Caller, RefusedError, peek
from addin_backend.addin.entra import Entra
from addin_backend.addin.exchange import Exchange
from addin_backend.addin.keys import KeysUnavailableError, Published
from addin_backend.addin.problem import ProblemError
from milter import log
from milter.settings import Settings

PANE = "/pane.html"
_log = log.logger("addin")


class SignIn:
    """Who may ask."""

    def __init__(
        self, settings: Settings, published: Published, now: Callable[[], float] = time.time
    ) -> None:
        given = settings.sign_in
        self._entra = Entra(given.tenant, given.audience, published)
        audience = f"{settings.pages.addin_url.rstrip('/')}{PANE}"
        self._exchange = Exchange(given.exchange_hosts, audience, published)
        self._now = now

    async def caller(self, request: Request) -> Caller:
        """Give who asks. Raises ProblemError."""
        try:
            return await self._caller(request.headers.get("authorization", ""))
        except RefusedError as error:
            _log.info("sign-in-refused", cause=str(error))
            raise ProblemError("sign-in-needed") from error
        except KeysUnavailableError as error:
            _log.warning("keys-unavailable", cause=str(error))
            raise ProblemError("busy") from error

    async def _caller(self, authorization: str) -> Caller:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise RefusedError("no token")
        header, claims = peek(token)
        if "appctx" in claims:
            return await self._exchange.caller(token, header, claims, self._now())
        return await self._entra.caller(token, header, self._now())
