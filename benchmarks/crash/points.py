"""The points at which a gateway process is killed on purpose: every commit, and every step out of the process.

MARKS and STEPS are the list. Nothing of it is in the product: a daemon that the harness starts wraps the functions
that stand at them. At a point the process looks for the point's fuse, a file; who takes it kills itself, so each
fuse burns once, in whichever process comes there first.

A commit that bears none of the marks leaves a file 'unknown-...', which fails the run: so the list stays whole.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from milter.dispatch import Dispatch, receiving, recording
from milter.outbox import drain
from milter.relay.client import NextHopClient
from milter.relay.connection import Connection
from milter.store import agreed, decisions, learnt, outbox, owners, policies, progress, shares
from milter.store.engine import Store

MARKS: tuple[tuple[str, Any, str], ...] = (  # a function that runs in the transaction, and the commit's name
    ("policy-noted", policies, "loaded"),
    ("message-claimed", progress, "claim"),
    ("share-begun", shares, "begin"),
    ("message-recorded", progress, "account"),
    ("claim-let-go", progress, "let_go"),
    ("share-taken-back", recording, "take_back"),
    ("refusal-recorded", recording, "record_refused_in_session"),
    ("receipt-taken", receiving, "_take"),
    ("outbox-leased", outbox, "lease"),
    ("outbox-made", drain, "parcel_for"),
    ("outbox-sent", outbox, "done"),
    ("outbox-put-back", outbox, "retry"),
    ("outbox-freed", owners, "free_outbox"),
    ("schedule-run", decisions, "expire"),
)
RARE: tuple[
    tuple[str, Any, str], ...
] = (  # commits that this traffic does not come to, by what it leaves out
    ("agreed-password-read", agreed, "password"),  # no partner has one
    ("evidence-remembered", learnt, "see"),  # DNS is off
    ("outbox-void", drain, "voided"),  # nothing is withdrawn
    ("lease-renewed", outbox, "renew"),  # alone only before a held message is put right
)
STEPS = (
    "relay-begins",  # the very bytes that came, to the next hop
    "relay-answered",
    "copy-begins",  # a protected copy; its share is committed
    "copy-answered",
    "mail-begins",  # an outbox item: notice, password, released message
    "mail-answered",
    "dot-sent",  # the whole message is with the next hop, and its answer is not here yet
    "answer-due",  # all is committed, and the client has not heard of it
)
POINTS = tuple(f"{name}.{when}" for name, _, _ in MARKS for when in ("in", "after")) + STEPS

_unit = threading.local()
_fuses = Path(os.devnull)


def arm(fuses: Path) -> None:
    """Wrap what stands at the points, in this process and those that it forks."""
    global _fuses  # noqa: PLW0603  one for the process
    _fuses = fuses
    for name, module, function in (*MARKS, *RARE):
        setattr(module, function, _marking(name, getattr(module, function)))
    Store.submit = _submitting(Store.submit)  # type: ignore[method-assign]
    NextHopClient.send = _sending(NextHopClient.send)  # type: ignore[method-assign]
    Connection._read_reply = _reading(Connection._read_reply)  # type: ignore[method-assign]
    Dispatch.deliver = _delivering(Dispatch.deliver)  # type: ignore[method-assign]


def reach(point: str) -> None:
    """Come to a point: die where its fuse lies there."""
    try:
        os.unlink(_fuses / point)  # noqa: PTH108  as little as can be
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _marking(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def marked(*arguments: Any, **more: Any) -> Any:
        result = function(*arguments, **more)
        _unit.__dict__.setdefault("names", []).append(name)
        reach(f"{name}.in")
        return result

    return marked


def _submitting(submit: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
    def submitted(store: Store, work: Callable[[Any], Any]) -> Future[Any]:
        names: list[str] = []

        def marked(tx: Any) -> Any:
            _unit.names = []
            result = work(tx)
            names[:] = _unit.names or ["unknown"]
            return result

        def committed(future: Future[Any]) -> None:
            if future.cancelled() or future.exception() is not None:
                return
            for name in names:
                reach(f"{name}.after")
            if names == ["unknown"]:
                (
                    _fuses
                    / f"unknown-{getattr(work, '__qualname__', 'work')}".replace("<", "").replace(">", "")
                ).touch()

        future = submit(store, marked)
        future.add_done_callback(committed)  # in the writer's thread, before the event loop hears of it
        return future

    return submitted


def _sending(send: Callable[..., Any]) -> Callable[..., Any]:
    async def sent(hop: NextHopClient, *arguments: Any, as_received: bool = False) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        what = "relay" if as_received else "mail" if caller.startswith("milter.outbox") else "copy"
        reach(f"{what}-begins")
        results = await send(hop, *arguments, as_received=as_received)
        reach(f"{what}-answered")
        return results

    return sent


def _reading(read: Callable[..., Any]) -> Callable[..., Any]:
    async def read_reply(connection: Connection) -> Any:
        if connection.body_sent:
            reach("dot-sent")
        return await read(connection)

    return read_reply


def _delivering(deliver: Callable[..., Any]) -> Callable[..., Any]:
    async def delivered(*arguments: Any) -> Any:
        reply = await deliver(*arguments)
        reach("answer-due")
        return reply

    return delivered
