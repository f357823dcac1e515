"""How hard a fuzzing test tries: the same examples at each run in CI, more and new ones where it is asked for.

`python benchmarks/fuzz --minutes 30` sets SEALGATE_FUZZ to a folder in which what failed is kept.
"""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

FOLDER = os.environ.get("SEALGATE_FUZZ", "")
MORE = 20  # times as many examples where it is asked for


def effort(examples: int) -> settings:
    """Give the settings of a test that tries so many examples in CI."""
    if FOLDER:
        kept = DirectoryBasedExampleDatabase(Path(FOLDER))
        return settings(
            max_examples=examples * MORE,
            deadline=None,
            database=kept,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
