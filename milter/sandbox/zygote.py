"""The process that children are forked from: it has imported everything once and reads nothing hostile.

It runs one thread. Run as `python -m milter.sandbox.zygote FD`, or by `live` in a fork of its parent: over FD its
parent first sends what to import and the limits, then asks for children and their ends. It ends when FD closes, and
its children with it.
"""

import array
import contextlib
import fcntl
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from milter.sandbox import confine, wire
from milter.settings import ReadLimits

Work = Callable[[Mapping[str, Any], bytes], tuple[Mapping[str, Any], bytes]]
PACKET_BYTES = 64 * 1024
MOST_INHERITED = 8
WORN_TASKS = 500  # a child is replaced after so many
WORN_GROWTH_MIB = 64  # or when its memory has grown by so much


def live(descriptor: int) -> None:
    """Be the process that children are forked from, as long as the parent is there."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the parent was killed meanwhile
        main(socket.socket(fileno=descriptor))


def main(control: socket.socket) -> None:
    """Prepare the target, confine this process, then fork children until the parent is gone."""
    packet, files, _, _ = socket.recv_fds(control, PACKET_BYTES, MOST_INHERITED)
    if not packet:
        return
    start = json.loads(packet)
    control = _placed(control, files, start["inherited"])
    sys.path[:] = start["path"]
    limits = ReadLimits(**start["limits"])
    try:
        work = _prepared(start["target"], start["init"])
    except Exception as fault:  # the parent says why it can't start
        control.send(json.dumps({"error": f"{type(fault).__name__}: {fault}"}).encode())
        return
    in_use = confine.memory_in_use()
    control.send(json.dumps({"measures": _confined()}).encode())
    children: dict[int, int] = {}  # the parent's number of a child to its process
    try:
        _serve(control, children, lambda channel: _live(channel, work, limits, in_use))
    finally:
        for pid in children.values():
            _end(pid)


def _placed(control: socket.socket, files: list[int], numbers: list[int]) -> socket.socket:
    """Put descriptors where the parent has them, so that their numbers hold here; the control out of the way."""
    above = max(numbers, default=2) + 1
    found = (control.detach(), *files)
    lifted = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, above) for file in found]
    for file in found:
        os.close(file)
    for file, number in zip(lifted[1:], numbers, strict=True):
        os.dup2(file, number)
        os.close(file)
    return socket.socket(fileno=lifted[0])


def _prepared(target: str, init: Mapping[str, Any]) -> Work:
    module_name, _, function = target.partition(":")
    module = importlib.import_module(module_name)
    prepare = getattr(module, "prepare", None)
    if prepare is not None:
        prepare(init)
    tempfile.TemporaryFile = _scratch
    gc.collect()
    gc.freeze()  # what is shared with children stays shared
    work: Work = getattr(module, function or "work")
    return work


def _scratch(mode: str = "w+b", *_: Any, **__: Any) -> Any:
    """A temporary file in memory: decrypted content never touches a disk, and a child may write nowhere."""
    return os.fdopen(os.memfd_create("scratch", os.MFD_CLOEXEC), mode)


def _confined() -> list[str]:
    """Lay on what all children share; the names of the measures that are in force, the children's own too."""
    measures = ["limits"]
    for name, measure in (
        ("namespaces", confine.namespaces),
        ("privileges", confine.privileges),
        ("landlock", confine.landlock),
    ):
        if measure():
            measures.append(name)
    if "privileges" in measures and _seccomp_works():
        measures.append("seccomp")
    return measures


def _seccomp_works() -> bool:
    """Try the filter in a child, since it can't be taken off."""
    child = os.fork()
    if child == 0:
        works = confine.seccomp()
        os._exit(0 if works else 1)
    return os.waitpid(child, 0)[1] == 0


def _serve(control: socket.socket, children: dict[int, int], live: Callable[[socket.socket], None]) -> None:
    while True:
        packet, ancillary, _, _ = control.recvmsg(PACKET_BYTES, socket.CMSG_LEN(4))
        if not packet:
            return
        request = json.loads(packet)
        number = int(request["child"])
        if "end" in request:
            control.send(json.dumps({"child": number, "signal": _end(children.pop(number, 0))}).encode())
            continue
        end = array.array("i", ancillary[0][2])[0]
        pid = os.fork()
        if pid == 0:
            control.close()
            live(socket.socket(fileno=end))
        children[number] = pid
        os.close(end)
        control.send(json.dumps({"child": number, "pid": pid}).encode())


def _end(pid: int) -> int:
    """Kill and reap a child; the signal that ended it, 0 where it had ended of itself."""
    if not pid:
        return 0
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _live(channel: socket.socket, work: Work, limits: ReadLimits, in_use: int) -> None:
    """A child's whole life; it never returns."""
    confine.die_with_parent()
    confine.limits(limits, in_use)
    if not confine.seccomp():
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(WORN_TASKS):
        message = wire.receive(channel, 2 * limits.total_bytes + PACKET_BYTES)
        if message is None:
            break
        confine.cpu_limit(limits.seconds)
        answer, content, failed = _answer(work, *message)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        worn = bool(failed) or number + 1 == WORN_TASKS or grown > WORN_GROWTH_MIB
        try:
            wire.send(channel, {"answer": answer, "failed": failed, "worn": worn}, content)
        except (OSError, ValueError, TypeError, MemoryError):
            break
        if worn:
            break
    os._exit(0)


def _answer(work: Work, header: Mapping[str, Any], content: bytes) -> tuple[Mapping[str, Any], bytes, str]:
    """One piece of work, or the kind of its failure; no words of it, since they may carry what was read."""
    try:
        answer, out = work(header, content)
    except MemoryError:
        return {}, b"", "memory"
    except Exception as fault:  # a worker's edge: a fault here is a verdict there
        return {"error": type(fault).__name__}, b"", "died"
    return answer, out, ""


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    live(int(sys.argv[1]))
