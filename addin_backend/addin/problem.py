"""What went wrong, as clients can read it and people too (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"

# Each problem that a client may have to tell from others: its code, status and title. Codes are stable.
PROBLEMS: Mapping[str, tuple[int, str]] = {
    "not-understood": (400, "The request is not as the service's description says"),
    "sign-in-needed": (401, "The sign-in does not hold"),
    "not-yours": (403, "This belongs to somebody else"),
    "not-found": (404, "There is no such thing here"),
    "attachments-needed": (409, "Some attachments are not known yet; send them with the request"),
    "not-possible": (409, "This can't be done any more"),
    "too-large": (413, "This is larger than can be checked here; the gateway checks it when it is sent"),
    "too-many": (429, "Too many requests; try again in a minute"),
    "busy": (503, "The service is busy; the gateway checks the message when it is sent"),
}


class ProblemError(Exception):
    """Ends a request with one of PROBLEMS; `detail` is safe to show to a person."""

    def __init__(self, code: str, detail: str = "", **more: Any) -> None:
        super().__init__(code)
        self.code, self.detail, self.more = code, detail, more


def problem(error: ProblemError) -> Response:
    """Give the answer to a request that ended so."""
    status, title = PROBLEMS[error.code]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    headers |= {"Retry-After": "60"} if status in {429, 503} else {}
    return _answer(status, error.code, title, error.detail, headers, error.more)


def plain_problem(status: int, title: str, *what: str) -> Response:
    """Give the answer to a request that failed before it reached the service's own code."""
    known = {status: code for code, (status, _) in reversed(tuple(PROBLEMS.items()))}
    return _answer(status, known.get(status, "failed"), title, " ".join(what), {}, {})


def _answer(
    status: int, code: str, title: str, detail: str, headers: Mapping[str, str], more: Mapping[str, Any]
) -> Response:
    body = {"type": f"/problems/{code}", "title": title, "status": status, "code": code, **more}
    if detail:
        body["detail"] = detail
    return JSONResponse(body, status, headers=dict(headers), media_type=MEDIA_TYPE)
