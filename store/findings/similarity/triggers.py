"""Similarity by triggers: the weighted Jaccard index of two neurons' stored n-grams, by active share (ours).

A neuron's share of an n-gram g is active(g) / total: how much of what it does is on g. The index is the sum over all
n-grams of the smaller of two neurons' shares, divided by that of the larger: 1 if they fire alike on the same n-grams,
0 if they have none in common. Only stored n-grams count (STORED_TRIGGERS a neuron).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.findings.similarity.measure import By
from neuron_tui.store.findings.similarity.translation import translated_grams
from neuron_tui.store.neurons.run import Run


@dataclass(frozen=True, slots=True)
class Shares:
    """Stored n-grams of some rows: `gram` (q, K) rows of the target's table, -1 for none there; `share` (q, K).

    `total` (q,) is the sum of all shares of a row, of n-grams that the target does not have too.
    """

    gram: Int64s
    share: Floats
    total: Floats


@dataclass(frozen=True, slots=True)
class Index:
    """The same of r rows of the target, by n-gram: M entries `gram` (ascending), `row` and `share`; `total` (r,)."""

    gram: Int64s
    row: Int64s
    share: Floats
    total: Floats


class TriggerMeasure:
    """Profiles are `Shares` of the n-grams of one n, told by token id within a vocabulary, else by what they read."""

    by: By = "triggers"
    sampled = 1 << 15
    held = 1 << 17

    def __init__(self, source: Run, target: Run, n: int = 1) -> None:
        """Raise RunDamagedError for a corpus that cannot be read."""
        if n not in ORDERS:
            raise ValueError(f"n-grams of {n} tokens; counted are those of {ORDERS[0]} to {ORDERS[-1]}")
        self.source, self.target, self.n = source, target, n
        self._place = None if source is target else translated_grams(source.corpus, target.corpus, n)
        self._exchange = _Exchange(target.corpus.grams(n).occurrences)

    def profiles(self, layer: int, rows: Int64s) -> Shares:
        """See `Measure`."""
        found = self.source.layer(layer)
        with found.open() as file:
            gram, active = (file.read(f"triggers/{self.n}/{name}", rows) for name in ("top_gram", "top_active"))
            total = file.read(f"triggers/{self.n}/total")[rows]
        _refuse_foreign(gram, self.source.corpus.size(self.n), found.path)
        share = np.where(gram >= 0, active, 0) / np.maximum(total, 1)[:, None]
        there = gram if self._place is None else np.where(gram >= 0, self._place[gram], -1)
        return Shares(there, share, share.sum(axis=1))

    def blocks(self, layer: int) -> Iterator[Index]:
        """See `Measure`: a layer is one block, as its lookup lists it."""
        found = self.target.layer(layer)
        with found.open() as file:
            gram, row, active = (file.read(f"lookup/{self.n}/{name}") for name in ("gram", "neuron", "active"))
            total = file.read(f"triggers/{self.n}/total")
        _refuse_foreign(gram, self.target.corpus.size(self.n), found.path)
        _refuse_foreign(row, len(total), found.path)
        share = active / np.maximum(total, 1)[row]
        sums: Floats = np.bincount(row, share, len(total)).astype(np.float64)  # counts where there are no entries
        yield Index(gram, row.astype(np.int64), share, sums)

    def size(self, block: Index) -> int:
        """See `Measure`."""
        return len(block.total)

    def chosen(self, block: Index, places: Int64s) -> Index:
        """See `Measure`."""
        new = np.full(len(block.total), -1, np.int64)
        new[places] = np.arange(len(places))
        kept = new[block.row] >= 0
        return Index(block.gram[kept], new[block.row[kept]], block.share[kept], block.total[places])

    def similarities(self, profiles: Shares, block: Index) -> Floats:
        """See `Measure`."""
        common = np.stack([_common(*one, block) for one in zip(profiles.gram, profiles.share, strict=True)])
        whole = profiles.total[:, None] + block.total - common
        defined = (profiles.total[:, None] > 0) & (block.total > 0)
        found: Floats = np.divide(common, whole, out=np.full(common.shape, np.nan), where=defined)
        return np.minimum(found, 1.0, out=found)

    def permuted(self, profiles: Shares, random: np.random.Generator) -> Shares:
        """Each n-gram changed for another that occurs about as often: within a factor of two, one to one."""
        return Shares(self._exchange.permuted(profiles.gram, random), profiles.share, profiles.total)


class _Exchange:
    """N-grams in classes by how often they occur, each a factor of two wide; within a class they change places."""

    def __init__(self, occurrences: Int64s) -> None:
        self._class = np.frexp(np.maximum(occurrences, 1).astype(np.float64))[1].astype(np.int64)
        order = np.random.default_rng(0).permutation(len(occurrences))  # neighbours in a class have nothing in common
        self._order = order[np.argsort(self._class[order], kind="stable")]
        self._size = np.bincount(self._class, minlength=1)
        self._start = np.cumsum(self._size) - self._size
        self._place = np.empty(len(occurrences), np.int64)
        self._place[self._order] = np.arange(len(occurrences))

    def permuted(self, gram: Int64s, random: np.random.Generator) -> Int64s:
        """(q, K) n-grams in their classes' order, each class turned round by as much as each row draws."""
        turn = (random.random((len(gram), len(self._size))) * self._size).astype(np.int64)
        there = gram >= 0
        of = self._class[np.where(there, gram, 0)]
        by = np.take_along_axis(turn, of, axis=1)
        place = (self._place[np.where(there, gram, 0)] - self._start[of] + by) % np.maximum(self._size[of], 1)
        return np.where(there, self._order[self._start[of] + place], -1)


def _common(gram: Int64s, share: Floats, block: Index) -> Floats:
    """(r,) sum of the smaller shares of the n-grams that a row of the block has in common with one profile."""
    held = (gram >= 0) & (share > 0)
    gram, share = gram[held], share[held]
    begin, end = (np.searchsorted(block.gram, gram, side=side) for side in ("left", "right"))
    lengths = end - begin
    # All stretches of entries laid end to end: each counts on from where it begins.
    places = np.repeat(begin - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
    smaller = np.minimum(np.repeat(share, lengths), block.share[places])
    found: Floats = np.bincount(block.row[places], smaller, len(block.total)).astype(np.float64)
    return found


def _refuse_foreign(places: Int64s, size: int, path: object) -> None:
    if places.max(initial=-1) >= size:
        raise RunDamagedError(f"{path}: its triggers name what the run does not have\nExtract the run again.")
