"""Protected documents: who has confirmed, whose password went out, and what may still be done (E6, E8)."""

from starlette.responses import Response

from addin_backend.admin import paging
from addin_backend.admin.names import names
from addin_backend.admin.roles import HELPS_SHARES
from addin_backend.admin.seeing import narrowed, places, seen
from addin_backend.admin.visit import Visit
from milter import sharing
from milter.errors import RequestError
from milter.policy.domains import domain_of
from milter.store import register, shares, talk
from milter.store.accounts import Account
from milter.store.shares import Share
from milter.store.transaction import Transaction

PATH = "/shares"
EACH = 50
FILTERS = {
    "": shares.OPEN,
    "confirmed": ("confirmed", "released"),
    "ended": shares.ENDED,
}


def listing(visit: Visit) -> Response:
    """List shares, latest first; those that wait for their recipient where nothing else is asked for."""
    wanted = visit.query.get("state") if visit.query.get("state") in FILTERS else ""
    with visit.store.read() as tx:
        found, after = shares.search(
            tx,
            states=FILTERS[wanted],
            scope=narrowed(visit.query, visit.me),
            after=paging.after_of(visit.query),
            limit=EACH,
        )
        now = tx.now
    return visit.page(
        "shares.html",
        section=PATH,
        found=found,
        places=places(visit.desk, visit.me.reach),
        values=visit.query,
        now=now,
        **paging.told(PATH, visit.query, after),
    )


def show(visit: Visit) -> Response:
    """Show one share with its history."""
    with visit.store.read() as tx:
        share = seen(tx, visit.me, shares.get, visit.path["id"])
        history, name = shares.history(tx, share.id), names(tx)
        entry = register.get(tx, share.register_id) if share.register_id else None
        notes = talk.notes_about(tx, share.id)
    return visit.page(
        "share.html",
        section=PATH,
        share=share,
        history=history,
        entry=entry,
        notes=notes,
        name=name,
        helps=visit.may(HELPS_SHARES),
        ended=shares.ENDED,
    )


def act(visit: Visit) -> Response:
    """Withdraw it, have a lost password sent again, or note that it was told by telephone."""
    share_id, form = visit.path["id"], visit.form
    what, reason = form.get("act"), form.get("reason")[:2_000]
    told = form.get("person")[:200], form.get("job-title")[:200]
    limit = visit.desk.site.known.policy.sharing.reissues
    words = visit.store.submit(lambda tx: act_on(tx, visit.me, share_id, what, reason, told, limit)).result()
    return visit.go(f"{PATH}/{share_id}", done=words)


def act_on(
    tx: Transaction,
    me: Account,
    share_id: str,
    what: str,
    reason: str,
    told: tuple[str, str],
    limit: int,
) -> str:
    """Do it; give what was done in words. `told` is the name and job title of whom the password was told."""
    seen(tx, me, shares.get, share_id)
    actor = f"account:{me.id}"
    if what in {"withdraw", "reissue"} and not reason:
        raise RequestError("Give a reason.")
    if what == "withdraw":
        _follow(sharing.happened(tx, share_id, "withdrawn", actor).why_not)
        words = "It is withdrawn. Its password is destroyed, and the recipient is told."
    elif what == "reissue":
        sharing.reissued(tx, share_id, actor, limit)
        words = "The password is sent once more."
    elif what == "told" and all(told):
        _follow(sharing.told(tx, share_id, actor, *told).why_not)
        words = "It is recorded whom the password was told."
    else:
        raise RequestError("Say what is to be done, and to whom the password was told.")
    if reason:
        talk.add_note(tx, share_id, actor, reason)
    return words


def card(visit: Visit) -> Response:
    """Show the telephone card once: whom to ring, how to be sure who answers, and the password (T1, E8)."""
    share_id = visit.path["id"]

    def work(tx: Transaction) -> tuple[Share, str]:
        share = seen(tx, visit.me, shares.get, share_id)
        if share.way == "email":
            raise RequestError(
                "This password goes by e-mail once receipt is confirmed; there is no card for it."
            )
        return share, shares.password(tx, share_id, visit.actor, "card")

    share, password = visit.store.submit(work).result()
    with visit.store.read() as tx:
        entry = register.get(tx, share.register_id) if share.register_id else None
    partner = visit.desk.site.known.policy.domains.find(domain_of(share.recipient))
    return visit.page("card.html", section=PATH, share=share, entry=entry, partner=partner, password=password)


def _follow(why_not: str) -> None:
    if why_not:
        raise RequestError(why_not)
