"""What the harness starts, kills and starts again: gateway nodes, the database, the next hop; Postfix before them."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.gateway.harness import configure
from tests.postfix.instance import Postfix, free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES, RECEIPTS = "https://receipts.example", "receipts.borchester.gov.uk"
_FAST_RETRIES = """
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
transport_retry_time = 2s
sealgate_destination_concurrency_failed_cohort_limit = 0
sealgate_destination_recipient_limit = 50
smtpd_client_event_limit_exceptions = 127.0.0.0/8
"""


def descendants(pid: int) -> Iterator[int]:
    """Give the children of a process, theirs, and so on."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(word) for task in tasks for word in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield child
        yield from descendants(child)


def kill(*pids: int) -> None:
    """Kill at once, without a word."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


class Program:
    """A process that is started again whenever it is found dead, as systemd would."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self._command, self._log = command, log
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's number, 0 where it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def keep_alive(self) -> None:
        """Start it where it does not run."""
        if self.pid:
            return
        self.starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=ROOT)

    def kill(self) -> None:
        """Kill it with all that it started, as when the machine's power fails."""
        if self._process and self.pid:
            kill(self.pid, *descendants(self.pid))
            self._process.wait()

    def stop(self) -> int:
        """End it in good order; give its exit code."""
        if not self._process:
            return 0
        self._process.terminate()
        return self._process.wait(60)


class Node(Program):
    """One gateway node."""

    def __init__(
        self, name: str, folder: Path, fuses: Path, url: str, key: Path, hop: int, workers: int
    ) -> None:
        self.port = free_port()
        configure(folder, hop, settings=_SETTINGS, port=self.port)
        set_store(folder, name, url, key, workers)
        command = [
            sys.executable,
            "-m",
            "benchmarks.crash.armed",
            str(fuses),
            "serve",
            "--config",
            str(folder),
        ]
        super().__init__(f"node {name}", command, folder / "log")
        self.log = folder / "log"

    def workers(self) -> list[int]:
        """Give its gateway processes."""
        tasks = Path(f"/proc/{self.pid}/task") if self.pid else Path(os.devnull)
        try:
            return [int(w) for task in tasks.iterdir() for w in (task / "children").read_text().split()]
        except OSError:
            return []

    def children(self) -> list[int]:
        """Give the processes that read documents."""
        return [pid for worker in self.workers() for pid in descendants(worker)]


_SETTINGS = f'[receipts]\ndomain = "{RECEIPTS}"\npage-url = "{PAGES}"\n[dns]\nenabled = false\n'


def set_store(folder: Path, name: str, url: str, key: Path, workers: int) -> None:
    """Give a configured node its name, the store that it shares, and the number of its processes."""
    file = folder / "sealgate.toml"
    text = file.read_text().replace("processes = 1", f"processes = {workers}")
    text = text.replace(f"sqlite:///{folder}/store.db", url).replace(f"{folder}/store.key", str(key))
    file.write_text(f'node = "{name}"\n{text}')


class Database:
    """A PostgreSQL with its own defaults (fsync on), on a Unix socket in a private folder."""

    def __init__(self, folder: Path) -> None:
        self._bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self._folder = folder
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        folder.mkdir()
        if self._as:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._run(
            "initdb", "-D", f"{folder}/cluster", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"
        )
        self.url = f"postgresql+psycopg://postgres@/postgres?host={folder}"

    @staticmethod
    def missing() -> bool:
        """Whether there is no PostgreSQL here."""
        return not list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))

    def start(self) -> None:
        """Start it, again and again where what was killed still holds its shared memory."""
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c max_connections=100"
        command = ("-D", f"{self._folder}/cluster", "-l", f"{self._folder}/log", "-w", "-o", options, "start")
        for _ in range(50):
            if self._run("pg_ctl", *command, check=False) == 0:
                return
            time.sleep(0.1)
        raise AssertionError((self._folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """Kill the server and all of its processes."""
        pid = int((self._folder / "cluster" / "postmaster.pid").read_text().split()[0])
        kill(pid, *descendants(pid))

    def stop(self) -> None:
        """End it."""
        self._run("pg_ctl", "-D", f"{self._folder}/cluster", "-m", "immediate", "stop", check=False)

    def _run(self, name: str, *arguments: str, check: bool = True) -> int:
        command = [*self._as, str(self._bin / name), *arguments]
        done = subprocess.run(
            command, check=False, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert not check or done.returncode == 0, done.stderr
        return done.returncode


class Balancer:
    """What stands before several nodes: each connection goes to the next node that answers."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._turn = 0
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._join, sock=self._socket)
        async with server:
            await server.serve_forever()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in self._ports:
            self._turn = (self._turn + 1) % len(self._ports)
            try:
                there, back = await asyncio.open_connection("127.0.0.1", self._ports[self._turn])
            except OSError:
                continue
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
            return
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def upstream(balancer: int, hop: int) -> Postfix:
    """Give the Postfix of the shipped snippets before the gateway, in a hurry to try again."""
    ports = {10025: balancer, 10026: free_port(), 10027: free_port()}
    postfix = Postfix("crash", hop, ("content-filter.main.cf", "content-filter.master.cf"), ports)
    with (postfix.folder / "etc" / "main.cf").open("a") as main:
        main.write(_FAST_RETRIES)
    return postfix


def remove(folder: Path) -> None:
    """Remove a folder of a run."""
    shutil.rmtree(folder, ignore_errors=True)
