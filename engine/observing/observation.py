"""What has been seen of a layer's activations, and what of it is stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.counting.sampling import quotas
from neuron_tui.engine.observing.exact import BINS, sums_of
from neuron_tui.store.arrays import Floats, Int64s, Uint64s
from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE, STORED_CONTEXTS
from neuron_tui.store.neurons.stored_contexts import ContextTables

AROUND = CONTEXT_BEFORE + 1 + CONTEXT_AFTER
"""Positions whose values are kept around a context's own."""

EMPTY = np.iinfo(np.int64).min
"""The key of a place that no context has taken."""

LOW = 0xFFFF_FFFF
"""The lower half of a key is this less the position: of equal contexts the first is the highest."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of N rows over a corpus of D domains.

    `sums` (N, BINS): of the values at active counted positions, exactly; `histogram` (N, H+1): how many of them lie
    between the edges. Contexts are kept in 1 + D groups: those of the highest values, and for each domain those of
    least priority. Of each there are `keys` (1+D, N, C), highest first in importance but in no order, `active`
    (1+D, N, C) bits and `around` (1+D, N, C, 64) values around it, 0 where inactive.
    """

    sums: Int64s
    edges: Floats
    histogram: npt.NDArray[np.integer]
    keys: Int64s
    active: Uint64s
    around: npt.NDArray[np.float32]

    @classmethod
    def nothing(cls, rows: int, domains: int, edges: Floats) -> Observation:
        """Before anything is seen. What is never written takes no memory."""
        groups = (1 + domains, rows, STORED_CONTEXTS)
        return cls(
            sums=np.zeros((rows, BINS), np.int64),
            edges=edges,
            histogram=np.zeros((rows, len(edges) + 1), np.int32),
            keys=np.full(groups, EMPTY, np.int64),
            active=np.zeros(groups, np.uint64),
            around=np.zeros((*groups, AROUND), np.float32),
        )

    @property
    def total(self) -> Floats:
        """(N,) sum of the values at active counted positions."""
        return sums_of(self.sums)

    @property
    def highest(self) -> ContextTables:
        """The contexts of the highest values, highest first; of equal ones the first of the corpus."""
        order = np.argsort(self.keys[0], axis=1)[:, ::-1]
        keys = np.take_along_axis(self.keys[0], order, axis=1)
        return ContextTables.packed(
            _positions(keys),
            np.take_along_axis(self.active[0], order, axis=1),
            np.take_along_axis(self.around[0], order[..., None], axis=1),
        )

    def max(self) -> npt.NDArray[np.float32]:
        """(N,) the highest value; NaN where the row was never active."""
        best = self.keys[0].argmax(axis=1)
        rows = np.arange(len(best))
        never = self.keys[0][rows, best] == EMPTY
        return np.where(never, np.float32(np.nan), self.around[0][rows, best, CONTEXT_BEFORE])

    def sampled(self, count: Int64s) -> ContextTables:
        """The sampled contexts in the order of the corpus: an equal share of each domain, as far as it has them.

        Parameters
        ----------
        count
            (N, D) active counted positions.
        """
        share = quotas(count, STORED_CONTEXTS)
        places = []
        for domain in range(count.shape[1]):
            keys = self.keys[1 + domain]
            rank = np.argsort(np.argsort(keys, axis=1)[:, ::-1], axis=1)
            places.append(np.where(rank < share[:, domain, None], _positions(keys), -1))
        positions = np.concatenate(places, axis=1)  # (N, D * C)
        order = np.argsort(np.where(positions < 0, np.iinfo(np.int64).max, positions), axis=1)[:, :STORED_CONTEXTS]
        positions = np.take_along_axis(positions, order, axis=1)
        rows, group, place = np.arange(len(order))[:, None], order // STORED_CONTEXTS, order % STORED_CONTEXTS
        there = positions >= 0
        active = np.where(there, self.active[1 + group, rows, place], 0).astype(np.uint64)
        return ContextTables.packed(positions, active, self.around[1 + group, rows, place])


def _positions(keys: Int64s) -> Int64s:
    return np.where(keys == EMPTY, -1, LOW - (keys & LOW))
