"""Charts of several series as plain lines of text. The one place that knows plotext; see also `position_chart`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neuron_tui.store.arrays import Floats
from neuron_tui.store.findings.chart import (
    Limits,
    Series,
    are_whole,
    log_ticks,
    on_logarithms,
    tick_label,
    ticks,
    told_apart,
)
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import fit, wrap_items

MIN_WIDTH, MIN_HEIGHT = 16, 4

# plotext's figure is one object for the whole process.
_FIGURE = threading.Lock()


def line_chart(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    x_limits: Limits,
    y_limits: Limits,
    x_label: str = "",
    y_label: str = "",
    x_log: bool = False,
    percent: bool = False,
) -> list[str]:
    """Lines over a common x axis, each with its marker on its points; dashed ones have gaps.

    Parameters
    ----------
    series
        The lines. Their markers tell them apart: the last lines of the chart name them where there are several.
    width, height
        Cells to fill, axes, labels and legend included.
    x_limits, y_limits
        First and last value of each axis.
    x_label, y_label
        What the axes measure; written in a line above the chart.
    x_log
        Make the x axis logarithmic; its limits are positive.
    percent
        Write the ticks of the y axis, which are shares, as percentages.

    Returns
    -------
    `height` lines of `width` characters; more if the legend leaves too few for the chart.
    """
    x_ticks = log_ticks(x_limits, max(2, min(12, width // 9))) if x_log else None
    if x_log:
        series, x_limits = on_logarithms(series, x_limits)
    drawn = told_apart(series)
    legend = series_legend(drawn, width) if len(drawn) > 1 else []
    axes = fit("   ".join(f"{label} {arrow}" for label, arrow in ((y_label, "↑"), (x_label, "→")) if label), width)
    rows = max(MIN_HEIGHT, height - len(legend) - 1)
    strokes = [_curve(s, x_limits, 2 * width) for s in drawn]
    strokes += [_Stroke(np.asarray(s.x, np.float64), np.asarray(s.y, np.float64), s.marker or "●") for s in drawn]
    whole_x, whole_y = (
        are_whole(v for s in drawn for v in s.x),
        not percent and are_whole(v for s in drawn for v in s.y),
    )
    round_ones = ticks(x_limits, max(2, min(12, width // 9)), whole=whole_x)
    xticks = x_ticks if x_ticks is not None else [(v, tick_label(v)) for v in round_ones]
    yticks = [(v, tick_label(v, percent=percent)) for v in ticks(y_limits, max(2, min(5, rows // 3)), whole=whole_y)]
    return [axes, *_drawn(width, rows, strokes, x_limits, y_limits, xticks, yticks), *legend]


def series_legend(series: Sequence[Series], width: int) -> list[str]:
    """Lines that name each series by its marker."""
    items = [f"{s.marker or '●'}{'╌' if s.dash else '─'} {printable(s.name)}" for s in series]
    return [fit(line, width) for line in wrap_items(items, width, gap="   ")]


@dataclass(frozen=True, slots=True)
class _Stroke:
    """Points drawn with one marker, each for itself or joined. NaN breaks what is joined."""

    x: Floats
    y: Floats
    marker: str = "braille"
    joined: bool = False


def _curve(series: Series, limits: Limits, points: int) -> _Stroke:
    """The line between the points of a series, with gaps if it is dashed."""
    x, y = np.asarray(series.x, np.float64), np.asarray(series.y, np.float64)
    if not series.dash or len(x) < 2:
        return _Stroke(x, y, joined=True)
    places = np.linspace(*limits, points)
    between = np.interp(places, x, y, left=np.nan, right=np.nan)  # NaN wherever one of the two around it is
    between[np.arange(points) % 8 >= 5] = np.nan
    return _Stroke(places, between, joined=True)


def _drawn(
    width: int,
    height: int,
    strokes: Sequence[_Stroke],
    xlimits: Limits,
    ylimits: Limits,
    xticks: Sequence[tuple[float, str]],
    yticks: Sequence[tuple[float, str]],
) -> list[str]:
    """Strokes one over the other between axes: `height` lines of `width` characters."""
    from plotext import figure, terminal, uncolorize

    width, height = max(width, MIN_WIDTH), max(height, MIN_HEIGHT)
    with _FIGURE:
        figure.clear()
        terminal.limit(False, False)  # or no chart would be larger than the terminal, which a file does not have
        figure.plot_size(width, height)
        for stroke in strokes:
            there = np.isfinite(stroke.x) & np.isfinite(stroke.y)
            signal = figure.signal(stroke.x[there].tolist(), stroke.y[there].tolist(), marker=stroke.marker)
            if stroke.joined:
                signal.lines()
                for place in np.flatnonzero(np.diff(np.flatnonzero(there)) > 1).tolist():
                    signal.line(place + 1, False)
            figure.draw(signal)
        figure.ruler("x").lim(*xlimits)
        figure.ruler("y").lim(*ylimits)
        figure.ruler("x").ticks([value for value, _ in xticks], [label for _, label in xticks])
        figure.ruler("y").ticks([value for value, _ in yticks], [label for _, label in yticks])
        figure.axes(False, axis="x", side=1)
        figure.axes(False, axis="y", side=1)
        text = str(uncolorize(str(figure.build())))
        figure.clear()
    lines = [line.ljust(width)[:width] for line in text.split("\n")[:height]]
    return lines + [" " * width] * (height - len(lines))
