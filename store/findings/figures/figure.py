"""What a figure is: a table with units, how to draw it, and what must be said of it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar, overload

from neuron_tui.store.findings.chart import Limits, Series
from neuron_tui.store.neurons.teams import Team
from neuron_tui.store.tokens import Spelling, visible_token


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens in a cell, as the tokeniser writes them."""

    forms: tuple[str, ...]
    spelling: Spelling

    def shown(self) -> str:
        """The tokens as people are shown them."""
        return "  ".join(visible_token(form, self.spelling) for form in self.forms)


T = TypeVar("T")

_STEP = 4096


class Deferred(Sequence[T]):
    """Items that are made when they are asked for: a large model has half a million positional neurons."""

    def __init__(self, *parts: tuple[int, Callable[[int, int], Iterable[T]]]) -> None:
        """Parts one after the other: how many items each has, and how those from one place to another are made."""
        self._parts = parts
        self._ends = list(accumulate(size for size, _ in parts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[T]:
        for size, make in self._parts:
            for start in range(0, size, _STEP):
                yield from make(start, min(start + _STEP, size))

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...

    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        if isinstance(place, slice):
            return tuple(self[i] for i in range(*place.indices(len(self))))
        place = range(len(self))[place]
        part = bisect_right(self._ends, place)
        size, make = self._parts[part]
        within = place - (self._ends[part] - size)
        return next(iter(make(within, within + 1)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


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
    """Lines over the layers: over their index for one run, over relative depth for several; or over tokens.

    `x_log` says that the x axis is logarithmic; its limits are then positive.
    """

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    x_limits: Limits
    y_limits: Limits
    percent: bool
    x_log: bool = False


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
    marks: Sequence[Mark]
    counts: Mapping[int, tuple[int, ...]] | None = None

    def counted(self, kinds: int) -> dict[int, list[int]]:
        """How many marks of each kind each layer has; they need not be made where `counts` says it."""
        counts = {layer: [0] * kinds for layer in self.layers}
        for layer, known in (self.counts or {}).items():
            counts[layer] = list(known)
        for mark in self.marks if self.counts is None else ():
            counts[mark.layer][mark.kind] += 1
        return counts


@dataclass(frozen=True, slots=True)
class Marks:
    """A mark a neuron, a panel a run; `kinds` are pairs of a name and a marker."""

    kinds: tuple[tuple[str, str], ...]
    panels: tuple[MarkPanel, ...]


@dataclass(frozen=True, slots=True)
class Teams:
    """A team a run: pairs of the run's name and the team, None if the run has none."""

    panels: tuple[tuple[str, Team | None], ...]


@dataclass(frozen=True, slots=True)
class Tallies:
    """Numbers of several kinds under several names, the first of which the others are held against.

    `kinds` are pairs of a name and a marker; `panels` are a run and, for each name, a number for every kind.
    """

    kinds: tuple[tuple[str, str], ...]
    x_label: str
    panels: tuple[tuple[str, tuple[tuple[str, tuple[int, ...]], ...]], ...]


Chart = Lines | Histograms | Marks | Teams | Tallies


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
    rows: Sequence[tuple[Cell, ...]]
    chart: Chart | None
    notes: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The title, after the paper's number of the figure where it has one."""
        return f"{self.name}. {self.title}" if self.name[:1].isdigit() else self.title

    def column(self, name: str) -> tuple[Cell, ...]:
        """The cells of a column; raises ValueError if there is none of that name."""
        place = [column.name for column in self.columns].index(name)
        return tuple(row[place] for row in self.rows)


def finite(value: float | None) -> float | None:
    """A number for a cell: None for what is no number; whole ones stay so."""
    return value if isinstance(value, int) or value is None or math.isfinite(value) else None
