"""The daemon's processes: ready, replaced, reloaded, drained, and refusals to start that say why."""

import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.postfix.instance import free_port, wait_until
from tests.running import PASSTHROUGH, Daemon
from tests.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Give the next hop."""
    with Sink() as sink:
        yield sink


@pytest.fixture
def port() -> int:
    """Give a port to listen on."""
    return free_port()


@pytest.fixture
def daemon(sink: Sink, port: int) -> Iterator[Daemon]:
    """Give a daemon of two workers that passes all mail through."""
    with Daemon(str(PASSTHROUGH), f"127.0.0.1:{port}", str(sink.port), "2") as daemon:
        yield daemon


def send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        smtp.sendmail("ann@example.org", ["bob@example.net"], b"Subject: x\r\n\r\nText\r\n")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PASSTHROUGH.parents[2])}
    return subprocess.run(
        [sys.executable, str(PASSTHROUGH), *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=environment,
    )


def test_mail_is_taken_when_it_says_so(daemon: Daemon, sink: Sink, port: int) -> None:
    """A daemon that says READY takes mail at once, with as many workers as it was told, and SIGTERM ends it well."""
    send(port)
    sink.wait(1)
    assert len(daemon.workers()) == 2
    assert daemon.stop() == 0


def test_dead_workers_are_replaced(daemon: Daemon, sink: Sink, port: int) -> None:
    """When all workers are killed others take their place, and mail goes on."""
    old = daemon.workers()
    for worker in old:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(set(daemon.workers()) - set(old)) == 2, "two new workers")
    for _ in range(4):
        send(port)  # a client that comes before they listen waits at the door
    sink.wait(4)
    assert daemon.stop() == 0


def test_workers_do_not_outlive_the_supervisor(daemon: Daemon) -> None:
    """Workers whose supervisor was killed end by themselves, so that a new daemon finds the port free."""
    workers = daemon.workers()
    assert workers
    daemon.kill()
    wait_until(lambda: not any(_is_running(worker) for worker in workers), "the workers have ended")


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_reload_that_fails_changes_nothing(daemon: Daemon, sink: Sink, port: int) -> None:
    """SIGHUP reloads every worker; a reload that is refused says why, and mail goes on by the old policy."""
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_told("READY=1")
    wait_until(
        lambda: daemon.errors.read_text().count("There is nothing to read anew") == 2, "both have said why"
    )
    send(port)
    sink.wait(1)


def test_signals_to_the_group(daemon: Daemon) -> None:
    """Ctrl-C, which reaches supervisor and workers alike, drains as SIGTERM does."""
    for pid in (daemon.process.pid, *daemon.workers()):
        os.kill(pid, signal.SIGINT)
    assert daemon.process.wait(30) == 0
    daemon.stop()


def test_stop_says_so(daemon: Daemon) -> None:
    """Systemd is told when the daemon begins to stop."""
    daemon.process.send_signal(signal.SIGTERM)
    daemon.wait_told("STOPPING=1")
    assert daemon.stop() == 0


def test_port_taken(daemon: Daemon, port: int) -> None:
    """A port that is taken, by another Sealgate too, is refused in one line."""
    second = run(f"127.0.0.1:{port}", "1")
    assert second.returncode == 1
    assert second.stderr == (
        f"Can't listen on 127.0.0.1:{port}: another program listens there. Stop it, or change smtp.listen.\n"
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("192.0.2.1:2525", "this machine does not have that address"),
        ("127.0.0.1", "it is no 'address:port'"),
        ("no-such-host.invalid:2525", "it is no 'address:port'"),
        ("127.0.0.1:99999", "it is no 'address:port'"),
    ],
)
def test_address_that_can_not_be(address: str, words: str) -> None:
    """An address that can't be listened on is refused in one line that says why."""
    done = run(address, "1")
    assert done.returncode == 1
    assert done.stderr.startswith(f"Can't listen on {address}: {words}")
    assert done.stderr.count("\n") == 1


def test_worker_that_can_not_start() -> None:
    """A service that can't be built ends the daemon at once, with its reason, instead of trying for ever."""
    done = run(f"127.0.0.1:{free_port()}", "not-a-port", "2")
    assert done.returncode == 1
    assert "not-a-port" in done.stdout
