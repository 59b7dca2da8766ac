"""Which contexts are sampled: active positions drawn over the whole corpus, always the same, spread over domains."""

from __future__ import annotations

import numpy as np

from neuron_tui.store.arrays import Bools, Int32s, Int64s

_SEED = 20230904


def priorities(counted: Bools) -> Int32s:
    """A random order of the counted positions that is the same everywhere: (P,) int32, 0 where nothing counts.

    A neuron's sample is its active positions of least priority.
    """
    found = np.zeros(len(counted), np.int32)
    places = np.flatnonzero(counted)
    found[places] = np.random.Generator(np.random.PCG64(_SEED)).permutation(len(places))
    return found


def quotas(available: Int64s, places: int) -> Int64s:
    """How many contexts each domain gives to each neuron's sample, (N, D), of `available` (N, D) active positions."""
    capped, which = np.unique(np.minimum(available, places), axis=0, return_inverse=True)
    shared = np.stack([shares(one, places) for one in capped]) if len(capped) else capped
    return shared[which.reshape(-1)]


def shares(available: Int64s, places: int) -> Int64s:
    """Split places as equally as the availability of each domain allows; earlier domains get what is left over."""
    quota = np.zeros_like(available)
    while places and (quota < available).any():
        open_ = np.flatnonzero(quota < available)
        each = max(places // len(open_), 1)
        for d in open_.tolist():
            add = min(each, int(available[d] - quota[d]), places)
            quota[d] += add
            places -= add
    return quota
