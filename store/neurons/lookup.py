"""Which neurons fire on this n-gram? An inverted index of the stored triggers, one in each layer's file.

`lookup/n/…` of a layer holds every entry of its `triggers/n/top_gram` once more, by n-gram, with a table of pages. One
n-gram is thus found by reading that small table and the few entries around one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.hdf5 import SchemaReader, SchemaWriter
from neuron_tui.store.disk.open_files import reading_finished
from neuron_tui.store.disk.schema import LAYER, LOOKUP_PAGE, ORDERS
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.run import Run

Int64s = npt.NDArray[np.int64]


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
    path = run.layer(layer).path
    with reading_finished(path, LAYER) as file:
        begin, end = _stretch(file, n, row)
        wanted = slice(begin, end if most is None else min(end, begin + most))
        neuron, rank, active = (
            file.read(f"lookup/{n}/{name}", wanted).astype(np.int64) if begin < end else np.empty(0, np.int64)
            for name in ("neuron", "rank", "active")
        )
    if len(neuron) and not 0 <= neuron.min() <= neuron.max() < run.manifest.model.neurons:
        raise RunDamagedError(
            f"{path}: `lookup/{n}/neuron` names a neuron that the layer does not have\nExtract the run again."
        )
    return Entries(neuron, rank, active, end - begin)


def write_lookup(file: SchemaWriter, n: int, top_gram: Int64s, top_active: Int64s) -> None:
    """Write `lookup/n/…` of a layer from its stored triggers.

    Parameters
    ----------
    top_gram, top_active
        (N, K) as `triggers/n/…` stores them.
    """
    neuron, rank = np.nonzero(top_gram >= 0)
    gram, active = top_gram[neuron, rank], top_active[neuron, rank]
    order = np.lexsort((-active, gram))  # a stable sort: equal ones stay in the order of the neurons
    file.set_dimension(f"L{n}", len(gram))
    file.set_dimension(f"Q{n}", -(-len(gram) // LOOKUP_PAGE))
    file.write(f"lookup/{n}/gram", gram[order])
    file.write(f"lookup/{n}/neuron", neuron[order])
    file.write(f"lookup/{n}/rank", rank[order])
    file.write(f"lookup/{n}/active", active[order])
    file.write(f"lookup/{n}/page", gram[order][::LOOKUP_PAGE])


def lookup_contradiction(file: SchemaReader, n: int) -> str | None:
    """What in a layer's lookup is not as its stored triggers say, in words; raises RunDamagedError."""
    gram, neuron, rank, active = (file.read(f"lookup/{n}/{name}") for name in ("gram", "neuron", "rank", "active"))
    top, counts = file.read(f"triggers/{n}/top_gram"), file.read(f"triggers/{n}/top_active")
    there = top >= 0
    if len(gram) != there.sum():
        return f"`lookup/{n}` does not have an entry for each of `triggers/{n}/top_gram`"
    if not len(gram):
        return None
    if neuron.min() < 0 or neuron.max() >= top.shape[0] or rank.max() >= top.shape[1]:
        return f"`lookup/{n}` names a trigger that no neuron has"
    place = neuron.astype(np.int64) * top.shape[1] + rank
    if (top.ravel()[place] != gram).any() or (counts.ravel()[place] != active).any() or _repeats(place, top.size):
        return f"`lookup/{n}` does not agree with `triggers/{n}`"
    falls = np.diff(gram)
    if (falls < 0).any() or ((falls == 0) & (np.diff(active) > 0)).any():
        return f"`lookup/{n}` is not in order"
    if not np.array_equal(file.read(f"lookup/{n}/page"), gram[::LOOKUP_PAGE]):
        return f"`lookup/{n}/page` does not agree with `lookup/{n}/gram`"
    return None


def _repeats(places: Int64s, size: int) -> bool:
    seen = np.zeros(size, dtype=bool)
    seen[places] = True
    return int(seen.sum()) != len(places)


def _stretch(file: SchemaReader, n: int, row: int) -> tuple[int, int]:
    """Where the entries of an n-gram begin and end."""
    page = file.read(f"lookup/{n}/page")
    before, after = (int(np.searchsorted(page, row, side=side)) for side in ("left", "right"))
    # The first entry may lie within the page before the first that opens with the n-gram, the last within the last.
    begin = _within(file, n, row, before - 1, "left")
    end = begin if before == after == 0 else _within(file, n, row, after - 1, "right")
    return begin, end


def _within(file: SchemaReader, n: int, row: int, page: int, side: Literal["left", "right"]) -> int:
    """Where an n-gram would stand among the entries of a page."""
    if page < 0:
        return 0
    first = page * LOOKUP_PAGE
    gram = file.read(f"lookup/{n}/gram", slice(first, min(first + LOOKUP_PAGE, file.dimensions[f"L{n}"])))
    return first + int(np.searchsorted(gram, row, side=side))


def _joined(parts: list[Int64s]) -> Int64s:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
