"""The reply to DATA: what the client is told, in words that a postmaster can act on."""

from milter.assess.judge import Assessment
from milter.dispatch.case import Case, Done
from milter.policy.reasons import BY_CODE
from milter.relay.reply import Reply

STORE_DOWN = Reply(451, "4.3.0", "The record of this message can't be written now; it is safe to try again")
BUSY = Reply(451, "4.3.0", "The same message is being dealt with on another connection; try again")
LOOP = Reply(554, "5.4.6", "This message came through here before; see the route of the next hop")

NOT_OURS = Reply(
    550, "5.7.1", "Mail from a shared server must carry X-Sealgate-Entry; see its transport rule"
)


def taken(reference: str) -> Reply:
    """Every recipient is accounted for."""
    return Reply(250, "2.0.0", f"Accounted for as {reference}")


def refused(assessment: Assessment, reference: str) -> Reply:
    """Refuse in the session, with the gravest reason of each recipient in words."""
    titles = dict.fromkeys(
        BY_CODE[verdict.reasons[0].code].title for verdict in assessment.verdicts if verdict.reasons
    )
    return Reply(550, "5.7.1", "\n".join((*titles, f"Reference {reference}")))


def nothing_done(done: Done) -> bool:
    """Whether this try came to nothing but what the next hop said, so that there is nothing to record."""
    kept = done.taken or done.waiting or done.held or done.plan.refused
    return bool(done.results) and not kept


def of_next_hop(done: Done) -> Reply:
    """Pass on what the next hop said to all: 4xx as 4xx, 5xx as 5xx; 4xx where recipients differ."""
    result = next(iter(done.deferred or done.bounced))
    return Reply(result.code, result.enhanced, result.text)


def for_done(case: Case, done: Done) -> Reply:
    """Answer behind the commit."""
    if done.deferred:
        first = done.deferred[0]
        return Reply(first.code, first.enhanced, first.text)
    return taken(case.id)
