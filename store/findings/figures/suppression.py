"""The token detectors that write most against their own triggers [§4.4, Fig. 5]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neuron_tui.store.findings.figures.by_layer import LAYER_COLUMNS, layer_cells
from neuron_tui.store.findings.figures.figure import Cell, Column, Figure, Tokens, finite
from neuron_tui.store.findings.labelled_run import LabelledRun, labels_of, notes_on
from neuron_tui.store.neurons.record import NeuronRecord, TokenScore

MOST = 25
"""Rows for each run."""

_TOKENS_SHOWN = 5


def strongest_suppressors(runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
    """The `MOST` suppressors of each run with the lowest trigger score; `layer` plays no part.

    Reads their records; raises RunDamagedError.
    """
    rows: list[tuple[Cell, ...]] = []
    notes = []
    for one in runs:
        rows += [(*layer_cells(one, record.layer), *_cells(one, record)) for record in _records(one)]
        suppress, detect = len(one.suppressors.neuron), sum(s.detectors[1] for s in one.summaries)
        share = f" ({suppress / detect:.0%})" if detect else ""
        notes.append(f"{one.label}: {suppress:,} of {detect:,} token detectors{share} suppress their triggers.")
    notes += notes_on(runs)
    columns = (
        *LAYER_COLUMNS,
        Column("neuron", key=True),
        Column("trigger_score", "logit"),
        Column("triggers"),
        Column("promoted"),
        Column("suppressed"),
    )
    title = "Strongest suppressors"
    return Figure("5", title, "§4.4, Fig. 5", labels_of(runs), columns, tuple(rows), None, tuple(notes))


def _records(labelled: LabelledRun) -> list[NeuronRecord]:
    """Records of the strongest, strongest first: read layer by layer."""
    chosen = list(
        zip(labelled.suppressors.layer[:MOST].tolist(), labelled.suppressors.neuron[:MOST].tolist(), strict=True)
    )
    read: dict[tuple[int, int], NeuronRecord] = {}
    for layer in sorted({layer for layer, _ in chosen}):
        neurons = np.array(sorted(neuron for where, neuron in chosen if where == layer), np.int64)
        read |= {(layer, record.neuron): record for record in labelled.run.layer(layer).records(neurons)}
    return [read[place] for place in chosen]


def _cells(labelled: LabelledRun, record: NeuronRecord) -> tuple[Cell, ...]:
    spelling = labelled.run.corpus.spelling

    def scored(scores: Sequence[TokenScore]) -> Tokens:
        return Tokens(tuple(score.form for score in scores[:_TOKENS_SHOWN]), spelling)

    triggers = Tokens(tuple(trigger.forms[0] for trigger in record.triggers[1].covered), spelling)
    effect = record.effect
    return record.neuron, finite(effect.trigger_score), triggers, scored(effect.promoted), scored(effect.suppressed)
