"""A daemon as systemd would run it: started, told of through its notify socket, ended by SIGTERM."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

PASSTHROUGH = Path(__file__).parent / "smtp" / "passthrough.py"


class Daemon:
    """One run of a command that speaks sd_notify; what it writes goes to `errors`."""

    def __init__(self, *command: str) -> None:
        self._command = [sys.executable, *command]
        self._folder = tempfile.TemporaryDirectory(prefix="sealgate-run-")
        self.errors = Path(self._folder.name) / "errors"

    def __enter__(self) -> "Daemon":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = Path(self._folder.name) / f"notify-{os.urandom(4).hex()}"
        self._told.bind(str(path))
        self._told.settimeout(0.5)
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                self._command,
                stdout=errors,
                stderr=errors,
                env={**os.environ, "NOTIFY_SOCKET": str(path), "PYTHONPATH": str(Path(__file__).parents[1])},
            )
        try:
            self.wait_told("READY=1")
        except (TimeoutError, AssertionError):
            self.kill()
            errors = self.errors.read_text()
            self._folder.cleanup()
            raise AssertionError(errors) from None

    def wait_told(self, state: str) -> None:
        """Wait until systemd would have been told this; fails at once where the daemon ends instead."""
        for _ in range(120):
            try:
                if state in self._told.recv(4096).decode().split("\n"):
                    return
            except TimeoutError:
                assert self.process.poll() is None, "it ended"
        raise TimeoutError(state)

    def stop(self) -> int:
        """End it as systemd does; give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        code = self.process.wait(30)
        self._told.close()
        return code

    def workers(self) -> list[int]:
        """Give the process ids of its children."""
        return [
            int(word)
            for task in Path(f"/proc/{self.process.pid}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
