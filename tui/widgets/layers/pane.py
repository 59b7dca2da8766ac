"""The layers pane: what share of each layer is dead, how often the others are on, what it detects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from neuron_tui.store.findings.aggregates import mean_frequency
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.wording import GRAM_NAMES
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import Line, Span, bar, fit, short_percent
from neuron_tui.tui.widgets.layers.totals import LayerTotals, positional
from neuron_tui.tui.widgets.rows import RowList

TITLES = ("dead", "freq", "tok", "2g", "3g", "pos")
"""Columns of the list, after the layer's number."""


@dataclass(frozen=True, slots=True)
class Room:
    """Cells of each column: those of its bar, 0 for none, and those of its number. A space comes before each."""

    bars: tuple[int, ...]
    numbers: tuple[int, ...]

    @classmethod
    def within(cls, width: int) -> Room:
        """The room there is in `width` cells, the layer's number in the first two left out."""
        narrow, wide = (4, 4, 3, 3, 3, 3), (5, 5, 5, 4, 4, 4)
        gaps = len(TITLES)
        for bars in (3, 2, 1):
            if 2 + gaps + sum(wide) + gaps * bars <= width:
                return cls((bars,) * gaps, wide)
        spare = width - 2 - gaps - sum(narrow)
        # In the order of what one looks at first.
        first = (0, 2, 1, 5, 3, 4)[: max(0, spare)]
        return cls(tuple(int(column in first) for column in range(gaps)), narrow)


@dataclass(frozen=True, slots=True)
class Measures:
    """The six columns of one layer, or of all of them together; None where there is no number."""

    values: tuple[float | None, ...]

    @classmethod
    def of(cls, summaries: Sequence[LayerSummary]) -> Measures:
        """What some layers hold together."""
        dead = sum(s.dead for s in summaries) / sum(s.neurons for s in summaries)
        found = (sum(s.detectors[n] for s in summaries) for n in GRAM_NAMES)
        return cls((dead, mean_frequency(summaries), *found, sum(positional(s) for s in summaries)))

    def texts(self, room: Room) -> list[str]:
        """The numbers, each in its room."""
        shares = [_share(value, cells) for value, cells in zip(self.values[:2], room.numbers, strict=False)]
        counts = [_count(int(v or 0), cells) for v, cells in zip(self.values[2:], room.numbers[2:], strict=True)]
        return [fit(t, cells, "right") for t, cells in zip(shares + counts, room.numbers, strict=True)]


class LayerList(RowList):
    """All layers together in the first row, then one row a layer."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (Action("layers.choose", "right,l", "choose", "its neurons"),)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓  k j", "choose a layer, or ∑, all of them together; its neurons are shown beside."),
        ("enter  →", "gives the keys to the neurons of that layer."),
        ("▏▌█", "a bar compares a layer's number with that of the other layers: the largest fills it."),
        ("freq", "here is the mean frequency of the neurons that are not dead."),
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._layers: tuple[int, ...] = ()
        self._measures: dict[int | None, Measures] = {}
        self._largest: tuple[float, ...] = ()

    def show_layers(self, layers: Sequence[int]) -> None:
        """The layers there are; the cursor stays on its layer."""
        before = self.layer_at(self.cursor)
        self._layers = tuple(layers)
        self.set_rows(len(layers) + 1, self._row_of(before))

    def show_summaries(self, summaries: Sequence[LayerSummary]) -> None:
        """What each layer holds."""
        each: dict[int | None, Measures] = {s.layer: Measures.of([s]) for s in summaries}
        columns = zip(*(m.values for m in each.values()), strict=True)
        self._largest = tuple(max((v or 0.0 for v in column), default=0.0) for column in columns)
        self._measures = each | {None: Measures.of(summaries)} if summaries else {}
        self.refresh()

    def layer_at(self, row: int) -> int | None:
        """The layer of a row; None for all of them."""
        return self._layers[row - 1] if 0 < row <= len(self._layers) else None

    def select(self, layer: int | None) -> None:
        """Put the cursor on a layer; None for all of them."""
        self.move(self._row_of(layer))

    def _row_of(self, layer: int | None) -> int:
        return self._layers.index(layer) + 1 if layer in self._layers else 0

    def header_line(self, width: int) -> Line:
        """Titles of the columns."""
        room = Room.within(width - 1)
        cells = [fit(t, b + n, "right") for t, b, n in zip(TITLES, room.bars, room.numbers, strict=True)]
        return ((f" {fit('l', 2, 'right')} {' '.join(cells)}", "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """All layers, or one."""
        layer = self.layer_at(row)
        name: Span = (fit("∑" if layer is None else str(layer), 2, "right"), "")
        measures = self._measures.get(layer)
        if measures is None:
            return (name,)
        room = Room.within(width)
        line: Line = (name,)
        # Of all layers together only shares can be compared with those of one.
        compared = len(TITLES) if layer is not None else 2
        for column, text in enumerate(measures.texts(room)):
            largest = self._largest[column]
            share = (measures.values[column] or 0.0) / largest if largest and column < compared else 0.0
            cells = room.bars[column]
            line += ((" ", ""), (bar(share, cells) if cells else "", "bar"), (text, ""))
        return line


def _share(share: float | None, room: int) -> str:
    if share is None:
        return "–"
    text = short_percent(share)
    return text if len(text) <= room else "<.1%"


def _count(count: int, room: int) -> str:
    for text in (f"{count:,}", str(count), f"{count / 1000:.1f}k"):
        if len(text) <= room:
            return text
    return f"{count / 1000:.0f}k"


class LayerPane(Vertical):
    """The list with the run's totals above."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows = LayerList(id="layer-list")
        self._totals = LayerTotals()

    def compose(self) -> ComposeResult:
        """The totals, then the list."""
        yield self._totals
        yield self.rows

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Layers"

    def show_summaries(self, summaries: Sequence[LayerSummary]) -> None:
        """Fill in what the layers hold."""
        self.rows.show_summaries(summaries)
        self._totals.show(summaries)
