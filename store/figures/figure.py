"""What a figure is: a table with units, how to draw it, and what must be said of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neuron_tui.store.drawing.axis import Limits
from neuron_tui.store.drawing.svg import Series
from neuron_tui.store.teams import Team
from neuron_tui.store.tokens import visible_token


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens in a cell, as the tokeniser writes them."""

    forms: tuple[str, ...]
    byte_level: bool

    def shown(self) -> str:
        """The tokens as people are shown them."""
        return "  ".join(visible_token(form, self.byte_level) for form in self.forms)


Cell = int | float | str | Tokens | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a figure's table; `unit` is `share` for numbers between 0 and 1, empty for names and indices.

    `key` columns say what a row is of; the others are its values.
    """

    name: str
    unit: str = ""
    key: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines over the layers: over their index for one run, over relative depth for several."""

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    x_limits: Limits
    y_limits: Limits
    percent: bool


@dataclass(frozen=True, slots=True)
class Bins:
    """Of one run: `shares[i][j]` of the alive neurons of `layers[i]` are in bin j.

    The first `lower` layers are those of the model's bottom half.
    """

    run: str
    layers: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    lower: int

    def shown(self, all_layers: bool) -> tuple[tuple[int, tuple[float, ...]], ...]:
        """Layers to draw with their shares: all of them, or those of the bottom half."""
        pairs = tuple(zip(self.layers, self.shares, strict=True))
        return pairs if all_layers else pairs[: self.lower]


@dataclass(frozen=True, slots=True)
class Histograms:
    """A histogram a layer, a panel a run."""

    bins: tuple[str, ...]
    x_label: str
    panels: tuple[Bins, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A positional neuron; `kind` is its place in the kinds of `Marks`."""

    layer: int
    neuron: int
    mutual_information: float
    kind: int


@dataclass(frozen=True, slots=True)
class MarkPanel:
    """The positional neurons of one run and all its finished layers."""

    run: str
    layers: tuple[int, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """A mark a neuron, a panel a run; `kinds` are pairs of a name and a marker."""

    kinds: tuple[tuple[str, str], ...]
    panels: tuple[MarkPanel, ...]


@dataclass(frozen=True, slots=True)
class Teams:
    """A team a run: pairs of the run's name and the team, None if the run has none."""

    panels: tuple[tuple[str, Team | None], ...]


Chart = Lines | Histograms | Marks | Teams


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the paper made from one or more runs, which `runs` labels.

    `rows` have a cell for each column. `chart` is None where the table is all there is. `notes` are sentences that
    belong below it.
    """

    name: str
    title: str
    reference: str
    runs: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chart: Chart | None
    notes: tuple[str, ...]

    def column(self, name: str) -> tuple[Cell, ...]:
        """The cells of a column; raises ValueError if there is none of that name."""
        place = [column.name for column in self.columns].index(name)
        return tuple(row[place] for row in self.rows)


def finite(value: float | None) -> float | None:
    """A number for a cell: None for what is no number; whole ones stay so."""
    return value if isinstance(value, int) or value is None or math.isfinite(value) else None
