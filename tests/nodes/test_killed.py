"""Two nodes behind one Postfix, killed under load. For four: `python benchmarks/crash --nodes 4`."""

import tempfile
from pathlib import Path

import pytest

from benchmarks.crash.parts import Database
from benchmarks.crash.run import Plan, Run
from tests.postfix.instance import missing

pytestmark = [
    pytest.mark.postfix,
    pytest.mark.postgres,
    pytest.mark.xdist_group("postfix"),
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        bool(missing()) or Database.missing(), reason="Postfix or PostgreSQL is not installed"
    ),
]


def test_a_node_killed_under_load_loses_nothing() -> None:
    """The others take its mail, what it had under way is tried again, and every recipient is accounted for."""
    plan = Plan(messages=60, kills=3, nodes=2, points=(), targets=(("node", 1),), pause=0.3)
    with tempfile.TemporaryDirectory(prefix="sealgate-nodes-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user
        verdict = Run(plan, Path(folder)).carry_out()
    assert verdict.faults == []
    assert verdict.kills == {"node": 3}
    assert sum(verdict.ended.values()) == verdict.recipients >= 60
