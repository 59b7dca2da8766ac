"""Counting a layer again with other thresholds: the datasets that change, from those that the run stores.

Counts, rankings, scores, positions and contexts do not depend on thresholds. The rest follows from them, except one
thing: how many n-grams cover a neuron if it takes more than are stored and another share of its activations is asked
for. That number is counted from kept activations, by the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neuron_tui.store.arrays import Array, Int64s
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.errors import InputError
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.position_tables import position_tables
from neuron_tui.store.neurons.trigger_tables import (
    covered_counts,
    detected_grams,
    read_triggers,
    settled_covering,
    trigger_scores,
)


def changed_datasets(
    source: DatasetReader,
    thresholds: Thresholds,
    occurrences: Mapping[int, Int64s],
    full_sequences: int,
    context_length: int,
    covering: Mapping[int, Int64s] | None = None,
) -> dict[str, Array]:
    """The datasets of a layer that thresholds decide, by name.

    Parameters
    ----------
    source
        The layer as the run stores it.
    occurrences
        (G,) how often each n-gram of the corpus occurs, by n.
    full_sequences, context_length
        Full-length sequences of the corpus, and T.
    covering
        (N,) how many n-grams cover each neuron, by n, for another coverage than the run's; None for the run's own.

    Raises
    ------
    RunDamagedError
        The layer cannot be read.
    """
    changed: dict[str, Array] = {}
    tables = {n: read_triggers(source, n) for n in ORDERS}
    for n, found in tables.items():
        if covering is not None:
            changed[f"triggers/{n}/covering"] = covering[n]
            found = replace(found, covering=covering[n])
        tables[n] = replace(found, covered=covered_counts(n, found, occurrences[n], thresholds))
        changed[f"triggers/{n}/covered"] = tables[n].covered
        changed[f"triggers/{n}/detected"] = detected_grams(tables[n], occurrences[n], thresholds)
    changed["effect/trigger_score"] = trigger_scores(
        tables[1], occurrences[1], source.read("effect/top_score"), thresholds
    )
    if "position/active" in source:
        positions = position_tables(source.read("position/active"), full_sequences, context_length, thresholds)
        changed["position/type"] = positions.type
        changed["position/strength"] = positions.strength
        changed["position/sensitivity"] = positions.sensitivity
    return changed


def stored_covering(source: DatasetReader, thresholds: Thresholds) -> dict[int, Int64s]:
    """How many n-grams cover each neuron, by n, as far as the stored ones hold enough of its activations.

    Raises
    ------
    InputError
        A neuron needs more n-grams than are stored.
    RunDamagedError
        The layer cannot be read.
    """
    covering = {}
    for n in ORDERS:
        found = read_triggers(source, n)
        covering[n] = settled_covering(found.total, found.top_active, thresholds)
        if (covering[n] < 0).any():
            raise InputError(
                f"{source.path}: another coverage is counted from kept activations\n"
                "Use neuron-tui analyze on a run that was extracted with --keep-activations always."
            )
    return covering
