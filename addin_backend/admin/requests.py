"""What staff ask of the reviewers, and the answers."""

from starlette.responses import Response

from addin_backend.admin import acts
from addin_backend.admin.names import names
from addin_backend.admin.roles import DECIDES
from addin_backend.admin.seeing import seen
from addin_backend.admin.visit import Visit
from milter.store import judged, register, talk

PATH = "/requests"


def listing(visit: Visit) -> Response:
    """List requests, the oldest open ones first."""
    state = "answered" if visit.query.get("state") == "answered" else "open"
    with visit.store.read() as tx:
        found = talk.listed(tx, state=state, scope=visit.me.reach)
        name = names(tx)
    return visit.page("requests.html", section=PATH, found=found, state=state, name=name)


def show(visit: Visit) -> Response:
    """Show one request with its message."""
    return _page(visit, {})


def answer(visit: Visit) -> Response:
    """Answer it; the sender is told."""
    request_id, text = visit.path["id"], visit.form.get("answer")
    if not text:
        return _page(visit, {"answer": "Enter the answer"})
    wrong = visit.form.get("false-positive")
    visit.store.submit(lambda tx: acts.answer_request(tx, visit.me, request_id, text, wrong)).result()
    return visit.go(PATH, done="The sender gets your answer by e-mail.")


def _page(visit: Visit, errors: dict[str, str]) -> Response:
    with visit.store.read() as tx:
        request = seen(tx, visit.me, talk.get, visit.path["id"])
        told = {
            "request": request,
            "message": judged.get(tx, request.judged_id),
            "reasons": judged.reasons_of(tx, request.judged_id),
            "entries": register.of_message(tx, request.judged_id),
            "name": names(tx),
        }
    decides = visit.may(DECIDES)
    return visit.page(
        "request.html", 422 if errors else 200, section=PATH, decides=decides, errors=errors, **told
    )
