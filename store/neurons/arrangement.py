"""Which neurons a list shows, and in what order: numpy over the table, for millions of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.ordering import stable_order
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.table import NeuronTable

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list should show: `layer` None for all, `order` the n of the n-grams in view."""

    layer: int | None = None
    query: str = ""
    column: str = "layer"
    descending: bool = False
    order: int = 1

    def sorted_by(self, column: str) -> Wish:
        """The wish sorted by a column: as suits it first, the other way round if it already is."""
        if column == self.column:
            return replace(self, descending=not self.descending)
        return replace(self, column=column, descending=column in ("freq", "mi"))


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Rows of the table in the order of the list; `considered` is how many there were before the filter."""

    wish: Wish
    rows: Int64s
    considered: int


def arrange(opened: OpenedRun, wish: Wish) -> Arrangement:
    """Carry out a wish; raises QueryError for its query and RunDamagedError."""
    table = opened.table
    keep = np.ones(len(table), dtype=bool) if wish.layer is None else table.layer == wish.layer
    considered = int(keep.sum())
    if wish.query.strip():
        keep &= matching(opened.run, table, wish.query)
    rows = np.flatnonzero(keep)
    if wish.column == "layer":  # the order of the table itself: by layer, then neuron
        return Arrangement(wish, rows[::-1].copy() if wish.descending else rows, considered)
    key = _key(opened, wish)
    key = key if len(rows) == len(table) else key[rows]
    if wish.descending:
        key = -key  # so that equal ones keep the order of the table
    return Arrangement(wish, rows[stable_order(key)], considered)


def _key(opened: OpenedRun, wish: Wish) -> npt.NDArray[Any]:
    table = opened.table
    match wish.column:
        case "neuron":
            return table.neuron
        case "what":
            return _kinds(table)
        case "freq":
            return table.count
        case "cover":
            covering = table.covering[wish.order].astype(np.int64)
            return _last_if(covering == 0, covering, wish)
        case "mi":
            return table.mutual_information  # numpy sorts NaN last, and so does its negative
        case "score":
            return table.trigger_score  # NaN, of all but token detectors, comes last
        case "trigger":
            keys = opened.trigger_keys(wish.order)
            return _last_if(keys < 0, keys, wish)
    raise ValueError(wish.column)


def _last_if(absent: npt.NDArray[np.bool_], values: Int64s, wish: Wish) -> Int64s:
    # Just beyond the others, since keys of few bits sort faster.
    outside = int(values.min(initial=0)) - 1 if wish.descending else int(values.max(initial=0)) + 1
    return np.where(absent, outside, values)


def _kinds(table: NeuronTable) -> npt.NDArray[np.int8]:
    """(R,) a number for each label: detectors first, then positional types, the others, the dead."""
    kind = np.full(len(table), 8, np.int8)
    kind[table.type > 0] = 3 + table.type[table.type > 0]
    for n in (3, 2, 1):
        kind[table.detector(n)] = n
    kind[table.detector(1) & table.suppressing] = 0
    kind[table.dead] = 9
    return kind
