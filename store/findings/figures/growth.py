"""Dead neurons against the counted tokens that were read [ours, after §3]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.findings.chart import PAIRS, Series, limits_of
from neuron_tui.store.findings.figures.by_layer import INTERVAL_NOTE, LAYER_COLUMNS, layer_cells
from neuron_tui.store.findings.figures.figure import Cell, Column, Figure, Lines
from neuron_tui.store.findings.labelled_run import LabelledRun, labels_of, notes_on
from neuron_tui.store.measures.growth import GROWTH, prefix_tokens
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.wording import count_noun

_LAYERS_DRAWN = 1
"""Layers drawn beside the whole of a single run: those with the most dead neurons."""


def dead_by_tokens(runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
    """Dead neurons of all finished layers and of each, on growing prefixes of the corpus; `layer` plays no part."""
    columns = (
        *LAYER_COLUMNS,
        Column("tokens", "tokens", key=True),
        Column("corpus_share", "share"),
        Column("dead", "neurons"),
        Column("dead_share", "share"),
        Column("low", "share"),
        Column("high", "share"),
    )
    rows = tuple(row for one in runs for row in _rows(one))
    notes = [
        *(_told(one) for one in runs),
        "A prefix takes the same share of every domain, from its beginning. Rows without a layer are of all of them.",
        INTERVAL_NOTE,
        *notes_on(runs),
    ]
    title = "Dead neurons by tokens read"
    return Figure("dead-by-tokens", title, "§3", labels_of(runs), columns, rows, _lines(runs), tuple(notes))


def _rows(one: LabelledRun) -> list[tuple[Cell, ...]]:
    tokens = _tokens(one).tolist()
    neurons = one.run.manifest.rows
    whole = ((one.label, None, None), one.growth.sum(axis=0), neurons * len(one.layers))
    layers = [(layer_cells(one, at), dead, neurons) for at, dead in zip(one.layers, one.growth, strict=True)]
    return [
        (*cells, read, share, count, count / of, *wilson(count, of))
        for cells, dead, of in [whole, *layers]
        for read, share, count in zip(tokens, GROWTH, dead.tolist(), strict=True)
    ]


def _tokens(one: LabelledRun) -> Int64s:
    """Counted tokens of each prefix, (X,)."""
    corpus = one.run.manifest.corpus
    tokens: Int64s = prefix_tokens([domain.tokens for domain in corpus.domains] if corpus else []).sum(axis=1)
    return tokens


def _told(one: LabelledRun) -> str:
    """How many neurons are dead, and how many more half the tokens left so."""
    dead, half = one.growth[:, -1].sum(), one.growth[:, GROWTH.index(0.5)].sum()
    of = count_noun(one.run.manifest.rows * len(one.layers), one.run.manifest.rule.row_noun)
    read = count_noun(one.run.manifest.tokens, "token")
    return f"{one.label}: {dead:,} of {of} are dead on {read}, {half:,} on half of them."


def _lines(runs: Sequence[LabelledRun]) -> Lines:
    series = []
    for place, one in enumerate(runs):
        x, neurons = _tokens(one).astype(np.float64), one.run.manifest.rows
        marker = PAIRS[place % len(PAIRS)][0]
        name = "all layers" if len(runs) == 1 else one.label
        series.append(Series(name, x, one.growth.sum(axis=0) / (neurons * len(one.layers)), marker=marker))
    if len(runs) == 1:
        (one,) = runs
        most = np.argsort(-one.growth[:, -1], kind="stable")[:_LAYERS_DRAWN]
        for nth, at in enumerate(most[one.growth[most, -1] > 0].tolist(), 1):
            share = one.growth[at] / one.run.manifest.rows
            series.append(Series(f"layer {one.layers[at]}", x, share, dash=True, marker=PAIRS[nth][0]))
    read = np.concatenate([np.asarray(s.x) for s in series])
    read = read[read > 0]
    limits = (float(read.min()), float(read.max())) if read.size else (1.0, 10.0)
    shares = limits_of(float(v) for s in series for v in s.y)
    return Lines(
        tuple(series), "counted tokens, logarithmic", "share of neurons dead", limits, shares, True, x_log=True
    )
