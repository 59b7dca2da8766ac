"""Charts as SVG written by hand: one element, no script, no reference to anything outside it.

They are read in print as well: black on white, series told apart by markers and dashes and not only by colour.
Every text is escaped, and what would not print in it is made visible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from neuron_tui.store.findings.chart import (
    PAIRS,
    Limits,
    Numbers,
    Point,
    Series,
    are_whole,
    limits_of,
    log_ticks,
    on_logarithms,
    told_apart,
)
from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.tui.reports.svg_plot import Entry, Plot, element

COLOURS = ("#0b5394", "#b45f06", "#38761d", "#a61c00", "#674ea7", "#134f5c", "#7f6000", "#4c4c4c")
"""Colours of series in their order: dark enough for print."""

_MARKERS_ON_A_LINE = 20


def line_chart(
    series: Sequence[Series],
    *,
    title: str,
    width: int = 640,
    height: int = 280,
    x_label: str = "",
    y_label: str = "",
    x_limits: Limits | None = None,
    y_limits: Limits | None = None,
    x_log: bool = False,
    percent: bool = False,
    show_title: bool = True,
) -> str:
    """Lines over a common x axis.

    Parameters
    ----------
    series
        The lines; more than one get a legend above the chart.
    title
        What the chart shows, for those who cannot see it; also drawn, unless `show_title` says not to.
    width, height
        Size in pixels, labels and one line of a legend included.
    x_limits, y_limits
        First and last value of each axis; if None, they hold all points.
    x_log
        Make the x axis logarithmic; its limits are given, and positive.
    percent
        Write the ticks of the y axis, which are shares, as percentages.

    Returns
    -------
    One `<svg>` element.
    """
    x_ticks = None
    if x_log and x_limits is not None:
        x_ticks = log_ticks(x_limits, max(2, width // 80))
        series, x_limits = on_logarithms(series, x_limits)
    drawn = told_apart(series)
    if y_limits is not None and any(len(s.high) for s in drawn):  # which the limits of the lines alone may leave out
        highest = limits_of(v for s in drawn for v in s.high)[1]
        y_limits = (y_limits[0], max(y_limits[1], highest))
    entries = [
        Entry(s.name, colour, s.marker, "dashed" if s.dash else "solid")
        for s, colour in zip(drawn, _colours([s.marker for s in drawn]), strict=True)
    ]
    plot = Plot(
        title,
        width,
        height,
        entries if len(drawn) > 1 else [],
        x_limits or _span(v for s in drawn for v in s.x),
        y_limits or limits_of(v for s in drawn for v in s.y),
        show_title=show_title,
    )
    whole = (are_whole(v for s in drawn for v in s.x), not percent and are_whole(v for s in drawn for v in s.y))
    plot.axes(x_label, y_label, percent=percent, whole=whole, x_ticks=x_ticks)
    for one, entry in zip(drawn, entries, strict=True):
        if len(one.low):
            x, low, high = (np.asarray(values, np.float64) for values in (one.x, one.low, one.high))
            plot.band(x, low, high, entry.colour)
    for one, entry in zip(drawn, entries, strict=True):
        plot.line(np.asarray(one.x, np.float64), np.asarray(one.y, np.float64), entry, _MARKERS_ON_A_LINE)
    return plot.svg()


def bar_chart(
    categories: Sequence[str],
    bars: Sequence[tuple[str, Numbers]],
    *,
    title: str,
    width: int = 640,
    height: int = 280,
    x_label: str = "",
    y_label: str = "",
    y_limits: Limits | None = None,
    percent: bool = False,
    show_title: bool = True,
) -> str:
    """Bars side by side in each category, in the order of `bars`, dark to light; each has a value a category.

    Where there are more than two, the legend names the first and the last: the order tells the others.
    Returns one `<svg>` element.
    """
    shades = [f"hsl(210,60%,{18 + 62 * i / max(1, len(bars) - 1):.0f}%)" for i in range(len(bars))]
    names = [name for name, _ in bars]
    legend = [Entry(name, shade, drawn="box") for name, shade in zip(names, shades, strict=True)]
    if len(bars) > 2:
        legend = [replace(legend[0], name=f"{names[0]}, leftmost"), replace(legend[-1], name=f"… {names[-1]}")]
    plot = Plot(
        title,
        width,
        height,
        legend if len(bars) > 1 else [],
        (0.0, float(max(1, len(categories)))),
        y_limits or limits_of(v for _, values in bars for v in values),
        show_title=show_title,
    )
    plot.axes(x_label, y_label, percent=percent, columns=categories)
    thickness = 0.84 / max(1, len(bars))
    for place, (_, values) in enumerate(bars):
        for category, value in enumerate(values):
            left = category + 0.08 + place * thickness
            if math.isfinite(value):
                plot.rectangle(left, left + 0.92 * thickness, 0.0, float(value), shades[place])
    return plot.svg()


def raster(
    rows: Sequence[str],
    mask: npt.NDArray[np.bool_],
    *,
    title: str,
    first: int = 0,
    width: int = 640,
    x_label: str = "",
    show_title: bool = True,
) -> str:
    """Where each of some rows is on: `mask` is (rows, columns), its first column at x = `first`.

    Returns one `<svg>` element, as high as its rows need.
    """
    columns = max(1, mask.shape[1])
    limits = (first - 0.5, first + columns - 0.5)
    plot = Plot(
        title, width, 80 + 14 * max(1, len(rows)), [], limits, (0.0, float(max(1, len(rows)))), show_title=show_title
    )
    plot.axes(x_label, "", whole=(True, False), rows=rows)
    for place, row in enumerate(mask):
        bottom = len(rows) - place - 0.85
        for begin, end in on_ranges(row.astype(np.float64)):  # which counts from 1, both ends included
            plot.rectangle(first + begin - 1.5, first + end - 0.5, bottom, bottom + 0.7, "#222222")
    return plot.svg()


def circles(
    points: Sequence[Point],
    kinds: Sequence[tuple[str, str]],
    *,
    title: str,
    width: int = 640,
    height: int = 320,
    x_label: str = "",
    y_label: str = "",
    x_limits: Limits | None = None,
    y_limits: Limits | None = None,
    show_title: bool = True,
) -> str:
    """Marks, one a point, told apart by `kinds`: pairs of a name and one of `MARKERS`.

    Returns one `<svg>` element.
    """
    colours = _colours([shape for _, shape in kinds])
    entries = [Entry(name, colour, shape, "marks") for (name, shape), colour in zip(kinds, colours, strict=True)]
    plot = Plot(
        title,
        width,
        height,
        entries,
        x_limits or _span(p.x for p in points),
        y_limits or limits_of(p.y for p in points),
        show_title=show_title,
    )
    plot.axes(x_label, y_label, whole=(are_whole(p.x for p in points), are_whole(p.y for p in points)))
    for point in points:
        plot.mark(point.x, point.y, entries[point.kind])
    return plot.svg()


def dots(
    rows: Sequence[tuple[str, Sequence[int]]],
    kinds: Sequence[tuple[str, str]],
    *,
    title: str,
    width: int = 640,
    x_label: str = "",
    show_title: bool = True,
) -> str:
    """A row of marks for each of some names: one for each kind, at its number; those of the first row go on as lines.

    `kinds` are as for `circles`, and each row has a number for every one. Returns one `<svg>` element, as high as its
    rows need.
    """
    colours = _colours([shape for _, shape in kinds])
    entries = [Entry(name, colour, shape, "marks") for (name, shape), colour in zip(kinds, colours, strict=True)]
    names = [name for name, _ in rows]
    high = float(max(1, len(rows)))
    plot = Plot(
        title,
        width,
        90 + 18 * max(1, len(rows)),
        entries,
        limits_of(float(value) for _, values in rows for value in values),
        (0.0, high),
        show_title=show_title,
        names=names,
    )
    plot.axes(x_label, "", whole=(True, False), rows=names)
    for value, entry in zip(rows[0][1] if rows else (), entries, strict=False):
        plot.line(
            np.array([value, value], np.float64),
            np.array([0.0, high - 0.5]),
            replace(entry, drawn="dashed", marker=""),
            0,
        )
    for place, (_, values) in enumerate(rows):
        for value, entry in zip(values, entries, strict=True):
            plot.mark(float(value), high - place - 0.5, entry)
    return plot.svg()


def stacked(parts: Sequence[str], title: str) -> str:
    """Several charts made here, one below the other, as one `<svg>` element."""
    sizes = [_size_of(part) for part in parts]
    inner, top = [], 0
    for part, (_, height) in zip(parts, sizes, strict=True):
        inner.append(part.replace("<svg ", f'<svg y="{top}" ', 1))
        top += height
    return element(max(width for width, _ in sizes), top, title, inner)


def _span(values: Iterable[float]) -> Limits:
    finite = [float(value) for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _colours(markers: Sequence[str]) -> list[str]:
    """A colour for each of some markers; two that are a pair share it."""
    places: list[int] = []
    for place, marker in enumerate(markers):
        paired = place > 0 and markers[place - 1] + marker in PAIRS
        places.append(places[-1] if paired else max(places, default=-1) + 1)
    return [COLOURS[place % len(COLOURS)] for place in places]


def _size_of(svg: str) -> tuple[int, int]:
    head = svg[: svg.index(">")]
    width, height = (head.split(f' {name}="', 1)[1].split('"', 1)[0] for name in ("width", "height"))
    return int(width), int(height)
