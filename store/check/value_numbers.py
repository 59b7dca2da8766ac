"""Values of a layer that must agree with its counts and with each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neuron_tui.store.arrays import Array
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import CONTEXT_BEFORE


def value_contradictions(file: DatasetReader, positions: int) -> Iterator[str]:
    """What the values of a layer contradict, in words; a run of an earlier version has none.

    Parameters
    ----------
    positions
        Those of the corpus.

    Raises
    ------
    RunDamagedError
        The layer cannot be read.
    """
    if "values/max" not in file:
        return
    count = file.read("count").sum(axis=1)
    histogram, highest, total = (file.read(f"values/{name}") for name in ("histogram", "max", "sum"))
    if (np.diff(file.read("values/edges")) <= 0).any():
        yield "`values/edges` do not rise"
    if (histogram < 0).any() or (histogram.sum(axis=1) != count).any():
        yield "`values/histogram` does not hold every active position once"
    if (np.isnan(highest) != (count == 0)).any():
        yield "`values/max` is not there for the neurons that are active alone"
    with np.errstate(invalid="ignore"):
        # Sums are taken in another order than this product.
        if (total > highest.astype(np.float64) * count * (1 + 1e-6) + 1e-6)[count > 0].any() or total[count == 0].any():
            yield "`values/sum` is more than `values/max` allows"
    yield from _highest(file, positions, count, highest)
    for kind in ("contexts", "highest"):
        sizes = np.bitwise_count(file.read(f"{kind}/active")).sum(axis=1, dtype=np.int64)
        if not np.array_equal(file.read(f"{kind}/value_start"), np.concatenate(([0], np.cumsum(sizes)))):
            yield f"`{kind}/value_start` does not go with `{kind}/active`"


def _highest(file: DatasetReader, positions: int, count: Array, highest: Array) -> Iterator[str]:
    places = file.read("highest/position")
    if (places < -1).any() or (places >= positions).any():
        yield "`highest/position` names a position that the corpus does not have"
    elif ((places >= 0).sum(axis=1) != np.minimum(count, places.shape[1])).any():
        yield "`highest/position` does not go with `count`"
    elif places.shape[1]:
        # Of a neuron's first context, the value at the sampled token is its maximum.
        active, starts = file.read("highest/active")[:, 0], file.read("highest/value_start")
        own = np.uint64(1) << np.uint64(CONTEXT_BEFORE)
        at = starts[:-1] + np.bitwise_count(active & (own - np.uint64(1)))
        found = np.flatnonzero(count > 0)
        values = file.read("highest/value")
        if not (active[found] & own).all() or len(values) <= at[found].max(initial=-1):
            yield "`highest/active` does not hold the sampled positions"
        elif (values[at[found]] != highest[found]).any():
            yield "`values/max` is not the first of the highest values"
