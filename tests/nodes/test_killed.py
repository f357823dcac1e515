"""Two and four nodes behind one Postfix, of which some are killed under load."""

from pathlib import Path

import pytest

from benchmarks.crash.parts import Database
from benchmarks.crash.run import Plan, Run
from tests.postfix.instance import missing

pytestmark = [
    pytest.mark.postfix,
    pytest.mark.postgres,
    pytest.mark.xdist_group("postfix"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        bool(missing()) or Database.missing(), reason="Postfix or PostgreSQL is not installed"
    ),
]


@pytest.mark.parametrize("nodes", [2, 4])
def test_a_node_killed_under_load_loses_nothing(tmp_path: Path, nodes: int) -> None:
    """The others take its mail, what it had under way is tried again, and every recipient is accounted for."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # PostgreSQL runs as another user
    plan = Plan(messages=60, kills=3, nodes=nodes, points=(), targets=(("node", 1),), pause=0.3)
    verdict = Run(plan, tmp_path).carry_out()
    assert verdict.faults == []
    assert verdict.kills == {"node": 3}
    assert sum(verdict.ended.values()) == verdict.recipients >= 60
