"""Sums of float32 values that do not depend on the order of adding: in whole numbers.

A float32 is a whole number of 24 bits times a power of two. Eight neighbouring powers share a bin, in which whole
numbers are added up; 2^32 values of one bin fit. So a corpus that several processes see parts of gives the sum that one
gives.
"""

from __future__ import annotations

import numpy as np

from neuron_tui.engine.compiled import Whole, compiled
from neuron_tui.store.arrays import Array, Floats, Int64s

BINS = 32
"""Of the 256 exponents of a float32."""

_LOWEST = -149
"""Two to this is the smallest float32 above 0."""


@compiled
def add_exactly(sums: Array, pattern: Whole) -> None:
    """Add the float32 whose bits are `pattern` to the (BINS,) sums of a row."""
    exponent = (pattern >> 23) & 0xFF
    digits = np.int64(pattern & 0x7F_FFFF)
    if exponent > 0:
        digits |= 0x80_0000
        exponent -= 1
    digits <<= exponent & 7
    sums[exponent >> 3] += -digits if pattern < 0 else digits


def sums_of(bins: Int64s) -> Floats:
    """(N,) float64 of the (N, BINS) sums of rows, always added up from the lowest bin on."""
    total = np.zeros(len(bins))
    for place in range(BINS):
        total += np.ldexp(bins[:, place].astype(np.float64), 8 * place + _LOWEST)
    return total
