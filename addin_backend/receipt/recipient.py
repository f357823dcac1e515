"""The recipient's page: confirm and get the password by a separate email, or say that it is not for you (E6, E8).

Guarantees: the password is on no page; it goes to the address that the documents went to and nowhere else.
What is pressed twice, or in two windows, counts once.
"""

from starlette.requests import Request
from starlette.responses import Response

from addin_backend.receipt.door import Door, answers
from addin_backend.receipt.forms import PERSON, problems_of_person
from milter import sharing
from milter.store.shares import Share

ANSWERED = ("confirmed", "released")  # nothing more is asked of the recipient


class RecipientPages:
    """The pages behind '/c/TOKEN'."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def show(self, request: Request, share: Share) -> Response:
        """Show who sent what kind of thing and when, and nothing else."""
        if share.state not in ANSWERED:
            return self._door.page(request, "confirm.html", share, errors={}, values={})
        limit = self._door.site.known.policy.sharing.reissues
        by_email = share.state == "released" and share.way in {"email", "both"}
        may_repeat = by_email and share.reissues < limit
        return self._door.page(request, "confirmed.html", share, by_email=by_email, may_repeat=may_repeat)

    async def answer(self, request: Request, share: Share) -> Response:
        """Take the word of the person it was meant for."""
        if share.state in ANSWERED:
            return self._door.back(request, "c")
        given = await answers(request, *PERSON)
        if problems := problems_of_person(given):
            return self._door.page(request, "confirm.html", share, status=400, errors=problems, values=given)
        person = tuple(given[name] for name in PERSON)
        await self._door.change(lambda tx: sharing.confirmed(tx, share.id, *person))
        return self._door.back(request, "c")

    async def ask(self, request: Request, share: Share) -> Response:
        """Ask once more, since it can't be undone."""
        return self._door.page(request, "not-for-me.html", share)

    async def refuse(self, request: Request, share: Share) -> Response:
        """Take the word of somebody it was not meant for: the password is destroyed, the incident's clock runs."""
        follows = await self._door.change(
            lambda tx: sharing.happened(tx, share.id, "not-for-me", "recipient")
        )
        if follows is None or follows.why_not:
            return self._door.gone()
        return self._door.page(request, "thank-you.html", share)

    async def again(self, request: Request, share: Share) -> Response:
        """Send a lost password once more, to the same address."""
        limit = self._door.site.known.policy.sharing.reissues
        await self._door.change(lambda tx: sharing.reissued(tx, share.id, "recipient", limit))
        return self._door.back(request, "c")
