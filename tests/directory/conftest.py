"""An Exchange server on loopback, empty unless a test fills it; the person whom every kind of directory knows."""

from collections.abc import Iterator

import pytest

from milter.directory.entry import Entry
from tests.directory.fake_exchange import FakeExchange
from tests.directory.fake_http import FakeHttp


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def http(exchange: FakeExchange) -> Iterator[FakeHttp]:
    with exchange.http() as fake:
        yield fake


def khan(address: str) -> Entry:
    """Give what a directory says of Amira Khan, asked for by one of her addresses."""
    return Entry(
        address, "Khan, Amira", "Social Worker", "Children's Services", "Borchester", "0118 496 0100"
    )
