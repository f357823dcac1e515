"""What the service's answers are made with, and what every request passes: how often one may come, and who asks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from addin_backend.addin.caller import Caller
from addin_backend.addin.judging import Judging
from addin_backend.addin.problem import ProblemError, problem
from addin_backend.addin.sign_in import SignIn
from addin_backend.rate import Rate
from addin_backend.site import Site
from milter.policy.partners import organisation_of
from milter.store.transaction import Transaction

T = TypeVar("T")

VISITS = (3_000, 60.0)  # of one address: a whole council may stand behind one
ASKED = (240, 60.0)  # by one person: a check begins with each change of recipients and attachments
ACTS = (20, 600.0)  # of one person: what is recorded, or shows a password

Answer = Callable[["Desk", Request, Caller], Awaitable[object]]


class Desk:
    """The parts of one process."""

    def __init__(self, site: Site, judging: Judging, sign_in: SignIn) -> None:
        self.site, self.judging, self._sign_in = site, judging, sign_in
        self._visits, self._asked, self._acts = Rate(*VISITS), Rate(*ASKED), Rate(*ACTS)

    def endpoint(self, answers: Answer, *, acts: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """Make an endpoint: for whoever signs in, as often as is sensible, its answer or a problem as JSON."""

        async def endpoint(request: Request) -> Response:
            try:
                caller = await self._let_in(request, acts=acts)
                return JSONResponse(await answers(self, request, caller))
            except ProblemError as error:
                return problem(error)

        return endpoint

    async def change(self, work: Callable[[Transaction], T]) -> T:
        """Write to the store in one transaction."""
        return await asyncio.wrap_future(self.site.store.submit(work))

    def actor(self, caller: Caller) -> str:
        """Give the name by which the trail knows a caller: no personal data is in it (law 8)."""
        return f"addin:{self.site.store.vault.digest('addin caller', caller.subject)[:24]}"

    def is_ours(self, address: str) -> bool:
        """Whether an address belongs to an own organisation."""
        return bool(organisation_of(address, self.judging.known.policy))

    async def _let_in(self, request: Request, *, acts: bool) -> Caller:
        visitor = request.client.host if request.client else ""
        if not self._visits.allows(visitor):
            raise ProblemError("too-many")
        caller = await self._sign_in.caller(request)
        if not self._asked.allows(caller.subject) or (acts and not self._acts.allows(caller.subject)):
            raise ProblemError("too-many")
        return caller
