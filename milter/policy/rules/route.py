"""Rules on the way: what the route table demands for this recipient, and whether that is met (E1-E5, P2).

The row that decided is in each reason's detail.
"""

from collections.abc import Iterator

from milter.policy.case import ENCRYPTING, SAFE_EVIDENCE, Case, Found
from milter.policy.model import Action, Demand
from milter.policy.policy import Row

# The reason of a row that names none.
UNNAMED: dict[Demand, str] = {"hold": "route-held", "refuse": "route-refused", "portal": "portal-only"}
STOPPING: dict[Demand, Action] = {"hold": Action.HOLD, "refuse": Action.REFUSE, "portal": Action.HOLD}


def demand(case: Case) -> Iterator[Found]:
    """Give the reason of each row that decides, where its demand is not met by the message as it is."""
    for load, row, asked in case.rows:
        if asked in STOPPING:
            code = row.reason if row.reason and asked == row.demand else UNNAMED[asked]
            yield Found(code, detail=_detail(case, row, asked), action=STOPPING[asked])
        elif asked == "pass" and row.reason:
            yield Found(row.reason, detail=_detail(case, row, asked), action=Action.PASS)
        elif asked in ENCRYPTING and row.reason and (case.exposed or load.name == "locked"):
            action = Action.PROTECT if case.exposed else Action.PASS
            yield Found(row.reason, detail=_detail(case, row, asked), action=action)


def connection(case: Case) -> Iterator[Found]:
    """E4: where a verified connection is demanded, say so if there is one, and object if there is none.

    Where encryption is demanded as well ('both') and the evidence is missing, the next hop enforces the
    connection; known to be impossible, the message is held. Where the connection alone would do, encryption
    takes its place.
    """
    for _, row, asked in case.rows:
        if asked not in {"verified-tls", "both"}:
            continue
        detail = f"{_detail(case, row, asked)}; evidence of the way: {case.person.route}"
        if case.person.route in SAFE_EVIDENCE or (asked == "both" and case.person.route == "unknown"):
            yield Found("secure-connection", detail=detail)
        else:
            yield Found("route-not-verified", detail=detail, action=Action.HOLD if asked == "both" else None)


def telephone(case: Case) -> Iterator[Found]:
    """E8: where the row demands it, the password is told by telephone only."""
    for _, row, asked in case.rows:
        if asked == "telephone":
            yield Found("telephone-only", detail=_detail(case, row, asked))


def _detail(case: Case, row: Row, asked: Demand) -> str:
    words = str(row) if asked == row.demand else f"{row}; {_of_partner(case, asked)}"
    if case.person.successor and row.reason == "retired-route":
        return f"use {case.person.successor} instead of {case.person.domain}; {words}"
    return words


def _of_partner(case: Case, asked: Demand) -> str:
    partner = case.person.partner
    if partner is not None and partner.may_have and asked != partner.route:
        return f"this partner may have {', '.join(partner.may_have)} only"
    return f"the partner's own route: {asked}"


RULES = (demand, connection, telephone)
