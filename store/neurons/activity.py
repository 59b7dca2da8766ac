"""Activity of a neuron at every position of the corpus, for runs that keep it, and contexts made with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from neuron_tui.store.arrays import Bools, Int64s
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import ACTIVATIONS_CHUNK
from neuron_tui.store.neurons.corpus import Context, StoredCorpus

_BITS = 64
_SCANNED = 1 << 18
"""Positions of the corpus that are looked through in one go."""


class KeptActivity:
    """Reads the bits of one neuron from an open layer file that has `activations`."""

    def __init__(self, file: DatasetReader, neuron: int) -> None:
        self._file, self._word, self._bit = file, neuron // _BITS, np.uint64(neuron % _BITS)

    def between(self, begin: int, end: int) -> Bools:
        """(end - begin,) whether it is active at positions `begin` to `end` - 1; raises RunDamagedError."""
        words = self._file.read("activations", (self._word, slice(begin, end)))
        active: Bools = (words >> self._bit & np.uint64(1)).astype(bool)
        return active

    def at(self, positions: Int64s) -> Bools:
        """(M,) whether it is active at some positions, ascending; raises RunDamagedError."""
        active = np.zeros(len(positions), dtype=bool)
        chunks = positions // ACTIVATIONS_CHUNK
        for chunk in np.unique(chunks).tolist():
            here = np.flatnonzero(chunks == chunk)
            first, last = int(positions[here[0]]), int(positions[here[-1]])
            active[here] = self.between(first, last + 1)[positions[here] - first]
        return active


def known_throughout(contexts: Sequence[Context], positions: Int64s, activity: KeptActivity) -> list[Context]:
    """Contexts of one neuron, whose sampled tokens are at `positions`, with the activity of all their tokens."""
    found = []
    for context, position in zip(contexts, positions.tolist(), strict=True):
        begin = position - context.focus
        active = tuple(activity.between(begin, begin + len(context.ids)).tolist())
        found.append(replace(context, active=active, unknown_before=0, unknown_after=0))
    return found


def active_endings(corpus: StoredCorpus, activity: KeptActivity, ids: tuple[int, ...], most: int) -> Int64s:
    """Positions at which an n-gram ends and the neuron is active: the first of each domain, `most` of them shared out.

    Raises RunDamagedError.
    """
    stretches = corpus.domain_stretches()
    each = -(-most // max(len(stretches), 1))
    found: list[Int64s] = [np.empty(0, np.int64)]
    for first, stop in stretches:
        left = each
        for begin in range(first, stop, _SCANNED):
            ends = corpus.endings(ids, begin, min(begin + _SCANNED, stop))
            on = ends[activity.at(ends)][:left]
            found.append(on)
            left -= len(on)
            if not left:
                break
    return np.concatenate(found)
