"""Keeps a worker process for each core, all on the same ports (SO_REUSEPORT).

The supervisor does nothing but bind, fork, watch and pass on signals: no event loop, no thread, no mail.

Guarantees: READY only when every worker takes mail; a worker that dies is replaced, and clients that came to
its door meanwhile wait there, since its sockets outlive it; a worker that can't even start ends the whole
daemon at the first start; SIGTERM and SIGINT drain, SIGHUP reloads. Refuses to start on a port that is taken,
by another Sealgate too.
"""

import errno
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import uvloop

from milter import log, metrics
from milter.daemon import sdnotify
from milter.daemon.worker import DRAIN_SECONDS, Build, work
from milter.errors import SealgateError
from milter.settings import Smtp
from milter.smtpd.server import bind

_PATIENCE = DRAIN_SECONDS + 2.0  # seconds from SIGTERM to SIGKILL
_BACKOFF = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)  # seconds before the next start, by deaths in a row
_SETTLED = 30.0  # seconds of life after which a death is the first in a row

_HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

_log = log.logger("daemon")


def serve(settings: Smtp, build: Build) -> int:
    """Run until told to stop; give the exit code. Raises `SealgateError` where it can't listen."""
    processes = settings.processes or len(os.sched_getaffinity(0))
    sockets = listen(settings.listen, processes)
    metrics.share(processes)
    return _Supervisor(settings, build, sockets).run()


def listen(addresses: Sequence[str], processes: int) -> list[list[socket.socket]]:
    """Bind each address once for each process; port 0 takes any free one. Raises `SealgateError`."""
    sockets: list[list[socket.socket]] = [[] for _ in range(processes)]
    for address in addresses:
        try:
            bound = bind(address, shared=False)  # fails even where another Sealgate shares the port
            where = name_of(bound)
            bound.close()
            for mine in sockets:
                mine.append(bind(where))
        except (OSError, ValueError) as error:
            raise SealgateError(_why_not(address, error)) from error
    return sockets


def name_of(bound: socket.socket) -> str:
    """Give 'host:port' of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _why_not(address: str, error: OSError | ValueError) -> str:
    port = address.rpartition(":")[2]
    reasons = {
        errno.EADDRINUSE: "another program listens there. Stop it, or change smtp.listen.",
        errno.EACCES: f"port {port} needs a privilege. Take one above 1023, or grant CAP_NET_BIND_SERVICE.",
        errno.EADDRNOTAVAIL: "this machine does not have that address. Correct smtp.listen.",
    }
    code = error.errno if isinstance(error, OSError) else None
    return f"Can't listen on {address}: " + reasons.get(
        code or 0, "it is no 'address:port' that is known here."
    )


@dataclass(slots=True)
class _Worker:
    index: int
    pid: int = 0  # 0: not running
    ready: int = -1  # read end of its pipe; -1 once it has spoken or died
    born: float = 0.0
    deaths: int = 0  # in a row
    due: float = 0.0  # when to start it, where it is not running


class _Supervisor:
    def __init__(self, settings: Smtp, build: Build, sockets: list[list[socket.socket]]) -> None:
        self._settings = settings
        self._build = build
        self._sockets = sockets
        self._workers = [_Worker(index) for index in range(len(sockets))]
        self._selector = selectors.DefaultSelector()
        self._life = os.pipe()  # its write end closes with the supervisor, however it dies
        self._announced = False
        self._stop_by = 0.0  # 0: not stopping
        self._code = 0

    def run(self) -> int:
        awake, wake = os.pipe()
        os.set_blocking(awake, False)
        os.set_blocking(wake, False)
        before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        old = [(number, signal.signal(number, lambda *_: None)) for number in _HEEDED]
        self._selector.register(awake, selectors.EVENT_READ)
        try:
            while not self._is_over():
                self._start_due()
                for key, _ in self._selector.select(self._wait_seconds()):
                    if key.fd == awake:
                        self._heed(os.read(awake, 4096))
                    else:
                        self._note_ready(key.fd)
                self._kill_late()
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in old:
                signal.signal(number, handler)
            self._selector.close()
            for end in (awake, wake, *self._life):
                os.close(end)
        return self._code

    def _is_over(self) -> bool:
        return self._stop_by > 0 and not any(worker.pid for worker in self._workers)

    def _wait_seconds(self) -> float | None:
        now = time.monotonic()
        if self._stop_by:
            return max(0.0, self._stop_by - now)
        due = [worker.due for worker in self._workers if not worker.pid]
        return max(0.0, min(due) - now) if due else None

    def _start_due(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if not worker.pid and not self._stop_by and worker.due <= now:
                self._start(worker)

    def _start(self, worker: _Worker) -> None:
        ready, speak = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal that came between fork and the worker's own handlers would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEEDED)
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            self._be_worker(worker.index, speak)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEEDED)
        os.close(speak)
        worker.pid, worker.ready, worker.born = pid, ready, time.monotonic()
        self._selector.register(ready, selectors.EVENT_READ)

    def _be_worker(self, index: int, speak: int) -> None:
        """Live the worker's life; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a policy that could be read anew
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; SIGTERM will follow
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEEDED)
            os.close(self._life[1])
            for other, sockets in enumerate(self._sockets):
                for bound in sockets if other != index else ():
                    bound.close()
            metrics.use(index)
            uvloop.run(work(index, self._settings, self._sockets[index], self._build, speak, self._life[0]))
            code = 0
        except SealgateError as error:
            sys.stderr.write(f"{error}\n")
            code = 2
        except Exception:
            _log.exception("worker-failed", worker=index)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _heed(self, signals: bytes) -> None:
        if signal.SIGCHLD in signals:
            self._bury()
        if signal.SIGHUP in signals and not self._stop_by:
            sdnotify.reloading()
            self._tell_all(signal.SIGHUP)
            sdnotify.ready()
        if signal.SIGTERM in signals or signal.SIGINT in signals:
            self._stop(0)

    def _note_ready(self, end: int) -> None:
        worker = next(worker for worker in self._workers if worker.ready == end)
        spoke = os.read(end, 1)
        self._forget_pipe(worker)
        if not spoke:
            return  # it died; SIGCHLD tells
        if not self._announced and all(w.pid and w.ready == -1 for w in self._workers):
            self._announced = True
            sdnotify.ready()
            _log.info(
                "ready", listen=[name_of(bound) for bound in self._sockets[0]], processes=len(self._workers)
            )

    def _forget_pipe(self, worker: _Worker) -> None:
        if worker.ready != -1:
            self._selector.unregister(worker.ready)
            os.close(worker.ready)
            worker.ready = -1

    def _bury(self) -> None:
        for worker in self._workers:
            if not worker.pid:
                continue
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._mourn(worker, os.waitstatus_to_exitcode(status))

    def _mourn(self, worker: _Worker, code: int) -> None:
        worker.pid = 0
        self._forget_pipe(worker)
        if self._stop_by:
            return
        if not self._announced:
            self._stop(code if code > 0 else 1)
            return
        now = time.monotonic()
        worker.deaths = 0 if now - worker.born > _SETTLED else worker.deaths + 1
        worker.due = now + _BACKOFF[min(worker.deaths, len(_BACKOFF) - 1)]
        _log.error("worker-died", worker=worker.index, code=code)

    def _stop(self, code: int) -> None:
        if self._stop_by:
            return
        self._code = code
        self._stop_by = time.monotonic() + _PATIENCE
        sdnotify.stopping()
        for sockets in self._sockets:
            for bound in sockets:
                bound.close()
        self._tell_all(signal.SIGTERM)

    def _kill_late(self) -> None:
        if self._stop_by and time.monotonic() >= self._stop_by:
            self._tell_all(signal.SIGKILL)
            self._stop_by = time.monotonic() + 1.0

    def _tell_all(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                os.kill(worker.pid, number)
