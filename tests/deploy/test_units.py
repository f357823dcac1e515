"""The systemd units take everything away that the gateway need not have, and say what is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
MOST_EXPOSED = 2.0


def analyze(*arguments: str) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_unit_is_hardened(unit: Path) -> None:
    """Systemd's own judge gives each service an exposure of 2.0 or better, and knows every word of it."""
    told = analyze("security", "--offline=yes", "--no-pager", str(unit))
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    assert exposure, told
    assert float(exposure[1]) <= MOST_EXPOSED, told
    assert "Unknown" not in told
    assert "Failed to parse" not in told


def test_the_timer_means_every_night() -> None:
    """The backup's calendar expression is one that systemd understands."""
    calendar = re.search(r"OnCalendar=(.+)", (UNITS / "sealgate-backup.timer").read_text())
    assert calendar
    assert "Normalized form: *-*-* 02:30:00" in analyze("calendar", calendar[1])
