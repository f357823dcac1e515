"""Charts as SVG, made here: bars by week, stacked; the page puts the same figures in a table beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 260, 52, 34, 30
# Told apart by lightness too, so that neither a black-and-white print nor colour blindness hides a part.
FILLS = ("#0b6b74", "#8fc6cb", "#f3b23c", "#8c1d18", "#50545a", "#c9ccd1")


@dataclass(frozen=True, slots=True)
class Series:
    """One part of each bar."""

    title: str
    values: Sequence[int]  # one for each bar


def stacked(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Give stacked bars. The words of the chart are in its title; the figures belong in a table beside it."""
    totals = [sum(one.values[place] for one in series) for place in range(len(labels))]
    top = scale(max(totals, default=0))
    body = [_axis(top), *(_bar(place, len(labels), label, series, top) for place, label in enumerate(labels))]
    legend = "".join(_legend(place, one.title) for place, one in enumerate(series))
    words = escape(f"{title}. The figures are in the table below.")
    return Markup(  # noqa: S704 - made of numbers, and of words that are escaped where they are put in
        f'<svg class="seal-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}"'
        f' xmlns="http://www.w3.org/2000/svg">{"".join(body)}{legend}</svg>'
    )


def scale(most: int) -> int:
    """Give the top of the axis: 1, 2 or 5 times a power of ten, divided by four without rest from 20 on."""
    step = 1
    while True:
        for factor in (4, 8, 20):
            if factor * step >= most:
                return factor * step
        step *= 10


def _axis(top: int) -> str:
    lines = []
    for quarter in range(5):
        y = _y(top * quarter / 4, top)
        lines.append(
            f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="#b1b4b6"/>'
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{top * quarter // 4:,}</text>'
        )
    return "".join(lines)


def _bar(place: int, count: int, label: str, series: Sequence[Series], top: int) -> str:
    room = (WIDTH - LEFT) / max(1, count)
    x, width, base, parts = LEFT + room * (place + 0.15), room * 0.7, 0, []
    for number, one in enumerate(series):
        value = one.values[place]
        if value:
            y, end = _y(base + value, top), _y(base, top)
            fill = FILLS[number % len(FILLS)]
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{end - y:.1f}" fill="{fill}">'
                f"<title>{escape(label)}: {value:,} {escape(one.title)}</title></rect>"
            )
        base += value
    every = max(1, count // 12)
    if place % every == 0:
        middle = x + width / 2
        parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(label)}</text>')
    return "".join(parts)


def _legend(place: int, title: str) -> str:
    x = LEFT + place * 150
    fill = FILLS[place % len(FILLS)]
    return f'<rect x="{x}" y="4" width="14" height="14" fill="{fill}"/><text x="{x + 20}" y="16">{escape(title)}</text>'


def _y(value: float, top: int) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)


def table(labels: Sequence[str], series: Sequence[Series]) -> list[tuple[str, list[int]]]:
    """Give the same figures as rows: (label, one figure for each series)."""
    return [(label, [one.values[place] for one in series]) for place, label in enumerate(labels)]


def by_key(
    counted: Mapping[tuple[str, str], int], labels: Sequence[str], names: Mapping[str, str]
) -> list[Series]:
    """Make series of counts by (label, name)."""
    return [
        Series(title, [counted.get((label, name), 0) for label in labels]) for name, title in names.items()
    ]
