"""Sorting millions of rows while somebody waits: numpy's fast sort of 64-bit integers, made stable."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int64s


def stable_order(key: npt.NDArray[Any]) -> Int64s:
    """What `np.argsort(key, kind="stable")` gives, several times as fast for millions.

    A key and its place share one integer, so that sorting the integers sorts stably. Keys too wide for that are taken
    in two halves, the lower one first.

    Parameters
    ----------
    key
        (R,) integers or floats; NaN comes last.
    """
    if key.dtype.itemsize <= 2:
        return np.argsort(key, kind="stable")  # a radix sort
    whole = _integers(key)
    if not len(whole):
        return np.empty(0, np.int64)
    low, high = int(whole.min()), int(whole.max())
    bits = max(len(whole) - 1, 1).bit_length()
    if (high - low).bit_length() + bits <= 62:
        return _packed(whole - low, bits)
    first = _packed(whole & 0xFFFF_FFFF, bits)
    return first[_packed((whole >> 32)[first] + (1 << 31), bits)]


def _packed(key: Int64s, bits: int) -> Int64s:
    """Order of keys that are not negative and fit beside `bits` bits."""
    packed = (key << bits) | np.arange(len(key))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def _integers(key: npt.NDArray[Any]) -> Int64s:
    """Integers in the order of the keys."""
    if key.dtype.kind in "iub":
        return key.astype(np.int64)
    floats = key.astype(np.float64) + 0.0  # -0 becomes 0
    bits = floats.view(np.int64)
    # Floats order as their bits do, but that negative ones fall where they should rise.
    ordered = np.where(bits < 0, bits ^ np.iinfo(np.int64).max, bits)
    return np.where(np.isnan(floats), np.iinfo(np.int64).max, ordered)
