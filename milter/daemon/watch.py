"""What machines ask of a running gateway, by HTTP on a private port: alive, ready, metrics.

    GET /healthz   200 while the process answers at all
    GET /readyz    200 where mail can be taken: the store answers, the next hop is known; else 503 and which is missing
    GET /metrics   Prometheus' text format, of all processes of this node; and what waits in the store

Guarantees: no address, subject, name or reference is ever told (law 8); nothing can be changed; a request is
bounded in size and time. Each process listens on the same port, and any of them answers for all.
"""

import asyncio
from collections.abc import Callable

from milter import metrics
from milter.errors import StoreError
from milter.relay.capabilities import Capabilities
from milter.smtpd.server import bind
from milter.store.backlog import Backlog, backlog
from milter.store.engine import Store

_HEAD_BYTES = 8 * 1024
_SECONDS = 5.0
_AT_ONCE = 20
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class Watch:
    """Answers for one gateway process."""

    def __init__(self, store: Store, capabilities: Callable[[], Capabilities | None]) -> None:
        self._store = store
        self._capabilities = capabilities
        self._under_way = 0

    async def start(self, listen: str) -> asyncio.Server:
        """Listen at 'host:port', which the other processes share."""
        return await asyncio.start_server(self._serve, sock=bind(listen), limit=_HEAD_BYTES)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._under_way += 1
        try:
            if self._under_way <= _AT_ONCE:
                async with asyncio.timeout(_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(await self._answer(head))
                    await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asks so gets no answer
        finally:
            self._under_way -= 1
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in {b"GET", b"HEAD"}:
            return _response(405, "only GET")
        if path == b"/healthz":
            return _response(200, "alive")
        if path == b"/readyz":
            missing = await asyncio.to_thread(self._missing)
            return _response(503 if missing else 200, ", ".join(missing) or "ready")
        if path == b"/metrics":
            return _response(200, await asyncio.to_thread(self._metrics))
        return _response(404, "healthz, readyz or metrics")

    def _missing(self) -> list[str]:
        missing = [] if self._capabilities() else ["the next hop was never reached"]
        if self._backlog() is None:
            missing.append("the store does not answer")
        return missing

    def _metrics(self) -> str:
        waiting = self._backlog()
        gauges = [
            (
                "sealgate_next_hop_known",
                "Whether the next hop was ever reached",
                float(bool(self._capabilities())),
            ),
            ("sealgate_store_up", "Whether the store answers", float(waiting is not None)),
        ]
        if waiting is not None:
            gauges += [
                ("sealgate_held_messages", "Messages that wait for a reviewer", waiting.held),
                ("sealgate_held_oldest_seconds", "Age of the oldest of them", waiting.held_oldest),
                ("sealgate_outbox_waiting", "Messages that the store asks to be sent", waiting.owed),
                ("sealgate_outbox_late_seconds", "How long the first of them is overdue", waiting.owed_late),
                (
                    "sealgate_outbox_failed",
                    "Messages that could not be sent, for an operator",
                    waiting.failed,
                ),
            ]
        lines = (
            f"# HELP {name} {words}\n# TYPE {name} gauge\n{name} {value}\n" for name, words, value in gauges
        )
        return metrics.render() + "".join(lines)

    def _backlog(self) -> Backlog | None:
        """Ask the store what waits; None where it does not answer."""
        try:
            with self._store.read() as tx:
                return backlog(tx)
        except StoreError:
            return None


def _response(status: int, words: str) -> bytes:
    body = (words if words.endswith("\n") else words + "\n").encode()
    kind = "text/plain; version=0.0.4; charset=utf-8"
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
