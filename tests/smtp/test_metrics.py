"""Metrics: the processes' sums, and nothing that is not in the catalogue."""

import os
from collections.abc import Iterator

import pytest

from milter import metrics


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test two columns of its own."""
    metrics.share(2)
    yield
    metrics.share(1)


def test_processes_are_summed() -> None:
    """What another process counts is in the sum, whoever asks."""
    metrics.use(0)
    metrics.add("sealgate_received_octets_total", by=100)
    child = os.fork()
    if child == 0:
        metrics.use(1)
        metrics.add("sealgate_received_octets_total", by=23)
        os._exit(0)
    os.waitpid(child, 0)
    assert "\nsealgate_received_octets_total 123.0\n" in metrics.render()


def test_gauges_begin_anew() -> None:
    """A replaced process has no connections of its predecessor, but keeps its counts."""
    metrics.use(1)
    metrics.add("sealgate_connections")
    metrics.add("sealgate_replies_total", "2")
    metrics.use(1)
    text = metrics.render()
    assert "\nsealgate_connections 0.0\n" in text
    assert '\nsealgate_replies_total{class="2"} 1.0\n' in text


def test_histogram() -> None:
    """A duration counts in every bucket that holds it, in the count and in the sum."""
    metrics.observe("sealgate_deliver_seconds", 0.02)
    metrics.observe("sealgate_deliver_seconds", 60.0)
    text = metrics.render()
    assert 'sealgate_deliver_seconds_bucket{le="0.01"} 0.0' in text
    assert 'sealgate_deliver_seconds_bucket{le="0.025"} 1.0' in text
    assert 'sealgate_deliver_seconds_bucket{le="30.0"} 1.0' in text
    assert 'sealgate_deliver_seconds_bucket{le="+Inf"} 2.0' in text
    assert "sealgate_deliver_seconds_count 2.0" in text
    assert "sealgate_deliver_seconds_sum 60.02" in text


def test_only_the_catalogue() -> None:
    """A label that is not in the catalogue, such as an address, can't be counted."""
    with pytest.raises(KeyError):
        metrics.add("sealgate_recipients_total", "bob@example.net")
