"""The service as systemd runs it: started, told to read the policy anew, ended."""

import signal
import time
from pathlib import Path

import httpx

from tests.addin.asking import SETTINGS
from tests.gateway.harness import change, configure
from tests.postfix.instance import free_port
from tests.running import Daemon


def test_it_serves_reads_the_policy_anew_and_stops(tmp_path: Path) -> None:
    """Pages have the address in them, SIGHUP takes a new policy and survives a bad one, SIGTERM ends it."""
    port = free_port()
    listen = f'[pages]\naddin-listen = "127.0.0.1:{port}"\n'
    configure(tmp_path, 1, settings=SETTINGS.replace("[pages]\n", listen))
    with Daemon("-m", "addin_backend", "addin", "--config", str(tmp_path)) as daemon:
        events = httpx.get(f"http://127.0.0.1:{port}/events.js")
        assert "https://addin.borchester.gov.uk" in events.text
        assert httpx.post(f"http://127.0.0.1:{port}/api/v1/check", json={}).status_code == 401
        change(tmp_path / "policy.toml", "many-recipients = 3")
        daemon.process.send_signal(signal.SIGHUP)
        _wait_for(daemon, '"judging"', 2)
        (tmp_path / "policy.toml").write_text("nonsense = [", encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        _wait_for(daemon, "reload-failed", 1)
        assert httpx.get(f"http://127.0.0.1:{port}/pane.html").status_code == 200
        assert daemon.stop() in (0, -signal.SIGTERM)  # the server raises again what it was ended by


def _wait_for(daemon: Daemon, words: str, times: int) -> None:
    for _ in range(600):
        if daemon.errors.read_text().count(words) >= times:
            return
        time.sleep(0.1)
    raise AssertionError(daemon.errors.read_text())
