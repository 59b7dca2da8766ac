"""What a run says of its layers: the numbers behind the paper's Figures 1 to 5, 8 and 12 to 15."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.findings.aggregates import LayerSummary as LayerSummary
from neuron_tui.store.neurons.layer import Layer
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import NeuronTable, read_table

HISTOGRAM_BOUNDS = {
    1: (5, 10, 20, 50, 200, 1000, 2000),
    2: (50, 100, 200, 500, 1000, 2000, 5000),
    3: (50, 100, 200, 500, 1000, 5000, 20000),
}
"""Last value of each bin of `covering`; one more bin holds what is above [Fig. 2, 12, 13]."""


def summaries_from_layers(run: Run, table: NeuronTable | None = None) -> tuple[LayerSummary, ...]:
    """Summaries of all finished layers counted from their files, from the bottom up; raises RunDamagedError."""
    table = read_table(run) if table is None else table
    neurons = run.manifest.rows
    below = {n: np.zeros(run.corpus.size(n), dtype=bool) for n in ORDERS}  # which n-grams a layer so far detects
    previous = {n: np.empty(0, np.int64) for n in ORDERS}
    previous_index = -1
    summaries = []
    for place, layer in enumerate(run.layers.values()):
        rows = slice(place * neurons, (place + 1) * neurons)
        covered = covered_grams(run, layer)
        known = previous_index == layer.index - 1  # below layer 0 there is nothing
        to_previous = {
            n: int((~np.isin(covered[n], previous[n], assume_unique=True)).sum()) if known else None for n in ORDERS
        }
        new = {n: int((~below[n][covered[n]]).sum()) for n in ORDERS}
        for n in ORDERS:
            below[n][covered[n]] = True
        previous, previous_index = covered, layer.index
        alive = ~table.dead[rows]
        frequency = table.frequency[rows][alive]
        summaries.append(
            LayerSummary(
                layer=layer.index,
                neurons=neurons,
                dead=int((~alive).sum()),
                mean_frequency_alive=float(frequency.mean()) if frequency.size else None,
                detectors={n: int((table.covered[n][rows] > 0).sum()) for n in ORDERS},
                covered={n: int(covered[n].size) for n in ORDERS},
                covered_cumulative={n: int(below[n].sum()) for n in ORDERS},
                new_overall=new,
                new_to_previous=to_previous,
                covering_histogram={n: histogram(table.covering[n][rows][alive], n) for n in ORDERS},
                suppressing=int(table.suppressing[rows].sum()),
                positional=_positional(table, rows),
            )
        )
    return tuple(summaries)


def covered_grams(run: Run, layer: Layer) -> dict[int, npt.NDArray[np.int64]]:
    """Rows of the n-gram tables that a detector of the layer covers, ascending, by n [§4]; raises RunDamagedError."""
    data = layer.columns(*(f"triggers/{n}/detected" for n in ORDERS))
    covered: dict[int, npt.NDArray[np.int64]] = {n: data[f"triggers/{n}/detected"] for n in ORDERS}
    for n, rows in covered.items():
        if len(rows) and not 0 <= rows.min() <= rows.max() < run.corpus.size(n):
            raise RunDamagedError(f"{layer.path}: a {n}-gram that the corpus does not have\nExtract the run again.")
    return covered


def histogram(covering: npt.NDArray[np.signedinteger[Any]], n: int) -> tuple[int, ...]:
    """Neurons per bin of `covering`, alive ones with at least one n-gram [Fig. 2, 12, 13]."""
    bins = np.searchsorted(HISTOGRAM_BOUNDS[n], covering[covering > 0], side="left")
    return tuple(np.bincount(bins, minlength=len(HISTOGRAM_BOUNDS[n]) + 1).tolist())


def _positional(table: NeuronTable, rows: slice) -> dict[str, dict[str, int]]:
    types, strengths = table.type[rows], table.strength[rows]
    return {
        kind: {
            name: int(((types == TYPES.index(kind)) & (strengths == STRENGTHS.index(name))).sum())
            for name in ("strong", "weak")
        }
        for kind in TYPES
        if kind is not None
    }
