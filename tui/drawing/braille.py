"""A filled curve in braille dots: two columns and four rows of them in a cell.

plotext draws the same in 5 to 20 ms, which a person walking from neuron to neuron would wait for; this takes a tenth
of a millisecond. Charts with several series in one frame are plotext's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Floats

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bits of a braille character's dots, (4, 2), from the top."""


@dataclass(frozen=True, slots=True)
class Window:
    """Values `first` to `last` (counted from 1, both included) over the dots of `cells` cells."""

    first: int
    last: int
    cells: int

    @property
    def size(self) -> int:
        """How many values it shows."""
        return self.last - self.first + 1

    @property
    def dots(self) -> int:
        """How many dots it has side by side."""
        return 2 * self.cells

    @property
    def step(self) -> int:
        """Values a dot stands for; 1 if there are more dots than values."""
        return max(1, self.size // self.dots)

    def thin(self, values: Floats) -> Floats:
        """One value a dot, (2 * cells,): the mean of a stretch, or the nearest where there are fewer values."""
        inside = values[self.first - 1 : self.last]
        if self.size <= self.dots:
            return inside[self._nearest()]
        edges = self._edges()
        return np.add.reduceat(inside, edges[:-1]) / np.diff(edges)

    def cell(self, place: int) -> int:
        """The cell that shows a value."""
        index = min(max(place, self.first), self.last) - self.first
        if self.size <= self.dots:
            here = np.flatnonzero(self._nearest() == index)
            return int(here[len(here) // 2]) // 2
        return int(np.searchsorted(self._edges(), index, side="right") - 1) // 2

    def place(self, cell: int) -> int:
        """A value that a cell shows."""
        dot = 2 * min(max(cell, 0), self.cells - 1)
        index = self._nearest()[dot] if self.size <= self.dots else self._edges()[dot]
        return self.first + int(index)

    def _nearest(self) -> npt.NDArray[np.int64]:
        return np.rint(np.linspace(0, self.size - 1, self.dots)).astype(np.int64)

    def _edges(self) -> npt.NDArray[np.int64]:
        return np.linspace(0, self.size, self.dots + 1).astype(np.int64)


def filled(heights: Floats, rows: int) -> list[str]:
    """A curve filled down to its foot.

    Parameters
    ----------
    heights
        (2 * cells,) one value a dot, as shares of the full height; anything above 0 shows.
    rows
        Cells from foot to top.

    Returns
    -------
    `rows` lines of `cells` characters, the top one first.
    """
    shares = np.clip(heights, 0.0, 1.0)
    levels = np.maximum(np.rint(4 * rows * shares), shares > 0)
    lit = np.arange(4 * rows, 0, -1)[:, None] <= levels
    cells = (lit.reshape(rows, 4, -1, 2) * _DOTS[None, :, None, :]).sum(axis=(1, 3))
    return ["".join(chr(0x2800 + bits) if bits else " " for bits in row) for row in cells.tolist()]
