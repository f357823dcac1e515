"""What the tests of a whole gateway share."""

import pytest


@pytest.fixture(autouse=True)
def log_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in the test's process: they must not point the log at a stream that ends with the test."""
    monkeypatch.setattr("milter.log.configure", lambda *_, **__: None)
