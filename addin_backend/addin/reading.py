"""Reads what a request brings, within limits of size and time.

A draft comes as one JSON object, or as lines of JSON (application/x-ndjson): the draft first, then its attachments'
content in pieces, each line {"attachment": 0, "content": "base64 ..."} in order, so that a large file is never held as
text in whole, on either side.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import ClientDisconnect, Request

from addin_backend.addin.draft import Draft, decoded, draft_of, take_content
from addin_backend.addin.problem import ProblemError
from milter.settings import Settings

SECONDS = 60.0
MOST_LINE = 4 * 1024 * 1024
MOST_SMALL = 64 * 1024  # of every request but a check
LINES = "application/x-ndjson"


async def small(request: Request) -> dict[str, Any]:
    """Give the object that a request brings. Raises ProblemError."""
    value = _json(await _whole(request, MOST_SMALL))
    if not isinstance(value, dict):
        raise ProblemError("not-understood", "The request's body is an object.")
    return value


async def draft_in(request: Request, settings: Settings) -> Draft:
    """Give the draft that a request brings. Raises ProblemError."""
    most = settings.smtp.size_bytes
    try:
        async with asyncio.timeout(SECONDS):
            if request.headers.get("content-type", "").partition(";")[0].strip() == LINES:
                return await _by_lines(request, most, settings.smtp.recipients)
            return draft_of(_json(await _whole(request, most * 3 // 2)), settings.smtp.recipients)
    except TimeoutError as error:
        raise ProblemError("too-large", "It took too long to arrive.") from error


async def _by_lines(request: Request, most: int, most_recipients: int) -> Draft:
    draft: Draft | None = None
    pieces: dict[int, bytearray] = {}
    total = 0
    async for line in _lines(request):
        if draft is None:
            draft = draft_of(_json(line), most_recipients)
            continue
        place, content = _piece(_json(line), draft)
        total += len(content)
        if total > most:
            raise ProblemError("too-large")
        pieces.setdefault(place, bytearray()).extend(content)
    if draft is None:
        raise ProblemError("not-understood", "The first line is the draft.")
    for place, whole in pieces.items():
        take_content(draft.files[place], bytes(whole))
    return draft


def _piece(given: Any, draft: Draft) -> tuple[int, bytes]:
    place = given.get("attachment") if isinstance(given, dict) else None
    if type(place) is not int or not 0 <= place < len(draft.files):
        raise ProblemError("not-understood", "A line names an attachment of the draft, counted from 0.")
    return place, decoded(given.get("content"))


async def _lines(request: Request) -> AsyncIterator[bytes]:
    waiting = bytearray()
    try:
        async for piece in request.stream():
            waiting += piece
            while (end := waiting.find(b"\n")) >= 0:
                line = bytes(waiting[:end])
                del waiting[: end + 1]
                if line.strip():
                    yield line
            if len(waiting) > MOST_LINE:
                raise ProblemError("too-large", "A line is longer than 4 MiB.")
    except ClientDisconnect as error:
        raise ProblemError("not-understood") from error
    if waiting.strip():
        yield bytes(waiting)


async def _whole(request: Request, most: int) -> bytes:
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > most:
                raise ProblemError("too-large")
    except ClientDisconnect as error:
        raise ProblemError("not-understood") from error
    return bytes(content)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProblemError("not-understood", "The request's body is no JSON.") from error
