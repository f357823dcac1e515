"""The sender's page of a share: what became of it, take it back, and whom the password was told (T1, R1)."""

from starlette.requests import Request
from starlette.responses import Response

from addin_backend.receipt.door import Door, answers
from addin_backend.receipt.forms import TOLD, problems_of_told
from milter import sharing
from milter.store.shares import TRANSITIONS, Share

STATES = {
    "sent": "Sent. Nobody has confirmed it yet.",
    "delivered": "Delivered to the recipient's mail system. Nobody has confirmed it yet.",
    "displayed": "Shown by the recipient's mail program, or answered. Nobody has confirmed it yet.",
    "confirmed": "The recipient has confirmed it. The password has not been given yet.",
    "released": "The recipient has the password.",
}


class SenderPages:
    """The pages behind '/s/TOKEN'."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def show(self, request: Request, share: Share) -> Response:
        """Show what became of it."""
        return self._shown(request, share)

    async def ask(self, request: Request, share: Share) -> Response:
        """Ask once more, since it can't be undone."""
        return self._door.page(request, "take-back.html", share)

    async def take_back(self, request: Request, share: Share) -> Response:
        """Take it back: the password is destroyed, and the recipient is told where the message left already."""
        follows = await self._door.change(lambda tx: sharing.happened(tx, share.id, "withdrawn", "sender"))
        if follows is None or follows.why_not:
            return self._door.back(request, "s")
        return self._door.page(request, "taken-back.html", share, left=bool(follows.notices))

    async def told(self, request: Request, share: Share) -> Response:
        """Write down whom the password was told."""
        given = await answers(request, *TOLD)
        if self._may_tell(share):
            if problems := problems_of_told(given):
                return self._shown(request, share, 400, problems, given)
            person = tuple(given[name] for name in TOLD)
            await self._door.change(lambda tx: sharing.told(tx, share.id, "sender", *person))
        return self._door.back(request, "s")

    def _shown(
        self,
        request: Request,
        share: Share,
        status: int = 200,
        errors: dict[str, str] | None = None,
        values: object = None,
    ) -> Response:
        return self._door.page(
            request,
            "sender.html",
            share,
            status=status,
            state=STATES[share.state],
            may_take_back="withdrawn" in TRANSITIONS[share.state],
            may_tell=self._may_tell(share),
            errors=errors or {},
            values=values or {},
        )

    def _may_tell(self, share: Share) -> bool:
        return share.way in {"telephone", "both"} and "released" in TRANSITIONS[share.state]
