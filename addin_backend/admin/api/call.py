"""One call of the API and who makes it; answers and errors as JSON.

Guarantees: a call runs only for the roles of its row, which are those of both token and account; errors are
application/problem+json (RFC 9457) and never name what is out of the account's scope.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from addin_backend.admin.desk import Desk
from addin_backend.admin.visit import NotAllowedError, NotThereError, Row, Values, values_in
from milter.errors import RequestError
from milter.store import accounts, doors
from milter.store.accounts import Account
from milter.store.engine import Store
from milter.store.ids import read_reference

MOST_DEPTH = 20
TITLES = {
    400: "The request is not well formed",
    401: "A token is needed",
    403: "This token has no right to that",
    404: "There is no such thing",
    405: "That can't be done here",
    409: "That can't be done now",
    413: "This is too large",
    415: "Send JSON",
    422: "A value is not right",
    429: "Too many calls",
    500: "Something went wrong",
    503: "The store is away",
}


class WrongValueError(Exception):
    """A value of the call is missing or not right; `field` names it."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(what)
        self.field = field


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as an act of the API sees it."""

    desk: Desk
    path: Mapping[str, str]
    query: Values
    body: Mapping[str, Any]
    me: Account  # with the roles that the token has too

    @property
    def store(self) -> Store:
        """The store."""
        return self.desk.site.store

    @property
    def actor(self) -> str:
        """Who does it, as the trail has it."""
        return f"account:{self.me.id}"

    def reference(self, name: str = "id") -> str:
        """Give a reference of the path in its one form. NotThereError where it is none."""
        found = read_reference(self.path[name])
        if found is None:
            raise NotThereError
        return found

    def text(self, name: str, most: int = 4_000, *, needed: bool = True) -> str:
        """Give a text of the body."""
        value = self.body.get(name, "")
        if not isinstance(value, str) or len(value) > most or (needed and not value.strip()):
            raise WrongValueError(name, f"a text of no more than {most:,} characters is needed")
        return value.replace("\0", "").strip()

    def texts(self, name: str, most: int = 1_000) -> tuple[str, ...]:
        """Give a list of texts of the body."""
        value = self.body.get(name, [])
        if not isinstance(value, list) or len(value) > most or not all(isinstance(one, str) for one in value):
            raise WrongValueError(name, f"a list of no more than {most:,} texts is needed")
        return tuple(value)

    def number(self, name: str, default: int, most: int) -> int:
        """Give a whole number of the query."""
        text = self.query.get(name)
        if not text:
            return default
        if not text.isascii() or not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= most:
            raise WrongValueError(name, f"a whole number from 1 to {most} is needed")
        return int(text)


Act = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class ApiDoor(Row):
    """One row of the table of the API."""

    act: Act
    summary: str
    query: Mapping[str, Any] | None = None  # JSON Schema of each query parameter
    body: Mapping[str, Any] | None = None  # JSON Schema of the body
    status: int = 200


def endpoint(desk: Desk, door: ApiDoor) -> Callable[[Request], Any]:
    """Make a door's function for Starlette."""

    async def answer(request: Request) -> Response:
        raw = await request.body() if door.method == "POST" else b""
        return await run_in_threadpool(_answer, desk, door, request, raw)

    return answer


def _answer(desk: Desk, door: ApiDoor, request: Request, raw: bytes) -> Response:
    desk.refresh()
    me = _account(desk, request.headers.get("authorization", ""))
    if me is None:
        return problem(
            401, "Send a token in force as 'Authorization: Bearer ...'.", {"WWW-Authenticate": "Bearer"}
        )
    if door.who.isdisjoint(me.roles):
        return problem(403, "Neither the token nor its account has the role that this needs.")
    try:
        query = values_in(request.query_params)
        path = {name: str(value) for name, value in request.path_params.items()}
        body = _body(door, request, raw)
        told = door.act(Call(desk, path, query, body, me))
    except WrongValueError as error:
        return problem(422, f"{error.field}: {error}.", field=error.field)
    except NotThereError:
        return problem(404, "There is nothing of this reference that this token may see.")
    except NotAllowedError:
        return problem(403, "This account has no right to that.")
    except RequestError as error:
        return problem(409, str(error))
    return answered(told, door.status)


def answered(value: Any, status: int = 200) -> Response:
    """Give a value as JSON."""
    return Response(json.dumps(plain(value), ensure_ascii=False), status, media_type="application/json")


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, *, field: str = ""
) -> Response:
    """Give an error as RFC 9457 has it."""
    told = {
        "type": "about:blank",
        "title": TITLES.get(status, TITLES[400]),
        "status": status,
        "detail": detail,
    }
    if field:
        told["field"] = field
    return Response(json.dumps(told), status, headers, media_type="application/problem+json")


def plain(value: Any) -> Any:
    """Make a value of the store plain: moments in UTC as RFC 3339 has them."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _account(desk: Desk, header: str) -> Account | None:
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token or len(token) > 100 or not token.isascii():
        return None
    with desk.site.store.read() as tx:
        found = doors.api_token(tx, token.strip())
        if found is None:
            return None
        account = accounts.get(tx, found.account_id)
    return replace(account, roles=tuple(role for role in account.roles if role in found.roles))


def _body(door: ApiDoor, request: Request, raw: bytes) -> Mapping[str, Any]:
    if door.body is None:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WrongValueError("body", "the content type must be application/json")
    try:
        value = json.loads(raw.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise WrongValueError("body", "it is not JSON") from error
    if not isinstance(value, dict):
        raise WrongValueError("body", "a JSON object is needed")
    if unknown := value.keys() - door.body["properties"].keys():
        raise WrongValueError(min(unknown)[:60], "there is no such field")
    return value
