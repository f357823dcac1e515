"""The process that children are forked from, as its parent begins it: a new interpreter, or a fork of the parent.

A fork shares all that its parent has loaded and is ready at once; it is for a parent that holds no secret yet, since
what is in memory then is in every child. A new interpreter inherits nothing, and is what every later source is.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn, Protocol

KEPT = ("LANG", "LC_ALL", "TZ", "TESSDATA_PREFIX", "LD_LIBRARY_PATH", "VIRTUAL_ENV")  # of the environment
_SECRET = (
    "PASS",
    "SECRET",
    "TOKEN",
    "KEY",
    "CREDENTIAL",
)  # in a variable's name; PGPASSFILE only names a file
_LOOK_SECONDS = 0.01


class _Process(Protocol):
    """What is needed of a process; `subprocess.Popen` has it."""

    def poll(self) -> int | None:
        """Give how it ended, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Give how it ended. Raises TimeoutExpired."""

    def kill(self) -> None:
        """End it."""


class Source:
    """A running source and the control socket to it."""

    def __init__(self, process: _Process, control: socket.socket) -> None:
        self._process = process
        self.control = control
        control.setblocking(False)

    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def end(self, patience: float) -> None:
        """Let it end its children and itself within so many seconds; else kill it."""
        self.control.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def begun() -> Source:
    """Begin a new interpreter."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 a fixed command; it returns at once
            (sys.executable, "-m", "milter.sandbox.zygote", str(theirs.fileno())),
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env={key: value for key, value in os.environ.items() if key in KEPT} | {"PYTHONPATH": _path()},
            start_new_session=True,
        )
    return Source(process, ours)


def forked() -> Source:
    """Fork this process; a new interpreter instead where its environment may hold a secret.

    Call it before there are threads, and before anything secret is read.
    """
    if any(word in name for name in os.environ for word in _SECRET if name != "PGPASSFILE"):
        return begun()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_source(theirs.detach())
    theirs.close()
    return Source(_Forked(pid), ours)


class _Forked:
    """A child process without an interpreter of its own."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        end = time.monotonic() + timeout if timeout is not None else None
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self._pid), timeout or 0.0)
            time.sleep(_LOOK_SECONDS)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)


def _be_source(control: int) -> NoReturn:
    """Keep nothing of the parent but its memory and standard error, and live a source's life."""
    from milter.sandbox import (
        zygote,  # a new interpreter runs it as a program, and has imported this package before
    )

    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _close_all_but(control)
        _forget_environment()
        zygote.live(control)
        code = 0
    except Exception as fault:  # the edge of a process: the parent sees that it is gone
        sys.stderr.write(f"the sandbox does not start ({type(fault).__name__})\n")
    finally:
        os._exit(code)


def _close_all_but(control: int) -> None:
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    os.closerange(3, control)
    os.closerange(control + 1, highest + 1)


def _forget_environment() -> None:
    """Overwrite the block that the kernel handed over, too: it stays readable in memory otherwise."""
    kept = {key: value for key, value in os.environ.items() if key in KEPT}
    fields = Path("/proc/self/stat").read_text("utf-8", "surrogateescape").rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # env_start and env_end, proc_pid_stat(5)
    os.environ.clear()
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
    os.environ.update(kept)


def _path() -> str:
    """Where this very package lies, so that a new interpreter imports the same."""
    return os.pathsep.join(entry for entry in sys.path if entry)
