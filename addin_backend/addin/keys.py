"""Public keys that others publish: fetched over HTTPS from addresses that the configuration vouches for, and kept.

Guarantees: bounded memory and time; a key that is not known makes at most one fetch a minute, whoever asks; while
a publisher can't be reached, what it published within a day is believed.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpx

KEPT_SECONDS = 3_600.0
BELIEVED_SECONDS = 24 * 3_600.0
AGAIN_SECONDS = 60.0  # between two fetches of one document
DEADLINE_SECONDS = 5.0
MOST_BYTES = 512 * 1024
MOST_DOCUMENTS = 32

Fetch = Callable[[str], Awaitable[bytes]]


class KeysUnavailableError(Exception):
    """A publisher could not be asked, or what it said is no document of keys."""


@dataclass(frozen=True, slots=True)
class _Kept:
    document: Any
    at: float


async def fetch(url: str) -> bytes:
    """Fetch a document; follows no redirect, since only the address itself is vouched for."""
    try:
        async with (
            asyncio.timeout(DEADLINE_SECONDS),
            httpx.AsyncClient(verify=ssl.create_default_context(), follow_redirects=False) as client,
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise KeysUnavailableError("the document is too large")
            return bytes(content)
    except (httpx.HTTPError, TimeoutError) as error:
        raise KeysUnavailableError(type(error).__name__) from error


class Published:
    """Documents by their address."""

    def __init__(self, fetch: Fetch = fetch, now: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._tried: dict[str, float] = {}
        self._turn = asyncio.Lock()

    async def get(self, url: str, *, fresh: bool = False) -> Any:
        """Give a document; `fresh` where the one at hand lacks a key. Raises KeysUnavailableError."""
        async with self._turn:
            kept = self._kept.get(url)
            now = self._now()
            if kept and not fresh and now - kept.at < KEPT_SECONDS:
                return kept.document
            if now - self._tried.get(url, -AGAIN_SECONDS) >= AGAIN_SECONDS:
                await self._renew(url, now)
                kept = self._kept.get(url)
            if kept is None or now - kept.at > BELIEVED_SECONDS:
                raise KeysUnavailableError("nothing is known from there")
            return kept.document

    async def _renew(self, url: str, now: float) -> None:
        if url not in self._tried and len(self._tried) >= MOST_DOCUMENTS:
            raise KeysUnavailableError("too many publishers")
        self._tried[url] = now
        try:
            document = json.loads(await self._fetch(url))
        except (KeysUnavailableError, ValueError):
            return
        if isinstance(document, dict) and isinstance(document.get("keys"), list):
            self._kept[url] = _Kept(document, now)
