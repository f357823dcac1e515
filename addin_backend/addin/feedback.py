"""'This is no personal information': a false positive is reported by its features alone, never by its value (law 8)."""

from typing import Any

from starlette.requests import Request

from addin_backend.addin.caller import Caller
from addin_backend.addin.desk import Desk
from addin_backend.addin.problem import ProblemError
from addin_backend.addin.reading import small
from milter.assess.wire import CATEGORIES
from milter.detect.finding import KINDS
from milter.policy.reasons import BY_CODE
from milter.store import ids, talk

PLACES = ("subject", "body", "attachment")


async def report(desk: Desk, request: Request, caller: Caller) -> object:
    """Take down that a reason or a finding was wrong."""
    given = await small(request)
    code = given.get("code")
    if not isinstance(code, str) or (code not in BY_CODE and code not in _kinds(desk)):
        raise ProblemError("not-understood", "'code' is a reason or a kind of finding.")
    features, reference = (
        _features(given),
        ids.reference(),
    )  # of a message that was not sent, so not judged yet
    actor = desk.actor(caller)
    await desk.change(lambda tx: talk.give_feedback(tx, reference, actor, "false-positive", code, features))
    return {"reference": reference}


def _kinds(desk: Desk) -> tuple[str, ...]:
    return (*KINDS, *(pattern.kind for pattern in desk.judging.known.knowledge.detectors.own))


def _features(given: dict[str, Any]) -> dict[str, Any]:
    """Give what may be kept: words of a list, and a figure. Anything else that is sent is dropped."""
    features: dict[str, Any] = {"from": "outlook"}
    if given.get("category") in CATEGORIES:
        features["category"] = given["category"]
    if given.get("place") in PLACES:
        features["place"] = given["place"]
    confidence = given.get("confidence")
    if isinstance(confidence, int | float) and 0 <= confidence <= 1:
        features["confidence"] = round(float(confidence), 2)
    return features
