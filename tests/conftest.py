"""What all tests share: where the samples are, and that nothing is skipped where nothing may be missing."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT.parent / "shared" / "samples"  # real mail and documents; not part of this repository


@pytest.fixture(scope="session")
def samples() -> Path:
    """Give the folder of real mail and documents, or skip where it is not there."""
    if not SAMPLES.is_dir():
        pytest.skip("the folder of sample mail and documents is not beside the checkout")
    return SAMPLES


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that skipped tests where SEALGATE_SKIPS_FAIL is set."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if (
        not os.environ.get("SEALGATE_SKIPS_FAIL")
        or reporter is None
        or hasattr(session.config, "workerinput")
    ):
        return
    skipped = len(reporter.stats.get("skipped", []))
    if skipped:
        reporter.write_line(f"{skipped} skipped where none may be (SEALGATE_SKIPS_FAIL is set)", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
