"""Verdicts of people on what was found: kept with the features that tuning needs, and nothing of the content.

Pages, add-in and commands call `give`. Features come from what is kept of the judgement: kinds, confidence, grades,
formats, counts, and which policy answered. They hold no value, masked or not, no name and no subject.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from milter.errors import RequestError
from milter.store import judged, talk
from milter.store.transaction import Transaction, need

Verdict = Literal["false-positive", "missed", "right"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_CODE = re.compile(r"[a-z][a-z0-9-]{0,59}")


def codes_of(tx: Transaction, judged_id: str) -> tuple[str, ...]:
    """Give what can be called right or false of a message: its reasons, and the kinds of what was found in it."""
    reasons = {reason.code for reason in judged.reasons_of(tx, judged_id)}
    kinds = {str(finding["kind"]) for _, finding in _findings(judged.facts_of(tx, judged_id))}
    return (*sorted(reasons), *sorted(kinds))


def give(
    tx: Transaction,
    judged_id: str,
    actor: str,
    verdict: str,
    code: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Keep a verdict on a reason or a kind of finding of one message; `more` are features that the caller knows.

    RequestError where the message is unknown, the verdict is none, or the message has no such reason or finding;
    what was missed may be of any kind, and so may what was found in a message whose facts are gone.
    """
    need(judged.get(tx, judged_id), "message")
    if verdict not in VERDICTS:
        words = f"The verdict is one of {', '.join(VERDICTS)}."
        raise RequestError(words)
    known = codes_of(tx, judged_id)
    open_ended = verdict == "missed" or judged.facts_of(tx, judged_id) is None  # nobody knows what was found
    if code not in known and not (open_ended and _CODE.fullmatch(code)):
        words = f"The message has no reason or finding '{code}'; it has {', '.join(known) or 'none'}."
        raise RequestError(words)
    talk.give_feedback(tx, judged_id, actor, verdict, code, {**features(tx, judged_id, code), **(more or {})})


def features(tx: Transaction, judged_id: str, code: str) -> Mapping[str, Any]:
    """Give the features of one reason or kind of finding in a message, as far as its facts are still kept."""
    message = need(judged.get(tx, judged_id), "message")
    told: dict[str, Any] = {
        "policy": message.policy,
        "action": message.action,
        "grade": message.grade,
        "categories": message.categories,
        "recipients": message.recipients,
    }
    for reason in judged.reasons_of(tx, judged_id):
        if reason.code == code:
            told |= {"reason-action": reason.action, "enforced": reason.enforced}
    facts = judged.facts_of(tx, judged_id)
    everything = list(_findings(facts))
    told["company"] = sorted({str(finding["kind"]) for _, finding in everything} - {code})
    for part, finding in everything:
        if finding["kind"] == code:
            place = {"format": part["format"], "role": part["role"], "confidence": finding["confidence"]}
            told.setdefault("places", []).append(place | {"part-grade": part["examination"]["grade"]})
    return told


def _findings(facts: Any) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for part in facts["parts"] if facts else ():
        for finding in part["examination"]["findings"]:
            yield part, finding
