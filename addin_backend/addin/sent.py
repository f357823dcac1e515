"""Protected messages that were sent: where they stand, taking one back, the card for telling a password (T1, E8).

Only the share's own sender may, by a token that names the mailbox's address. Exchange's own identity tokens name
none, so who signs in by those is sent to the link in the notice about the message, which proves as much.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request

from addin_backend.addin.caller import Caller
from addin_backend.addin.desk import Desk
from addin_backend.addin.problem import ProblemError
from addin_backend.addin.reading import small
from milter import sharing
from milter.errors import RequestError
from milter.message.address import domain_of
from milter.notices.moments import in_words
from milter.store import ids, judged, register, shares
from milter.store.shares import TRANSITIONS, Share
from milter.store.transaction import Transaction

T = TypeVar("T")

BY_LINK = "Use the link in the message that Sealgate sent you about it."
MOST_MESSAGE_ID = 998
MOST_ANSWER = 200  # characters of a name or a job title


async def of_message(desk: Desk, request: Request, caller: Caller) -> object:
    """Answer with the caller's shares of a sent message."""
    message_id = (await small(request)).get("message_id")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MOST_MESSAGE_ID:
        raise ProblemError("not-understood", "'message_id' is the Message-ID of a sent message.")
    _see_that_it_names_an_address(caller)

    def look() -> list[dict[str, Any]]:
        with desk.site.store.read() as tx:
            digest = judged.message_id_digest(tx.vault, message_id)
            found = [
                s for one in judged.find(tx, message_id_digest=digest) for s in shares.of_message(tx, one.id)
            ]
        return [_shown(share) for share in found if share.sender.lower() in caller.addresses]

    return {"shares": await asyncio.to_thread(look)}


async def withdraw(desk: Desk, request: Request, caller: Caller) -> object:
    """Take a share back: the password is destroyed, and the recipient is told where it left already."""
    actor = desk.actor(caller)

    def work(tx: Transaction) -> str:
        share = _theirs(tx, request, caller)
        return sharing.happened(tx, share.id, "withdrawn", actor).why_not

    if why_not := await _done(desk, work):
        raise ProblemError("not-possible", why_not)
    return {"state": "withdrawn"}


async def card(desk: Desk, request: Request, caller: Caller) -> object:
    """Give whom to ring, at which published number, and the password; that it was read is recorded."""
    actor = desk.actor(caller)

    def work(tx: Transaction) -> dict[str, Any]:
        share = _theirs(tx, request, caller)
        if share.way not in {"telephone", "both"} or share.state in shares.ENDED:
            raise RequestError("There is no telephone card for this message.")
        entry = register.get(tx, share.register_id) if share.register_id else None
        partner = desk.judging.known.policy.domains.find(domain_of(share.recipient))
        return {
            "recipient": share.recipient,
            "person": entry.recipient_name if entry else "",
            "job_title": entry.recipient_job_title if entry else "",
            "organisation": partner.name if partner else "",
            "telephone": partner.telephone if partner else "",  # what came by mail proves nothing (T1)
            "password": shares.password(tx, share.id, actor, "outlook-card"),
        }

    return await _done(desk, work)


async def told(desk: Desk, request: Request, caller: Caller) -> object:
    """Record whom the password was told (T1, R1)."""
    actor = desk.actor(caller)
    given = await small(request)
    name, job_title = (_line(given.get(field)) for field in ("name", "job_title"))
    if not name or not job_title:
        raise ProblemError("not-understood", "Write down the name and the job title of whom you told.")

    def work(tx: Transaction) -> str:
        return sharing.told(tx, _theirs(tx, request, caller).id, actor, name, job_title).why_not

    if why_not := await _done(desk, work):
        raise ProblemError("not-possible", why_not)
    return {"state": "released"}


def _shown(share: Share) -> dict[str, Any]:
    open_still = share.state not in shares.ENDED
    return {
        "id": share.id,
        "recipient": share.recipient,
        "state": share.state,
        "way": share.way,
        "sent_at": in_words(share.at),
        "expires_at": in_words(share.expires_at),
        "may_withdraw": "withdrawn" in TRANSITIONS[share.state],
        "may_card": open_still and share.way in {"telephone", "both"} and share.password_destroyed_at is None,
        "may_tell": "released" in TRANSITIONS[share.state] and share.way in {"telephone", "both"},
    }


def _theirs(tx: Transaction, request: Request, caller: Caller) -> Share:
    """Give the share that is asked for; another's can't be told from one that is not there."""
    _see_that_it_names_an_address(caller)
    reference = ids.read_reference(request.path_params["id"])
    try:
        share = shares.get(tx, reference or "", lock=True)
    except RequestError as error:
        raise ProblemError("not-found") from error
    if share.sender.lower() not in caller.addresses:
        raise ProblemError("not-found")
    return share


def _see_that_it_names_an_address(caller: Caller) -> None:
    if not caller.addresses:
        raise ProblemError("not-yours", BY_LINK)


def _line(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MOST_ANSWER]


async def _done(desk: Desk, work: Callable[[Transaction], T]) -> T:
    try:
        return await desk.change(work)
    except RequestError as error:
        raise ProblemError("not-possible", str(error)) from error
