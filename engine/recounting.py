"""Counting one layer of a run again with other thresholds, from its kept activations where it takes these."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from neuron_tui.engine.corpus.order import NestedOrder
from neuron_tui.engine.counting.bits import WORD
from neuron_tui.engine.counting.grams import count_grams, gram_walk
from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named, replacing
from neuron_tui.store.disk.hdf5 import SchemaReader, SchemaWriter, reading
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.schema import ORDERS, OVERLAY
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.recount import changed_datasets
from neuron_tui.store.neurons.trigger_tables import read_triggers, settled_covering
from neuron_tui.store.runs.manifest import FileEntry, file_entry, layer_file

Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Recount:
    """What counting again takes, made once for all layers.

    `occurrences` are those of the tables of n-grams, by n; `order` is None where no activation needs to be looked at.
    """

    thresholds: Thresholds
    occurrences: Mapping[int, Int64s]
    order: NestedOrder | None
    full_sequences: int
    context_length: int


def recount_layer(folder: Path, layer: int, source: SchemaReader, work: Recount, tick: Tick) -> FileEntry:
    """Count a layer again and write what changes to a variant's folder.

    Parameters
    ----------
    source
        The open file of the layer in the run.
    tick
        Called with the number of neurons just finished.

    Raises
    ------
    RunDamagedError
        The run's file cannot be read.
    DiskFullError
        The disk has no room; no file is left.
    """
    covering = None if work.order is None else _counted_covering(source, work.order, work.thresholds, tick)
    changed = changed_datasets(
        source, work.thresholds, work.occurrences, work.full_sequences, work.context_length, covering
    )
    dimensions = {"N": source.dimensions["N"]}
    dimensions |= {f"A{n}": len(changed[f"triggers/{n}/detected"]) for n in ORDERS}
    if "position/sensitivity" in changed:
        dimensions["Z"] = len(changed["position/sensitivity"])
    path = folder / layer_file(layer)
    with disk_full_named(path):
        changes.make_folders(path.parent)
    with replacing(path) as temporary:
        with SchemaWriter(temporary, OVERLAY, dimensions, layer=layer) as file:
            for name, values in changed.items():
                file.write(name, values)
        with reading(temporary, OVERLAY):
            pass  # opening checks every name, shape and dtype
    return file_entry(path)


def _counted_covering(
    source: SchemaReader, order: NestedOrder, thresholds: Thresholds, tick: Tick
) -> dict[int, Int64s]:
    """How many n-grams cover each neuron, by n: from the stored ones where these suffice, else from its activations."""
    tables = {n: read_triggers(source, n) for n in ORDERS}
    covering = {n: settled_covering(found.total, found.top_active, thresholds) for n, found in tables.items()}
    open_ = np.flatnonzero(np.logical_or.reduce([lengths < 0 for lengths in covering.values()]))
    count = partial(count_grams, walk=gram_walk(order), thresholds=thresholds)
    words, done, at_once = np.unique(open_ // WORD).tolist(), 0, os.cpu_count() or 1
    with ThreadPoolExecutor(at_once) as pool:
        for first in range(0, len(words), at_once):
            some = words[first : first + at_once]
            stored = [source.read("activations", (word, slice(None))) for word in some]
            for word, found in zip(some, pool.map(count, stored), strict=True):
                own = open_[open_ // WORD == word]
                for n, triggers in found.items():
                    if other := own[triggers.total[own % WORD] != tables[n].total[own]].tolist():
                        what = f"`activations` of neuron {other[0]} are not those that were counted"
                        raise damaged(source.path, what)
                    covering[n][own] = triggers.covering[own % WORD]
                reached = min((word + 1) * WORD, len(covering[1]))
                tick(reached - done)
                done = reached
    return covering
