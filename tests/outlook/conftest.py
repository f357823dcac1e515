"""One service for all tests of a module."""

from collections.abc import Iterator

import pytest

from tests.addin.asking import Asking, asking


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with asking(tmp_path_factory.mktemp("outlook") / "etc") as made:
        yield made
