"""The positional neurons of several runs beside each other, one mark a neuron [Fig. 8]."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

from neuron_tui.store.findings.figures.figure import MarkPanel, Marks
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import BLANK, Line, fit, joined, wrap_items

_LEAST = 34
"""Cells of a run's panel below which fewer stand beside each other."""

_GAP = 3
_BEFORE = 10
"""Cells before the marks of a layer: its number and how many neurons it has."""

_MOST_LINES = 6
"""Lines that the marks of one layer may take; from there on a mark stands for several neurons."""


def circle_lines(chart: Marks, width: int) -> list[Line]:
    """A panel a run, a row a layer, a mark for each positional neuron by its type and strength.

    Panels stand beside each other as far as there is room. Where some layer has too many neurons, a mark stands for
    several, in every panel alike, and a line says for how many.
    """
    beside_ = max(1, min(len(chart.panels), (width + _GAP) // (_LEAST + _GAP)))
    size = max(_BEFORE + 2, (width - _GAP * (beside_ - 1)) // beside_)
    counts = [panel.counted(len(chart.kinds)) for panel in chart.panels]
    most = max((sum(found) for panel in counts for found in panel.values()), default=0)
    worth = max(1, -(-most // ((size - _BEFORE) * _MOST_LINES)))
    legend = [f"{marker} {name}" for name, marker in chart.kinds]
    lines: list[Line] = [((line, "dim"),) for line in wrap_items(legend, width)]
    if worth > 1:
        lines.append(((f"a mark is {worth} neurons or what is left of as many", "dim"),))
    for start in range(0, len(chart.panels), beside_):
        chosen = range(start, min(start + beside_, len(chart.panels)))
        lines += [BLANK, *_row([chart.panels[i] for i in chosen], [counts[i] for i in chosen], chart, size, worth)]
    return lines


Counts = dict[int, list[int]]
"""Positional neurons of each layer by kind."""


def _row(panels: Sequence[MarkPanel], counts: Sequence[Counts], chart: Marks, size: int, worth: int) -> list[Line]:
    """Panels beside each other; if they have the same layers, each layer begins on the same line in all of them."""
    markers = [marker for _, marker in chart.kinds]
    layers = [
        [_layer(layer, found[layer], markers, size, worth) for layer in panel.layers]
        for panel, found in zip(panels, counts, strict=True)
    ]
    if len({panel.layers for panel in panels}) == 1:
        for same in zip(*layers, strict=True):
            deepest = max(map(len, same))
            for lines in same:
                lines += [BLANK] * (deepest - len(lines))
    blocks = [
        [
            ((fit(printable(panel.run), size).rstrip(), "strong"),),
            (("layer   n", "column"),),
            *(line for lines in own for line in lines),
        ]
        for panel, own in zip(panels, layers, strict=True)
    ]

    return reduce(partial(joined, gap=_GAP), [(block, size) for block in blocks])[0]


def _layer(layer: int, found: Sequence[int], markers: Sequence[str], size: int, worth: int) -> list[Line]:
    marks = "".join(marker * -(-count // worth) for marker, count in zip(markers, found, strict=True))
    room = size - _BEFORE
    rows = [marks[start : start + room] for start in range(0, len(marks), room)] or [""]
    total = sum(found)
    first = f"{layer:>3}{total if total else '·':>6} "
    return [((first if not place else " " * _BEFORE, ""), (row, "bar")) for place, row in enumerate(rows)]
