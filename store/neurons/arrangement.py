"""Which neurons a list shows, and in what order: numpy over the table, for millions of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.schema import ORDERS, STRENGTHS
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.ordering import stable_order
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.table import MEASURES, NeuronTable

Int64s = npt.NDArray[np.int64]

SORTS = (
    ("notable", "what is worth seeing first"),
    ("layer", "layer, then neuron"),
    ("neuron", "neuron"),
    ("what", "what it is"),
    ("freq", "frequency"),
    ("cover", "n-grams that cover {coverage}"),
    ("mi", "mutual information with position"),
    ("score", "mean score of a token detector's triggers"),
    ("trigger", "first trigger, alphabetically"),
    ("max", "highest value"),
    ("mean", "mean value where active"),
    ("norm", "length of the update direction"),
    ("cosine", "cosine of read and update direction"),
    ("kurtosis", "excess kurtosis of the scores"),
    ("tokenfreq", "correlation of scores with token frequency"),
)
"""What a list can be sorted by, and how a person is asked; `{coverage}` is the run's threshold."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list should show: `layer` None for all, `query` a filter, `order` the n of the n-grams in view."""

    layer: int | None = None
    query: str = ""
    column: str = "notable"
    descending: bool = False
    order: int = 1

    def sorted_by(self, column: str) -> ListQuery:
        """The query sorted by a column: as suits it first, the other way round if it already is."""
        if column == self.column:
            return replace(self, descending=not self.descending)
        return replace(self, column=column, descending=column in ("freq", "mi", *MEASURES))


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Rows of the table in the order of the list; `considered` is how many there were before the filter."""

    list_query: ListQuery
    rows: Int64s
    considered: int


def arrange(opened: OpenedRun, list_query: ListQuery) -> Arrangement:
    """The neurons that a list query asks for; raises QueryError for its query and RunDamagedError."""
    table = opened.table
    keep = np.ones(len(table), dtype=bool) if list_query.layer is None else table.layer == list_query.layer
    considered = int(keep.sum())
    if list_query.query.strip():
        keep &= matching(opened.run, table, list_query.query)
    rows = np.flatnonzero(keep)
    if list_query.column == "layer":  # the order of the table itself: by layer, then neuron
        return Arrangement(list_query, rows[::-1].copy() if list_query.descending else rows, considered)
    if list_query.column == "notable":
        return Arrangement(list_query, _notable_first(table, keep, list_query.descending), considered)
    key = _key(opened, list_query)
    key = key if len(rows) == len(table) else key[rows]
    if list_query.descending:
        key = -key  # so that equal ones keep the order of the table
    return Arrangement(list_query, rows[stable_order(key)], considered)


def _key(opened: OpenedRun, list_query: ListQuery) -> npt.NDArray[Any]:
    table = opened.table
    match list_query.column:
        case "neuron":
            return table.neuron
        case "what":
            return _kinds(table)
        case "freq":
            return table.count
        case "cover":
            covering = table.covering[list_query.order].astype(np.int64)
            return _last_if(covering == 0, covering, list_query)
        case "mi":
            return table.mutual_information  # numpy sorts NaN last, and so does its negative
        case "score":
            return table.trigger_score  # NaN, of all but token detectors, comes last
        case "trigger":
            keys = opened.trigger_keys(list_query.order)
            return _last_if(keys < 0, keys, list_query)
        case measure if measure in MEASURES:
            return table.measure(measure)  # the only column read; NaN comes last
    raise ValueError(list_query.column)


def _last_if(absent: npt.NDArray[np.bool_], values: Int64s, list_query: ListQuery) -> Int64s:
    # Just beyond the others, since keys of few bits sort faster.
    outside = int(values.min(initial=0)) - 1 if list_query.descending else int(values.max(initial=0)) + 1
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


def _notable_first(table: NeuronTable, keep: npt.NDArray[np.bool_], descending: bool) -> Int64s:
    """Rows to keep, those first that are most worth seeing; with `descending` last. Equal ones as in the table.

    Token detectors that suppress their triggers come first, by their score; then other detectors of tokens, bigrams and
    trigrams; then positional neurons, strong ones first, by their mutual information; then the other neurons that are
    alive, and the dead ones last.
    """
    left = keep & ~table.dead
    strong = table.strength == STRENGTHS.index("strong")
    kinds: tuple[tuple[npt.NDArray[np.bool_], npt.NDArray[Any] | None], ...] = (
        (table.suppressing, table.trigger_score),
        *((table.detector(n), None) for n in ORDERS),
        (table.positional & strong, table.mutual_information),
        (table.positional, table.mutual_information),
    )
    groups = []
    for members, strength in kinds:
        rows = np.flatnonzero(members & left)
        if strength is not None:
            # The lowest score is the strongest, and the highest information.
            sign = 1 if (strength is table.trigger_score) != descending else -1
            rows = rows[stable_order(sign * strength[rows])]
        left[rows] = False
        groups.append(rows)
    groups += [np.flatnonzero(left), np.flatnonzero(keep & table.dead)]
    return np.concatenate(groups[::-1] if descending else groups)
