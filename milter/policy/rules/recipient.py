"""Rules on who receives: the person who is meant, and not everybody at once (E2, P1).

Whether the recipient's kind may have what the message carries is the route table's to say (`route.py`).
"""

from collections.abc import Iterator

from milter.policy.case import PRIVATE, Case, Found

# Facts that look-ups found of a person, by the reason that each is.
FACTS = (
    ("first-mail", "first-mail"),
    ("near-miss", "near-miss"),
    ("unusual-address", "unusual-address"),
    ("internal-name-outside", "internal-name-outside"),
    ("group-with-outside-members", "group-with-outside-members"),
)


def look_alike(case: Case) -> Iterator[Found]:
    """E2: a domain that resembles an approved one is a slip or a forgery."""
    if case.sensitive and "look-alike" in case.person.facts:
        yield Found(
            "look-alike-domain",
            detail=f"{case.person.domain} looks like {case.person.successor}, which is approved",
        )


def known_facts(case: Case) -> Iterator[Found]:
    """E2: what the directory and past mail say against an address that personal information goes to."""
    if case.sensitive:
        remarks = dict(case.person.remarks)
        for fact, code in FACTS:
            if fact in case.person.facts:
                yield Found(code, detail=remarks.get(fact) or _suggestion(case))


def group_inside(case: Case) -> Iterator[Found]:
    """E2: a group of the own organisation with members outside is a way out like any other."""
    code = "group-with-outside-members"
    private = any(load.name in PRIVATE for load, _, _ in case.rows)
    if case.inside and private and code in case.person.facts:
        yield Found(code, detail=dict(case.person.remarks).get(code, ""))


def many_outside(case: Case) -> Iterator[Found]:
    """P1: the list of addresses is itself a disclosure, whatever the message says."""
    if case.inside:
        return
    outside, organisations = case.contents.crowd
    if outside > case.policy.many_recipients and organisations > 1:
        yield Found(
            "many-outside-recipients",
            detail=f"{outside} outside addresses in To and Cc, of {organisations} organisations or people",
        )


def _suggestion(case: Case) -> str:
    return f"perhaps {case.person.successor} was meant" if case.person.successor else ""


RULES = (look_alike, known_facts, group_inside, many_outside)
