"""The list of held messages, with filters, and decisions about many at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from addin_backend.admin import acts, paging
from addin_backend.admin.names import names
from addin_backend.admin.roles import DECIDES
from addin_backend.admin.seeing import narrowed, places, seen
from addin_backend.admin.visit import NotThereError, Values, Visit
from milter.errors import RequestError
from milter.policy.reasons import CATALOGUE
from milter.store import accounts, quarantine, reports
from milter.store.accounts import Account
from milter.store.ids import read_reference
from milter.store.quarantine import Held, Search
from milter.store.transaction import Transaction

PATH = "/quarantine"
SOON = timedelta(days=2)
EACH = 50  # of a page
MOST_AT_ONCE = 100
GRADES = ("high", "medium", "low", "none")


def listing(visit: Visit) -> Response:
    """List held messages, latest first."""
    with visit.store.read() as tx:
        wanted = search_of(visit.query, visit.me, tx)
        found, after = quarantine.search(tx, wanted, after=paging.after_of(visit.query), limit=EACH)
        count = quarantine.count(tx, wanted)
        told: dict[str, Any] = {
            "ages": reports.ages(tx, visit.me.reach),
            "name": names(tx),
            "recipients": quarantine.recipients_of(tx, [one.id for one in found]),
            "now": tx.now,
        }
    return visit.page(
        "quarantine.html",
        section=PATH,
        found=found,
        count=count,
        reasons=[(entry.code, entry.title) for entry in CATALOGUE],
        places=places(visit.desk, visit.me.reach),
        decides=visit.may(DECIDES),
        values=visit.query,
        **paging.told(PATH, visit.query, after),
        **told,
    )


def search_of(query: Values, me: Account, tx: Transaction) -> Search:
    """Make a search of the filters; what is outside the scope finds nothing."""
    reference = read_reference(query.get("q"))
    wanted = Search(
        words=(reference or query.get("q"))[:200],
        waiting_only=query.get("state", "held") == "held",
        scope=narrowed(query, me),
        reason=query.get("reason")[:60],
        grade=query.get("grade") if query.get("grade") in GRADES else "",
        state=query.get("state") if query.get("state") in quarantine.STATES[1:] else "",
        expires_before=tx.now + SOON if query.get("soon") else None,
    )
    if query.get("mine"):
        wanted = replace(wanted, assigned_to=me.id, deputies_of=accounts.stood_in_for(tx, me.id))
    return wanted


def bulk(visit: Visit) -> Response:
    """Show what was ticked, and ask for the reason: nothing is done yet."""
    chosen = _chosen(visit)
    act = visit.form.get("act")
    if act not in acts.ACTS:
        raise RequestError("Choose what is to be done with the messages that you ticked.")
    return _confirm(visit, chosen, act, {})


def bulk_do(visit: Visit) -> Response:
    """Decide about each of them, and say what became of each."""
    chosen, act, reason = _chosen(visit), visit.form.get("act"), visit.form.get("reason")
    if not reason:
        return _confirm(visit, chosen, act, {"reason": "Enter a reason"})
    results = [(one, _decide(visit, one, act, reason)) for one in chosen]
    return visit.page("bulk-done.html", section=PATH, results=results, title=acts.ACTS.get(act, act))


def _decide(visit: Visit, one: Held, act: str, reason: str) -> str:
    policy = visit.desk.site.known.policy

    def work(tx: Transaction) -> str:
        full = seen(tx, visit.me, quarantine.get, one.id)
        waiting = [r.recipient for r in full.recipients if r.state == "held"]
        return acts.decide(tx, visit.me, one.id, waiting, act, reason, policy)

    try:
        return visit.store.submit(work).result()
    except RequestError as error:
        return f"Not done: {error}"
    except NotThereError:
        return "Not done: there is no such message."


def _chosen(visit: Visit) -> Sequence[Held]:
    wanted = visit.form.all("held")[:MOST_AT_ONCE]
    if not wanted:
        raise RequestError("Tick the messages first.")
    with visit.store.read() as tx:
        return [seen(tx, visit.me, quarantine.get, held_id).held for held_id in wanted]


def _confirm(visit: Visit, chosen: Sequence[Held], act: str, errors: dict[str, str]) -> Response:
    return visit.page(
        "bulk.html",
        422 if errors else 200,
        section=PATH,
        chosen=chosen,
        act=act,
        title=acts.ACTS.get(act, act),
        waiting=sum(one.waiting for one in chosen),
        errors=errors,
    )
