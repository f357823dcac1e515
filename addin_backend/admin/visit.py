"""One request and who makes it: session, rights, form. Pages are functions of a visit that give a response.

Guarantees: a page runs only for the roles of its row in the table; a form is taken only with the token of the
page that it came from (besides the guard's look at Origin); what is out of an account's scope does not exist
for it. Pages run in a thread of their own, since the store blocks.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from addin_backend.admin.desk import Desk
from addin_backend.admin.roles import ANYONE
from addin_backend.factory import WORDS
from milter.errors import RequestError
from milter.store import accounts, doors, ids
from milter.store.accounts import Account
from milter.store.doors import Session
from milter.store.engine import Store
from milter.store.transaction import Transaction

LONGEST = timedelta(hours=12)  # of a session, however busy
FIELDS = 400  # of one form; a bulk decision has a hundred boxes
SIGNED_IN = "signed-in"


class NotThereError(Exception):
    """There is no such thing, or it is out of the account's scope: nobody learns which."""


class NotAllowedError(Exception):
    """The account has no right to this."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Values:
    """The fields of a form or query; blanks around them are gone."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """Give a field's first value."""
        return next(iter(self.fields.get(name, ())), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Give all values of a field, such as ticked boxes."""
        return self.fields.get(name, ())


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, as a page sees it."""

    desk: Desk
    method: str
    path: Mapping[str, str]
    query: Values
    form: Values
    client: str
    cookie: str  # the session's token, or the visitor's before there is a session
    session: Session | None = None  # of any stage
    person: Account | None = None  # signed in
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """The store."""
        return self.desk.site.store

    @property
    def me(self) -> Account:
        """The account that is signed in."""
        if self.person is None:
            raise NotAllowedError
        return self.person

    @property
    def actor(self) -> str:
        """Who does it, as the trail has it."""
        return f"account:{self.me.id}"

    @property
    def csrf(self) -> str:
        """What a form of this session must bring along."""
        return self.store.vault.digest("form", self.cookie)[:40]

    def may(self, roles: Iterable[str]) -> bool:
        """Whether the account has one of these roles."""
        return self.person is not None and not set(roles).isdisjoint(self.person.roles)

    def page(self, template: str, /, status: int = 200, **values: Any) -> Response:
        """Give a page of a template."""
        told: dict[str, Any] = {"visit": self, "errors": {}, "values": {}}
        return self.desk.pages.page(template, status, **(told | values))

    def problem(self, status: int, *paragraphs: str) -> Response:
        """Give a page that says what went wrong."""
        title, what = WORDS.get(status, WORDS[400])
        return self.page("problem.html", status, title=title, paragraphs=paragraphs or (what,))

    def go(self, path: str, **query: str) -> Response:
        """Send the browser on to another page, after something was done."""
        return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)


View = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Row:
    """What every row of a table of routes begins with; the pages and the API have one each."""

    method: str
    path: str
    who: frozenset[str]


@dataclass(frozen=True, slots=True)
class Door(Row):
    """One row of the table of the pages."""

    view: View


def cookie_name(desk: Desk) -> str:
    """Give the session cookie's name; the prefix binds it to this host where the pages have HTTPS."""
    return "__Host-sealgate" if desk.https else "sealgate"


def set_cookie(desk: Desk, response: Response, token: str) -> None:
    """Give the browser its token. Lax, so that a link in a reviewer's mail finds them signed in."""
    response.set_cookie(cookie_name(desk), token, httponly=True, secure=desk.https, samesite="lax", path="/")


def admit(desk: Desk, door: Door, request: Request, values: tuple[Values, Values]) -> Response:
    """Let a request through a door, or say why not. Blocks: it runs in a thread."""
    desk.refresh()
    visit = _visit(desk, request, *values)
    fresh = not visit.cookie
    if fresh:
        visit = replace(visit, cookie=ids.token())
    response = _answer(visit, door)
    if fresh and cookie_name(desk) not in response.headers.get("set-cookie", ""):
        set_cookie(desk, response, visit.cookie)
    return response


def _answer(visit: Visit, door: Door) -> Response:
    if door.who != ANYONE and visit.person is None:
        path = request_path(door, visit)
        return visit.go("/sign-in", **({"next": path} if door.method == "GET" and path != "/" else {}))
    if door.who != ANYONE and not visit.may(door.who):
        return visit.problem(403)
    if door.method == "POST" and not hmac.compare_digest(visit.form.get("csrf"), visit.csrf):
        return visit.problem(
            403, "This page was open too long, or in another sign-in. Load it anew, and try again."
        )
    try:
        return door.view(visit)
    except NotThereError:
        return visit.problem(404)
    except NotAllowedError:
        return visit.problem(403)
    except RequestError as error:
        return visit.page("problem.html", 409, title="That could not be done", paragraphs=(str(error),))


def request_path(door: Door, visit: Visit) -> str:
    """Give the path that was asked for, so that signing in leads back to it."""
    path = door.path
    for name, value in visit.path.items():
        path = path.replace("{" + name + "}", value)
    return path


def _visit(desk: Desk, request: Request, query: Values, form: Values) -> Visit:
    token = request.cookies.get(cookie_name(desk), "")[:100]
    client = request.client.host if request.client else ""
    path = {name: str(value) for name, value in request.path_params.items()}
    visit = Visit(desk, request.method, path, query, form, client, token, cookies=request.cookies)
    if not token:
        return visit
    idle = timedelta(minutes=desk.site.known.settings.sign_in.session_minutes)
    with visit.store.read() as tx:
        session = doors.session(tx, token, idle)
        person = _person(tx, session)
        stale = session is not None and doors.stale(tx, session)
    if session is not None and stale:
        visit.store.submit(lambda tx: doors.touch(tx, session)).result()
    return replace(visit, session=session, person=person)


def _person(tx: Transaction, session: Session | None) -> Account | None:
    if session is None or session.stage != SIGNED_IN:
        return None
    account = accounts.get(tx, session.account_id)
    return account if account.state == "active" else None


async def values_of(request: Request) -> tuple[Values, Values]:
    """Read the query and the form of a request, with bounds."""
    query = values_in(request.query_params)
    if request.method != "POST":
        return query, Values()
    async with request.form(max_files=4, max_fields=FIELDS, max_part_size=2 * 1024 * 1024) as form:
        files = {
            name: Upload(value.filename or "", await value.read())
            for name, value in form.multi_items()
            if isinstance(value, UploadFile)
        }
        return query, Values(values_in(form).fields, files)


def values_in(given: QueryParams | FormData) -> Values:
    """Give the fields of a query or form, without NUL, which PostgreSQL can't hold."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in given.multi_items():
        if isinstance(value, str):
            fields[name] = (*fields.get(name, ()), value.replace("\0", "").strip())
    return Values(fields)


def endpoint(desk: Desk, door: Door) -> Callable[[Request], Any]:
    """Make a door's function for Starlette."""

    async def answer(request: Request) -> Response:
        values = await values_of(request)
        return await run_in_threadpool(admit, desk, door, request, values)

    return answer
