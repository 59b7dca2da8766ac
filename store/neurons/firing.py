"""Which neurons of a run fire on this n-gram? Read from the lookups of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neuron_tui.store.arrays import Array, Int64s
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import LOOKUP_CHUNK, ORDERS
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.lookup import stretch_of
from neuron_tui.store.neurons.run import Run


@dataclass(frozen=True, slots=True)
class Firing:
    """Neurons that fire on one n-gram, most active first, then by layer and neuron.

    `layer`, `neuron`, `rank` (its place in the neuron's ranking, from 0) and `active` (positions of the n-gram where
    the neuron is active) are (M,) int64; `occurrences` is how many positions the n-gram has in the corpus, 0 if it is
    not there. `found` is how many such neurons there are in all: a frequent token has a million of them in a large
    model, and the arrays hold the best `most` that were asked for.

    Complete are the neurons that have the n-gram among their STORED_TRIGGERS best. A neuron with no more distinct
    n-grams than that has all of them there, and one with `covering` at most that many has all that cover it there. A
    neuron that fires on more n-grams than are stored may be active on this one and yet be missing.
    """

    n: int
    layer: Int64s
    neuron: Int64s
    rank: Int64s
    active: Int64s
    found: int
    occurrences: int

    def __len__(self) -> int:
        return len(self.layer)


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of one n-gram in a layer's lookup, the best of them: (M,) int64 each, as `Firing` says."""

    neuron: Int64s
    rank: Int64s
    active: Int64s
    found: int


def firing_on(run: Run, ids: tuple[int, ...], most: int = 10_000) -> Firing:
    """Neurons of all finished layers that have an n-gram among their stored triggers; see `Firing`.

    Parameters
    ----------
    ids
        Its tokens as read: 1, 2 or 3 of them.
    most
        How many neurons are wanted, the most active ones.

    Raises
    ------
    ValueError
        There are more or fewer tokens.
    RunDamagedError
        A file cannot be read.
    """
    if len(ids) not in ORDERS:
        raise ValueError(f"an n-gram of {len(ids)} tokens; counted are those of {ORDERS[0]} to {ORDERS[-1]}")
    n, row = len(ids), run.corpus.find_gram(ids)
    parts = {index: entries_of(run, index, n, row, most) for index in run.layers} if row is not None else {}
    layer = _joined([np.full(len(part.neuron), index, np.int64) for index, part in parts.items()])
    neuron, rank, active = (
        _joined([getattr(part, name) for part in parts.values()]) for name in ("neuron", "rank", "active")
    )
    best = np.argsort(-active, kind="stable")[:most]  # by layer and neuron they are already
    occurrences = run.corpus.occurrences(n, row) if row is not None else 0
    found = sum(part.found for part in parts.values())
    return Firing(n, layer[best], neuron[best], rank[best], active[best], found, occurrences)


def entries_of(run: Run, layer: int, n: int, row: int, most: int | None = None) -> Entries:
    """Entries of a layer's lookup for a row of the n-gram table, `most` of them at most; raises RunDamagedError."""
    with run.layer(layer).open() as file:
        begin, end = stretch_of(file, n, row)
        wanted = slice(begin, end if most is None else min(end, begin + most))
        neuron, rank, active = (
            file.read(f"lookup/{n}/{name}", wanted).astype(np.int64) if begin < end else np.empty(0, np.int64)
            for name in ("neuron", "rank", "active")
        )
        _refuse_foreign(file, n, neuron)
    return Entries(neuron, rank, active, end - begin)


def entries_by_page(file: DatasetReader, n: int, row: int) -> Iterator[tuple[Int64s, Int64s]]:
    """Neurons of a layer's lookup with an n-gram, and their active positions on it, (M,) each: most active first.

    They come a few thousand at a time; raises RunDamagedError.
    """
    begin, end = stretch_of(file, n, row)
    while begin < end:
        stop = min(end, begin - begin % LOOKUP_CHUNK + LOOKUP_CHUNK)
        neuron, active = (file.read(f"lookup/{n}/{name}", slice(begin, stop)) for name in ("neuron", "active"))
        _refuse_foreign(file, n, neuron)
        yield neuron.astype(np.int64), active
        begin = stop


def _refuse_foreign(file: DatasetReader, n: int, neuron: Array) -> None:
    if len(neuron) and not 0 <= neuron.min() <= neuron.max() < file.dimensions["N"]:
        raise RunDamagedError(
            f"{file.path}: `lookup/{n}/neuron` names a neuron that the layer does not have\nExtract the run again."
        )


def _joined(parts: list[Int64s]) -> Int64s:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
