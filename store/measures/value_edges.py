"""Edges of the histogram of a neuron's values: the same for every run, so that histograms can be added up (ours)."""

from __future__ import annotations

import numpy as np

from neuron_tui.store.arrays import Floats

LOWEST, HIGHEST = -10, 14
"""Powers of two: the histogram tells values from 0.001 to 16,384 apart, in two steps for each doubling."""

STEPS = 2 * (HIGHEST - LOWEST)


def value_edges(signed: bool) -> Floats:
    """Edges of the histogram, rising: 2^k and 1.5 * 2^k; where values have signs, the same below 0 before them."""
    powers = 2.0 ** np.arange(LOWEST, HIGHEST)
    above = np.append(np.stack((powers, 1.5 * powers), axis=1).ravel(), 2.0**HIGHEST)
    return np.concatenate((-above[::-1], above)) if signed else above
