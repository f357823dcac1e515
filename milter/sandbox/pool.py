"""The parent's side: a few warm children, given one piece of work at a time, killed when they overstay.

Guarantees: a call answers or raises ChildFailed within `limits.seconds` and a little, or twice that where its
first child was killed from outside; a cancelled call kills its child; no child outlives the pool, and none is left
a zombie; a child's answer is checked before it is believed. Works under asyncio and uvloop.
"""

import array
import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from milter.errors import SealgateError
from milter.sandbox import wire
from milter.sandbox.source import Source, begun
from milter.settings import ReadLimits

FailureKind = Literal["died", "timeout", "memory", "limit"]
PACKET_BYTES = 64 * 1024
START_SECONDS = 120.0  # to import everything on a slow machine
END_SECONDS = 3.0


class ChildFailed(SealgateError):  # noqa: N818 the name is part of the contract
    """A child could not do its work; `kind` says how, in a word of its own."""

    def __init__(self, kind: FailureKind, detail: str = "") -> None:
        super().__init__(f"the reading process failed ({kind})")
        self.kind: FailureKind = kind
        self.detail = detail  # a type name, for developers


class _Killed(ChildFailed):
    """The child was killed by someone else, such as the kernel short of memory: not the doing of what it read."""


@dataclass(slots=True)
class _Child:
    number: int  # by which the zygote knows it
    channel: socket.socket


class Sandbox:
    """`size` warm children of `target`, a module or 'module:function', prepared with `init`."""

    def __init__(
        self,
        target: str,
        init: Mapping[str, Any],
        *,
        size: int,
        limits: ReadLimits,
        inherited: Sequence[int] = (),
        source: Source | None = None,
    ) -> None:
        """Make one; `inherited` are descriptors that `prepare` finds under the same numbers.

        `source` has been begun already, to be the first that children come from.
        """
        self._target, self._init, self._limits = target, dict(init), limits
        self._inherited = tuple(inherited)
        self._size = max(1, size)
        self._free = asyncio.Semaphore(self._size)
        self._idle: list[_Child] = []
        self._at_work = 0
        self._turn = asyncio.Lock()  # one question at a time to the zygote
        self._given = source
        self._source: Source | None = None
        self._measures: tuple[str, ...] = ()
        self._numbers = 0
        self._renewing: set[asyncio.Task[None]] = set()
        self._filling: asyncio.Task[None] | None = None
        self._closed = False

    def measures(self) -> tuple[str, ...]:
        """Name what confines the children here: of limits, namespaces, privileges, landlock, seccomp; once started."""
        return self._measures

    async def start(self) -> None:
        """Import the target and fork the children. Raises ChildFailed, and says why, where that fails."""
        async with self._turn:
            await self._start_zygote()
        await self._fill()

    async def begin(self) -> None:
        """Have children prepared and go on meanwhile; what is asked before they are there waits for them."""
        async with self._turn:
            self._send_start()
        self._filling = asyncio.get_running_loop().create_task(self._filled())

    async def wait(self) -> None:
        """Wait for what `begin` began; where it failed, the next call starts anew and says why."""
        if self._filling is not None:
            await asyncio.wait((self._filling,))

    async def call(self, header: Mapping[str, Any], *pieces: bytes) -> tuple[dict[str, Any], bytes]:
        """Have `work(header, content)` done in a child; the content is the pieces together. Raises ChildFailed."""
        async with self._free:
            try:
                envelope, out = await self._at(header, pieces)
            except _Killed:
                # Once more, so that mail is not held for it; not again, lest it is what kills them.
                envelope, out = await self._at(header, pieces)
        failed, answer = envelope.get("failed"), envelope.get("answer")
        if failed in ("died", "timeout", "memory", "limit"):
            raise ChildFailed(failed, str(answer)[:100])
        if failed or not isinstance(answer, dict):
            raise ChildFailed("died", "an answer that is none")
        return answer, out

    async def _at(self, header: Mapping[str, Any], pieces: Sequence[bytes]) -> wire.Message:
        """Take a child, ask it, and put it back where it is still good."""
        self._at_work += 1
        child: _Child | None = None
        good = False
        try:
            child = await self._take()
            message = await self._ask(child, header, pieces)
            good = message[0].get("worn") is False and not self._closed
            return message
        finally:
            self._at_work -= 1
            if child is not None and good:
                self._idle.append(child)
            elif child is not None:
                self._drop(child)

    async def close(self) -> None:
        """End all children and the process that they come from."""
        self._closed = True
        if self._filling is not None and not self._filling.done():
            self._filling.cancel()
            await asyncio.wait((self._filling,))
        await asyncio.gather(*self._renewing, return_exceptions=True)
        for child in self._idle:
            child.channel.close()
        self._idle.clear()
        self._end_zygote()

    # How children come and go

    async def _filled(self) -> None:
        with contextlib.suppress(ChildFailed):
            await self._fill()

    async def _fill(self) -> None:
        while self._has_room():
            child = await self._fork()
            if self._has_room():
                self._idle.append(child)
            else:  # a call was quicker and forked its own
                self._drop(child)

    def _has_room(self) -> bool:
        return not self._closed and self._at_work + len(self._idle) < self._size

    async def _take(self) -> _Child:
        while self._idle:
            child = self._idle.pop()
            if _alive(child):
                return child
            self._drop(child)
        return await self._fork()

    def _drop(self, child: _Child) -> None:
        """Have a child ended and another forked, behind the caller's back."""
        child.channel.close()
        task = asyncio.get_running_loop().create_task(self._renew(child))
        self._renewing.add(task)
        task.add_done_callback(self._renewing.discard)

    async def _renew(self, child: _Child) -> None:
        with contextlib.suppress(ChildFailed):
            await self._end(child)
            if self._has_room():
                self._idle.append(await self._fork())

    async def _fork(self) -> _Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            async with self._turn:
                try:
                    await self._have_source()
                except BaseException:
                    ours.close()
                    raise
                self._numbers += 1
                child = _Child(self._numbers, ours)
                try:
                    await self._question({"child": child.number}, theirs)
                except BaseException:
                    self._drop(child)
                    raise
        return child

    async def _have_source(self) -> None:
        """See that there is a source which has prepared."""
        if self._closed:
            raise ChildFailed("died", "closed")
        if self._source is None or self._source.is_over():
            await self._start_zygote()
        elif not self._measures:
            await self._started()

    async def _end(self, child: _Child) -> int:
        async with self._turn:
            answer = await self._question({"child": child.number, "end": True})
        return int(answer.get("signal", 0))

    async def _question(self, packet: Mapping[str, Any], end: socket.socket | None = None) -> dict[str, Any]:
        """Ask the zygote. A cancelled question would leave its answer behind, so it is seen through."""
        if self._source is None:
            raise ChildFailed("died", "no zygote")
        control = self._source.control
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", (end.fileno(),)))] if end else []
        try:
            control.sendmsg((json.dumps(packet).encode(),), rights)
            answer = json.loads(await _through(_packet(control)))
        except (OSError, ValueError) as fault:
            self._end_zygote()
            raise ChildFailed("died", "the zygote is gone") from fault
        if not isinstance(answer, dict):
            raise ChildFailed("died", "an odd zygote")
        return answer

    async def _start_zygote(self) -> None:
        self._send_start()
        await self._started()

    def _send_start(self) -> None:
        """Tell a new source what to prepare."""
        self._end_zygote()
        source, self._given = self._given or begun(), None
        self._source, self._measures = source, ()
        start = {
            "path": sys.path,
            "target": self._target,
            "init": self._init,
            "limits": asdict(self._limits),
            "inherited": self._inherited,
        }
        try:
            socket.send_fds(source.control, [json.dumps(start).encode()], self._inherited)
        except OSError as fault:
            self._end_zygote()
            raise ChildFailed("died", "the sandbox does not start") from fault

    async def _started(self) -> None:
        """Wait until the source has prepared."""
        source = self._source
        assert source is not None, "_send_start() comes first"
        try:
            async with asyncio.timeout(START_SECONDS):
                answer = json.loads(await _packet(source.control))
        except (OSError, ValueError, TimeoutError) as fault:
            self._end_zygote()
            raise ChildFailed("died", "the sandbox does not start") from fault
        if "error" in answer:
            self._end_zygote()
            raise ChildFailed("died", str(answer["error"]))
        self._measures = tuple(answer["measures"])

    def _end_zygote(self) -> None:
        if self._source is not None:
            # It ends its children first, where it has any.
            self._source.end(END_SECONDS if self._measures else 0.0)
            self._source = None

    # One piece of work

    async def _ask(
        self, child: _Child, header: Mapping[str, Any], pieces: Sequence[bytes]
    ) -> tuple[dict[str, Any], bytes]:
        try:
            wire.send(child.channel, header, *pieces)
            async with asyncio.timeout(self._limits.seconds):
                await _readable(child.channel)
            message = wire.receive(child.channel, 2 * self._limits.total_bytes + PACKET_BYTES)
        except TimeoutError as fault:
            raise ChildFailed("timeout") from fault
        except wire.WireError as fault:
            raise ChildFailed("died", type(fault).__name__) from fault
        except OSError as fault:  # it went while it was being asked
            raise await self._how_it_ended(child) from fault
        if message is None:
            raise await self._how_it_ended(child)
        return message

    async def _how_it_ended(self, child: _Child) -> ChildFailed:
        try:
            by = await self._end(child)
        except ChildFailed as fault:  # with the process that it came from
            return _Killed("died", fault.detail)
        if by == signal.SIGKILL:
            return _Killed("died", "killed")
        return ChildFailed("timeout" if by == signal.SIGXCPU else "died")


class SyncSandbox:
    """The same for a program without an event loop: one child, one call at a time, in a `with` block."""

    def __init__(self, target: str, init: Mapping[str, Any], *, limits: ReadLimits) -> None:
        self._runner = asyncio.Runner()
        self._sandbox = Sandbox(target, init, size=1, limits=limits)

    def __enter__(self) -> "SyncSandbox":
        self._runner.run(self._sandbox.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._sandbox.close())
        self._runner.close()

    def call(self, header: Mapping[str, Any], *pieces: bytes) -> tuple[dict[str, Any], bytes]:
        """Have `work(header, content)` done in the child. Raises ChildFailed."""
        return self._runner.run(self._sandbox.call(header, *pieces))


def _alive(child: _Child) -> bool:
    """Whether an idle child still holds its end."""
    try:
        child.channel.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False  # closed, or speaking without being asked


async def _readable(channel: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(channel.fileno(), lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(channel.fileno())


async def _packet(channel: socket.socket) -> bytes:
    await _readable(channel)
    return channel.recv(PACKET_BYTES)


async def _through(question: Any) -> bytes:
    """Await to the end, even when cancelled meanwhile; then be cancelled."""
    task = asyncio.ensure_future(question)
    try:
        return bytes(await asyncio.shield(task))
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise
