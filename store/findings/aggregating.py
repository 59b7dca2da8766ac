"""Counting the aggregates of a run from the files of its layers."""

from __future__ import annotations

import hashlib

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.errors import RunPartialError
from neuron_tui.store.findings.aggregates import Positional, RunAggregates, Suppressors, state_of
from neuron_tui.store.findings.summary import covered_grams, summaries_from_layers
from neuron_tui.store.measures.growth import dead_by_prefix
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import LISTED, NeuronTable, read_table
from neuron_tui.store.runs.manifest import CORPUS_FILE

_COLUMNS = (*LISTED, "triggers/2/covering", "triggers/3/covering")
"""Datasets behind all aggregates: read in one pass over the layers' files."""


def count_aggregates(run: Run) -> RunAggregates:
    """Count the aggregates of a run's finished layers, in one pass over their files.

    Raises
    ------
    RunPartialError
        The run has no finished layer yet.
    RunDamagedError
        A file of it cannot be read.
    """
    if not run.layers:
        raise RunPartialError(
            f"the run {run.name} has no finished layer yet\nGo on with its extraction: run the same command again."
        )
    table = read_table(run)  # not kept: it is big, the aggregates are small
    table.load(*_COLUMNS)
    growth, sensitivity = _by_layer(run)
    return RunAggregates(
        summaries=summaries_from_layers(run, table),
        suppressors=_suppressors(table),
        positional=_positional(table),
        detected=_detected(run),
        growth=growth,
        sensitivity=sensitivity,
        states=state_of(~table.dead, table.type, {n: table.detector(n) for n in ORDERS}).reshape(len(run.layers), -1),
        strongest=_strongest(run, table),
        vocabulary=_digest(run),
    )


def _by_layer(run: Run) -> tuple[Int64s, Int64s]:
    """Growth and sensitivity."""
    corpus = run.manifest.corpus
    tokens = [domain.tokens for domain in corpus.domains] if corpus else []
    growth, sensitivity = [], []
    for layer in run.layers.values():
        data = layer.columns("first_active", "position/sensitivity")
        growth.append(dead_by_prefix(data["first_active"], tokens))
        sensitivity += [data["position/sensitivity"]] if "position/sensitivity" in data else []
    return np.stack(growth), np.stack(sensitivity) if sensitivity else _no_sensitivity(len(growth))


def _no_sensitivity(layers: int) -> Int64s:
    return np.zeros((layers, 0, len(TYPES), len(STRENGTHS)), np.int64)


def _suppressors(table: NeuronTable) -> Suppressors:
    rows = np.flatnonzero(table.suppressing)
    rows = rows[np.argsort(table.trigger_score[rows], kind="stable")]
    return Suppressors(*_addresses(table, rows), table.trigger_score[rows])


def _positional(table: NeuronTable) -> Positional:
    rows = np.flatnonzero(table.positional)
    types, strengths = (column[rows].astype(np.int64) for column in (table.type, table.strength))
    return Positional(*_addresses(table, rows), types, strengths, table.mutual_information[rows])


def _addresses(table: NeuronTable, rows: Int64s) -> tuple[Int64s, Int64s]:
    return table.layer[rows].astype(np.int64), table.neuron[rows].astype(np.int64)


def _detected(run: Run) -> tuple[Int64s, ...]:
    ids = _token_ids(run)
    return tuple(ids[covered_grams(run, layer)[1]] for layer in run.layers.values())


def _strongest(run: Run, table: NeuronTable) -> Int64s:
    ids, first = _token_ids(run), table.first[1][table.detector(1)]
    if len(first) and not 0 <= first.min() <= first.max() < len(ids):
        raise damaged(run.path, "a layer names a token that the corpus does not have")
    return ids[first]


def _token_ids(run: Run) -> Int64s:
    """Token of each row of the table of tokens."""
    ids: Int64s = run.corpus.grams(1).ids[:, 0].astype(np.int64)
    size = run.manifest.corpus.vocabulary if run.manifest.corpus else 0
    if len(ids) and not 0 <= ids.min() <= ids.max() < size:
        raise damaged(run.path / CORPUS_FILE, "`grams/1/ids` holds a token that the vocabulary does not")
    return ids


def _digest(run: Run) -> str:
    """SHA-256 of the vocabulary: each token in UTF-8 with a byte after it that no UTF-8 has."""
    tokens = (token.encode("utf-8", "surrogatepass") for token in run.corpus.vocabulary)
    return hashlib.sha256(b"\xff".join(tokens)).hexdigest()
