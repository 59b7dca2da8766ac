"""Charts as plain lines of text. The one place that knows plotext; widgets, reports and commands share it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MIN_WIDTH, MIN_HEIGHT = 16, 4

_SMALL = 0.2
"""Shares that stay below this are drawn on a scale of their own: the axis says which."""

# plotext's figure is one object for the whole process.
_FIGURE = threading.Lock()


def position_chart(frequency: Floats, width: int, height: int) -> list[str]:
    """Frequency by position as a filled curve with both axes labelled.

    Parameters
    ----------
    frequency
        (T-1,) share of sequences active at positions 1 to T-1, each between 0 and 1.
    width, height
        Cells to fill, axes included; at least `MIN_WIDTH` x `MIN_HEIGHT`.

    Returns
    -------
    `height` lines of `width` characters, each one cell wide.
    """
    values = np.nan_to_num(np.asarray(frequency, dtype=np.float64))
    last = len(values)
    if last == 0:
        return [" " * width] * height
    positions, means = _thin(values, 2 * max(1, width - 6))
    top = _scale(float(values.max(initial=0.0)))
    middle = (1 + last) // 2
    xticks = [1, middle, last] if last > 2 and width >= 30 else [1, last]
    return filled_chart(
        positions,
        means,
        width,
        height,
        xlimits=(1, max(2, last)),
        ylimits=(0.0, top),
        xticks=[(x, f"{x:,}") for x in sorted(set(xticks))],
        yticks=[(0.0, "0%"), (top / 2, _tick(top / 2)), (top, _tick(top))],
    )


def filled_chart(
    x: Floats,
    y: Floats,
    width: int,
    height: int,
    *,
    xlimits: tuple[float, float],
    ylimits: tuple[float, float],
    xticks: Sequence[tuple[float, str]],
    yticks: Sequence[tuple[float, str]],
) -> list[str]:
    """A curve, filled down to the x axis, in braille dots; returns `height` lines of `width` characters.

    `x` and `y` are (points,); ticks are pairs of a value and its label.
    """
    from plotext import figure, uncolorize

    width, height = max(width, MIN_WIDTH), max(height, MIN_HEIGHT)
    with _FIGURE:
        figure.clear()
        figure.plot_size(width, height)
        signal = figure.signal(x.tolist(), y.tolist(), marker="braille")
        signal.fillx()
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


def _thin(values: Floats, points: int) -> tuple[Floats, Floats]:
    """Exactly `points` points, one a dot: the mean of each stretch, or the nearest value where there are fewer."""
    places = np.linspace(1, len(values), points)
    if len(values) <= points:
        return places, values[np.rint(places).astype(int) - 1]
    edges = np.linspace(0, len(values), points + 1).astype(int)
    return places, np.add.reduceat(values, edges[:-1]) / np.diff(edges)


def _scale(largest: float) -> float:
    if largest >= _SMALL or largest == 0:
        return 1.0
    return next(step for step in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if step >= largest)


def _tick(share: float) -> str:
    return f"{100 * share:.3g}%"
