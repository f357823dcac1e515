"""`POST /api/v1/check`: what the gateway would do with a message that is still being written.

Whose message: an Entra token names its mailbox, which may be the draft's sender; so may another address of an own
organisation, since people send for shared mailboxes and Exchange, not this service, decides who may. Exchange's own
tokens name no address, so any address of an own organisation may be the sender. What habit says (whom a mailbox
writes to) is told for the token's own mailbox alone; all else that is answered rests on the draft and the policy.
"""

from starlette.requests import Request

from addin_backend.addin.answer import answer
from addin_backend.addin.caller import Caller
from addin_backend.addin.desk import Desk
from addin_backend.addin.draft import Draft
from addin_backend.addin.problem import ProblemError
from addin_backend.addin.reading import draft_in


async def check(desk: Desk, request: Request, caller: Caller) -> object:
    """Answer a check."""
    judging = desk.judging
    await judging.ready()
    turns = await judging.turn()
    try:
        known = judging.known
        draft = await draft_in(request, known.settings)
        _see_that_it_is_theirs(desk, draft, caller)
        files = judging.known_files(draft, caller.subject)
        needed = [n for n, file in enumerate(draft.files) if file.content is None and n not in files]
        if needed:
            raise ProblemError("attachments-needed", needed=needed)
        own = draft.sender.lower() in caller.addresses
        assessment = await judging.judge(draft, caller.subject, files, own_mailbox=own)
    finally:
        turns.release()
    return answer(assessment, draft, known.policy, known.settings.contact)


def _see_that_it_is_theirs(desk: Desk, draft: Draft, caller: Caller) -> None:
    if draft.sender.lower() not in caller.addresses and not desk.is_ours(draft.sender):
        raise ProblemError("not-yours", "The sender is neither your mailbox nor one of your organisation's.")
    if caller.addresses and not any(desk.is_ours(address) for address in caller.addresses):
        raise ProblemError("not-yours", "Your mailbox belongs to none of the organisations here.")
