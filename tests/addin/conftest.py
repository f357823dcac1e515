"""One service for all tests of a module, since its children take a second to start."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.addin.asking import Asking, asking

sys.path.insert(0, str(Path(__file__).parents[2]))  # `benchmarks` lies beside the package, not in it


@pytest.fixture(scope="module")
def outlook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with asking(tmp_path_factory.mktemp("addin") / "etc") as service:
        yield service
