"""Frequency by position as a chart of plain text, whole or a range of it, one curve or several above each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neuron_tui.store.arrays import Floats
from neuron_tui.tui.drawing.braille import Window, filled
from neuron_tui.tui.drawing.spans import fit

GUTTER = 6
"""Cells before the curve: a label of the y axis and the axis."""

NAMES = 11
"""The same where several curves stand above each other: the name of each, and the axis."""

AXIS_ROWS = 2
"""Rows below the curve: the x axis and its labels."""

_SMALL = 0.2
"""Shares that stay below this are drawn on a scale of their own: the axis says which."""

_SCALES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


def position_chart(frequency: Floats, width: int, height: int, first: int = 1, last: int | None = None) -> list[str]:
    """One curve, filled, both axes labelled.

    Parameters
    ----------
    frequency
        (T-1,) share of sequences active at positions 1 to T-1, each between 0 and 1.
    width, height
        Cells to fill, axes included; at least 8 x 4.
    first, last
        Positions to show, both included; all of them by default.

    Returns
    -------
    `height` lines of `width` cells. Position p is in column `GUTTER + Window(first, last, width - GUTTER).cell(p)`.
    """
    values = np.nan_to_num(np.asarray(frequency, dtype=np.float64))
    if not len(values):
        return [" " * width] * height
    window = Window(first, len(values) if last is None else last, width - GUTTER)
    rows = height - AXIS_ROWS
    means = window.thin(values)
    top = _scale(float(means.max()))
    labels = {0: top, rows - 1: 0.0} | ({rows // 2: top / 2} if rows >= 3 else {})
    lines = [
        (fit(_tick(labels[row]), GUTTER - 1, "right") + "┤" if row in labels else " " * (GUTTER - 1) + "│") + curve
        for row, curve in enumerate(filled(means / top, rows))
    ]
    return [*lines, *x_axis(window, GUTTER)]


def stacked_charts(curves: Mapping[str, Floats], width: int, height: int, first: int, last: int) -> list[str]:
    """Several curves above each other on one scale, each with its name; see `position_chart`.

    Returns `height` lines, or more where there are more curves than rows: each has one at least. Position p is in
    column `NAMES + Window(first, last, width - NAMES).cell(p)`.
    """
    window = Window(first, last, width - NAMES)
    means = {name: window.thin(np.nan_to_num(curve)) for name, curve in curves.items()}
    top = _scale(max((float(m.max()) for m in means.values()), default=0.0))
    rows, spare = divmod(max(height - AXIS_ROWS, len(means)), max(1, len(means)))
    lines = []
    for place, (name, mean) in enumerate(means.items()):
        # A row between two curves where there is one to spare for each gap.
        for row, curve in enumerate(filled(mean / top, rows)):
            lines.append((fit(name, NAMES - 1) + "┤" if row == 0 else " " * (NAMES - 1) + "│") + curve)
        if spare >= len(means) - 1 and place < len(means) - 1:
            lines.append(" " * (NAMES - 1) + "│" + " " * window.cells)
    axis, labels = x_axis(window, NAMES)
    lines += [axis, fit(f"0-{_tick(top)}", NAMES) + labels[NAMES:]]
    return lines + [" " * width] * (height - len(lines))


def x_axis(window: Window, gutter: int) -> list[str]:
    """The axis of positions and its labels, the first, the last and, where there is room, the middle one."""
    places = [window.first, window.last]
    if window.cells >= 24 and window.size > 2:
        places.insert(1, (window.first + window.last) // 2)
    axis = ["─"] * window.cells
    labels = [" "] * (window.cells + 1)
    for place in dict.fromkeys(places):
        cell, text = window.cell(place), f"{place:,}"
        axis[cell] = "┬"
        start = min(max(0, cell - (len(text) - 1) // 2), window.cells - len(text))
        if place == window.first:
            start = cell
        if start >= 0 and not "".join(labels[max(0, start - 1) : start + len(text)]).strip():
            labels[start : start + len(text)] = text
    return [" " * (gutter - 1) + "└" + "".join(axis), " " * gutter + "".join(labels[: window.cells])]


def _scale(largest: float) -> float:
    if largest >= _SMALL or largest == 0:
        return 1.0
    return next(step for step in _SCALES if step >= largest)


def _tick(share: float) -> str:
    return f"{100 * share:.3g}%"
