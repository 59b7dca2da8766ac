"""The part of a neuron's card on its values: max and mean, a histogram, and what the weights say."""

from __future__ import annotations

from neuron_tui.store.wording import short_count, value_text
from neuron_tui.tui.drawing.spans import BLANK, Line, wrap_items
from neuron_tui.tui.reports.neuron import NeuronView
from neuron_tui.tui.reports.values import Histogram, histogram_of, weight_words
from neuron_tui.tui.widgets.neuron.blocks import section

_GUTTER = 6
"""Cells before the histogram, for the count of its highest bin."""

_WIDTHS = {"norm": 7, "cosine": 5, "kurtosis": 7, "tokenfreq": 5}
"""Cells that the numbers get, so that they stay in place from neuron to neuron."""

_MOST_CELLS = 96
"""A histogram gets no wider: two cells for each of 48 bins."""


def value_rows(view: NeuronView, width: int, height: int) -> int:
    """Lines of the part in a card of so many: as many for every neuron of a run."""
    if view.record.values is None:
        return 1
    return 2 + _chart_rows(height) + len(_weight_lines(view, width))


def value_lines(view: NeuronView, width: int, height: int) -> list[Line]:
    """The part: a title with max and mean, the histogram over its axis, the numbers of the weights."""
    values, rows = view.record.values, _chart_rows(height)
    if values is None:
        return [section("Values", "not kept by this run", width)]
    weights: list[Line] = [((line, ""),) for line in _weight_lines(view, width)]
    histogram = histogram_of(values)
    if histogram is None or values.max is None or values.mean is None:
        return [section("Values", "none: never active", width), *[BLANK] * (rows + 1), *weights]
    note = f"max {value_text(values.max)}, mean {value_text(values.mean)}"
    return [section("Values", note, width), *_chart(histogram, width, rows), *weights]


def _chart_rows(height: int) -> int:
    return 2 if height < 30 else 3 if height < 50 else 4


def _chart(histogram: Histogram, width: int, rows: int) -> list[Line]:
    room = max(8, min(_MOST_CELLS, width - _GUTTER))
    drawn = histogram.rows(room, rows)
    most = short_count(int(histogram.merged(room).max()))
    lines: list[Line] = [
        ((f"{most if place == 0 else '':>{_GUTTER - 1}}{'┤' if place == 0 else '│'}", "dim"), (line.rstrip(), "bar"))
        for place, line in enumerate(drawn)
    ]
    gap = max(1, len(drawn[0]) - len(histogram.low) - len(histogram.high))
    return [*lines, ((f"{'':{_GUTTER}}{histogram.low}{' ' * gap}{histogram.high}"[:width], "dim"),)]


def _weight_lines(view: NeuronView, width: int) -> list[str]:
    if view.record.weights is None:
        return []
    items = [f"{word} {text:<{_WIDTHS[word]}}" for word, text in weight_words(view.record.weights)]
    return [line.rstrip() for line in wrap_items(items, width, " " if width < 64 else "   ")]
