"""The judgement in the words of a person who can still change the message: what, why, where, and what to do."""

from collections.abc import Mapping
from typing import Any

from addin_backend.addin.draft import FIRST, Draft
from milter.assess.explain import explained
from milter.assess.judge import Assessment
from milter.policy.partners import organisation_of
from milter.policy.policy import Policy
from milter.policy.reasons import BY_CODE
from milter.settings import Contact

MOST_FINDINGS = 100  # shown; how many there are is told


def answer(assessment: Assessment, draft: Draft, policy: Policy, contact: Contact) -> dict[str, Any]:
    """Give the answer to a check, as the service's description says."""
    told = explained(assessment)
    whole = assessment.facts.parts
    names = {part.path: part.name for part in whole}
    return {
        "action": told["action"],
        "protect": told["protect"],
        "grade": told["grade"],
        "categories": told["categories"],
        "recipients": [
            {
                "address": verdict["address"],
                "action": verdict["action"],
                "inside": person.route == "internal",
                "obligations": verdict["obligations"],
                "instead": _instead(person.address, person.successor),
                "reasons": [
                    {
                        "code": reason["code"],
                        "action": reason["action"],
                        "enforced": reason["enforced"],
                        "detail": reason["detail"],
                        "attachment": _attachment(reason["part"], len(draft.files)),
                    }
                    for reason in verdict["details"]
                ],
            }
            for verdict, person in zip(told["recipients"], assessment.people.recipients, strict=True)
        ],
        "reasons": _words(told),
        "findings": [
            {
                "kind": finding["kind"],
                "category": finding["category"],
                "masked": finding["masked"],
                "confidence": finding["confidence"],
                "where": finding["where"],
                "file": names.get(finding["part"], ""),
                "attachment": _attachment(finding["part"], len(draft.files)),
            }
            for finding in told["findings"][:MOST_FINDINGS]
        ],
        "found": len(told["findings"]),
        "organisation": organisation_of(draft.sender, policy) or contact.organisation,
        "mark": policy.subject_mark,
        "help": {
            "name": contact.help_name,
            "address": contact.help_address,
            "telephone": contact.help_telephone or contact.telephone,
        },
        "policy": told["policy"],
    }


def _words(told: Mapping[str, Any]) -> dict[str, Any]:
    codes = {reason["code"] for verdict in told["recipients"] for reason in verdict["details"]}
    return {
        code: {"title": entry.title, "why": entry.why, "steps": list(entry.steps), "rules": list(entry.rules)}
        for code in sorted(codes)
        for entry in (BY_CODE[code],)
    }


def _attachment(path: str, files: int) -> int | None:
    """Give the place, from 0, of the attachment that a part belongs to; None for the text and the subject."""
    number = path.partition(".")[0].partition("/")[0].partition("~")[0]
    place = int(number) - FIRST if number.isdecimal() and len(number) < 6 else -1
    return place if 0 <= place < files else None


def _instead(address: str, successor: str) -> str:
    """Give the address that was perhaps meant, where another domain is to be used; '' for none."""
    if not successor or "*" in successor:
        return ""
    return successor if "@" in successor else f"{address.rpartition('@')[0]}@{successor}"
