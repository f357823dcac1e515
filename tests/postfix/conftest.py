"""Postfix on both sides of the gateway, and a sink at the end: all private, all on loopback.

They run for a whole file of tests; `all_running` gives each test an empty sink and fresh logs.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from milter.settings import shipped_folder
from tests.postfix.instance import Postfix, free_port, missing
from tests.running import PASSTHROUGH, Daemon
from tests.sink import Sink

FILTER = ("content-filter.main.cf", "content-filter.master.cf")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs Postfix where it is missing, and say so."""
    why = missing()
    for item in items:
        if why and item.get_closest_marker("postfix"):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """Give the server that all mail ends at."""
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def ports() -> dict[int, int]:
    """Give the ports that are used here for those of the shipped snippets."""
    return {port: free_port() for port in (10025, 10026, 10027)}


@pytest.fixture(scope="module")
def postfix_out(sink: Sink, ports: dict[int, int]) -> Iterator[Postfix]:
    """Give the Postfix that takes mail back from the gateway, by the shipped snippet, and delivers to the sink."""
    with Postfix("out", sink.port, ("content-filter.master.cf",), ports) as postfix:
        yield postfix


@pytest.fixture(scope="module", params=("pass-through", "sealgate"))
def gateway(
    request: pytest.FixtureRequest,
    postfix_out: Postfix,
    ports: dict[int, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Daemon]:
    """Give the gateway between the two: one that inspects nothing, and the whole of Sealgate in monitor mode."""
    command = (str(PASSTHROUGH), f"127.0.0.1:{ports[10025]}", str(ports[10026]), "2")
    if request.param == "sealgate":
        folder = tmp_path_factory.mktemp("sealgate")
        _configure(folder, ports)
        command = (str(Path(sys.executable).with_name("sealgate")), "serve", "--config", str(folder))
    with Daemon(*command) as daemon:
        yield daemon


def _configure(folder: Path, ports: dict[int, int]) -> None:
    """Make a configuration in monitor mode: what a council would begin with."""
    shutil.copytree(shipped_folder(), folder, dirs_exist_ok=True)
    policy = (folder / "policy.toml").read_text().replace('mode = "enforce"', 'mode = "monitor"', 1)
    (folder / "policy.toml").write_text(policy)
    (folder / "sealgate.toml").write_text(
        f'[smtp]\nlisten = ["127.0.0.1:{ports[10025]}"]\nprocesses = 2\n'
        f"[next-hop]\nport = {ports[10026]}\n"
        f'[store]\nurl = "sqlite:///{folder}/sealgate.db"\nkey-file = "{folder}/sealgate.key"\n'
        "[dns]\nenabled = false\n"
    )


@pytest.fixture(scope="module")
def postfix_in(gateway: Daemon, sink: Sink, ports: dict[int, int]) -> Iterator[Postfix]:
    """Give the Postfix that takes mail from staff and filters it through the gateway, by the shipped snippets."""
    own = {**ports, 10026: free_port()}  # its own way back is not used: that is the other one's
    with Postfix("in", sink.port, FILTER, own) as postfix:
        yield postfix


@pytest.fixture(autouse=True)
def all_running(request: pytest.FixtureRequest) -> None:
    """Begin each test with what came before forgotten."""
    if "postfix_in" not in request.fixturenames:
        return
    request.getfixturevalue("sink").mail.clear()
    for name in ("postfix_in", "postfix_out"):
        request.getfixturevalue(name).forget_log()
