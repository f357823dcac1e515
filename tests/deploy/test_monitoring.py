"""What monitoring gets: metrics that Prometheus reads, alerts on metrics that there are, health without names."""

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from milter.daemon.watch import Watch
from milter.relay.capabilities import Capabilities
from milter.store.engine import Store, open_store

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "sealgate-alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "sealgate.json"


def promtool(*arguments: str, given: str = "") -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    ended = subprocess.run([program, *arguments], input=given, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture
def store(tmp_path: Path):
    opened = open_store(f"sqlite:///{tmp_path}/store.db", tmp_path / "store.key")
    yield opened
    opened.close()


async def ask(store: Store, request: bytes, known: Capabilities | None = Capabilities()) -> tuple[int, str]:  # noqa: B008 - frozen
    """Ask a watch over HTTP and give status and body."""
    server = await Watch(store, lambda: known).start("127.0.0.1:0")
    try:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(request)
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
    finally:
        server.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, body.decode()


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


async def test_metrics_are_prometheus(store: Store) -> None:
    """Prometheus' own checker accepts the metrics, those of the backlog among them."""
    status, body = await ask(store, get("/metrics"))
    assert status == 200
    assert "\nsealgate_held_messages 0\n" in body
    promtool("check", "metrics", given=body)


async def test_ready_says_what_is_missing(store: Store) -> None:
    """A node that can't hand mail on is alive but not ready, and says why."""
    assert (await ask(store, get("/healthz")))[0] == 200
    assert await ask(store, get("/readyz")) == (200, "ready\n")
    assert await ask(store, get("/readyz"), None) == (503, "the next hop was never reached\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [(b"POST /metrics HTTP/1.1\r\n\r\n", 405), (get("/etc/passwd"), 404), (b"GET " + b"a" * 20_000, 0)],
    ids=["post", "path", "endless"],
)
async def test_nothing_else_is_answered(store: Store, request_: bytes, status: int) -> None:
    """Nothing can be changed or fetched but the three pages, and no request is endless."""
    assert (await ask(store, request_))[0] == status


async def test_alerts_and_dashboard_use_metrics_that_exist(store: Store) -> None:
    """No alert and no panel waits for a metric that is never told."""
    _, body = await ask(store, get("/metrics"))
    told = set(re.findall(r"^# TYPE (\w+)", body, re.MULTILINE))
    told |= {f"{name}_{end}" for name in told for end in ("bucket", "count", "sum", "created")}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    text = ALERTS.read_text() + "\n".join(expressions)
    used = set(re.findall(r"\bsealgate_[a-z_]+", text))
    assert used
    assert used <= told, used - told


def test_alerts_speak_when_they_should() -> None:
    """Prometheus' rule tests pass: each alert speaks when it should, and not in a quiet night."""
    promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(ALERTS.with_name("sealgate-alerts.test.yml")))
