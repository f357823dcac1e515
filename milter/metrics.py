"""Counts and times of all gateway processes together, for Prometheus. No address, subject or name ever.

The processes share one anonymous piece of memory, made before they are forked: each writes its own column,
any of them can read the sum. So counting costs one addition, and no file outlives the daemon.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


@dataclass(frozen=True, slots=True)
class Series:
    """One metric with all values that its only label can take; no other can be counted."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    label: str = ""
    values: tuple[str, ...] = ("",)


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

CATALOGUE = (
    Series("sealgate_connections", "gauge", "SMTP connections open now"),
    Series("sealgate_in_flight_octets", "gauge", "Octets of messages being received or dealt with"),
    Series(
        "sealgate_connections_total",
        "counter",
        "SMTP connections by what became of them at the door",
        "outcome",
        ("taken", "not-allowed", "too-many"),
    ),
    Series("sealgate_received_octets_total", "counter", "Octets of messages received whole"),
    Series(
        "sealgate_replies_total",
        "counter",
        "Answers to the end of a message, by the first digit",
        "class",
        ("2", "4", "5"),
    ),
    Series(
        "sealgate_refused_data_total",
        "counter",
        "Messages refused before they were looked at",
        "why",
        ("too-big", "no-room", "not-clean"),
    ),
    Series("sealgate_deliver_seconds", "histogram", "Time from the end of a message to its answer"),
    Series(
        "sealgate_next_hop_recipients_total",
        "counter",
        "Recipients by the next hop's answer",
        "class",
        ("2", "4", "5"),
    ),
    Series("sealgate_next_hop_connections_total", "counter", "Connections made to the next hop"),
    Series(
        "sealgate_recipients_total",
        "counter",
        "Recipients by what was decided for them",
        "action",
        ("pass", "protect", "hold", "refuse"),
    ),
    Series("sealgate_unreadable_total", "counter", "Parts that could not be read in full"),
    Series("sealgate_outbox_sent_total", "counter", "Messages sent at the store's request"),
)

_ROWS = {
    (series.name, value): row
    for row, (series, value) in enumerate(
        (series, value) for series in CATALOGUE if series.kind != "histogram" for value in series.values
    )
}
_TIMED = {
    series.name: len(_ROWS) + n * (len(SECONDS) + 2)
    for n, series in enumerate(series for series in CATALOGUE if series.kind == "histogram")
}  # rows of each: one for each bound, one for all, one for the sum
_HEIGHT = len(_ROWS) + len(_TIMED) * (len(SECONDS) + 2)


class _Table:
    def __init__(self, columns: int) -> None:
        self.cells = memoryview(mmap.mmap(-1, _HEIGHT * columns * 8)).cast("d")
        self.columns = columns
        self.column = 0

    def total(self, row: int) -> float:
        return sum(self.cells[column * _HEIGHT + row] for column in range(self.columns))


_table = _Table(1)


def share(processes: int) -> None:
    """Make the memory for so many processes; called once, before they are forked."""
    global _table  # noqa: PLW0603  one for the process, as its pid is
    _table = _Table(processes)


def use(column: int) -> None:
    """Say which of the processes this is. Its gauges begin at nought, its counters go on."""
    _table.column = column * _HEIGHT
    for series in CATALOGUE:
        if series.kind == "gauge":
            for value in series.values:
                _table.cells[_table.column + _ROWS[series.name, value]] = 0.0


def add(name: str, value: str = "", by: float = 1.0) -> None:
    """Add to a counter or gauge; `value` is its label's. Raises KeyError for what the catalogue lacks."""
    _table.cells[_table.column + _ROWS[name, value]] += by


def observe(name: str, seconds: float) -> None:
    """Add one duration to a histogram."""
    first = _table.column + _TIMED[name]
    for n, bound in enumerate(SECONDS):
        if seconds <= bound:
            _table.cells[first + n] += 1
    _table.cells[first + len(SECONDS)] += 1
    _table.cells[first + len(SECONDS) + 1] += seconds


def render() -> str:
    """Give all metrics of all processes in the Prometheus text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector())
    return generate_latest(registry).decode()


class _Collector:
    def collect(self) -> Iterator["Metric"]:
        from prometheus_client.metrics_core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        for series in CATALOGUE:
            labels = [series.label] if series.label else []
            if series.kind == "histogram":
                first = _TIMED[series.name]
                totals = [_table.total(first + n) for n in range(len(SECONDS) + 2)]
                buckets = [*zip(map(str, SECONDS), totals, strict=False), ("+Inf", totals[-2])]
                yield HistogramMetricFamily(series.name, series.help, buckets=buckets, sum_value=totals[-1])
                continue
            family = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}[series.kind]
            metric = family(series.name, series.help, labels=labels)
            for value in series.values:
                metric.add_metric([value] if labels else [], _table.total(_ROWS[series.name, value]))
            yield metric
