"""Positions as a row of blocks: where a neuron is on, and the axis below."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Bools
from neuron_tui.store.findings.chart import tick_label, ticks

_HALVES = {(False, False): " ", (True, False): "▌", (False, True): "▐", (True, True): "█"}
_IN_PART = "░"


def raster_row(on: Bools, width: int) -> str:
    """`width` cells of two halves each: a half is filled if the neuron is on at half of its positions or more.

    A cell with neither half filled that holds a position where it is on is `░`. `on` is (T-1,).
    """
    if not len(on):
        return " " * width
    halves = _shares(on, 2 * width).reshape(width, 2)
    row = []
    for cell in halves:
        left, right = bool(cell[0] >= 0.5), bool(cell[1] >= 0.5)
        row.append(_IN_PART if cell.any() and not (left or right) else _HALVES[left, right])
    return "".join(row)


def position_axis(last: int, width: int) -> tuple[str, str]:
    """Two lines below a raster of positions 1 to `last`: the axis with its ticks, and their labels."""
    line, labels = ["─"] * width, [" "] * width
    free = 0
    for value in [1.0, *(v for v in ticks((1.0, float(max(2, last))), max(2, width // 12), whole=True) if v > 1)]:
        place = min(width - 1, int((value - 0.5) / max(1, last) * width))
        text = tick_label(value)
        start = max(0, min(width - len(text), place - len(text) // 2))
        if start < free:
            continue
        line[place] = "┬"
        labels[start : start + len(text)] = text
        free = start + len(text) + 2
    return "".join(line), "".join(labels)


def _shares(on: Bools, parts: int) -> npt.NDArray[np.float64]:
    """(parts,) share of each stretch that is on; of fewer positions than parts, the position that each lies in."""
    if len(on) <= parts:
        places = (np.arange(parts) + 0.5) / parts * len(on)
        nearest: npt.NDArray[np.float64] = on[places.astype(int)].astype(np.float64)
        return nearest
    edges = np.linspace(0, len(on), parts + 1).astype(int)
    shares: npt.NDArray[np.float64] = np.add.reduceat(on.astype(np.float64), edges[:-1]) / np.diff(edges)
    return shares
