"""Which neurons fire on this n-gram? An inverted index of the stored triggers, one in each layer's file.

`lookup/n/…` of a layer holds every entry of its `triggers/n/top_gram` once more, by n-gram, with a table of pages. One
n-gram is thus found by reading that small table and the few entries around one place.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.hdf5 import SchemaWriter
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import LOOKUP_PAGE


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


def lookup_contradiction(file: DatasetReader, n: int) -> str | None:
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


def stretch_of(file: DatasetReader, n: int, row: int) -> tuple[int, int]:
    """Where the entries of an n-gram begin and end."""
    page = file.read(f"lookup/{n}/page")
    before, after = (int(np.searchsorted(page, row, side=side)) for side in ("left", "right"))
    # The first entry may lie within the page before the first that opens with the n-gram, the last within the last.
    begin = _within(file, n, row, before - 1, "left")
    end = begin if before == after == 0 else _within(file, n, row, after - 1, "right")
    return begin, end


def _within(file: DatasetReader, n: int, row: int, page: int, side: Literal["left", "right"]) -> int:
    """Where an n-gram would stand among the entries of a page."""
    if page < 0:
        return 0
    first = page * LOOKUP_PAGE
    gram = file.read(f"lookup/{n}/gram", slice(first, min(first + LOOKUP_PAGE, file.dimensions[f"L{n}"])))
    return first + int(np.searchsorted(gram, row, side=side))
