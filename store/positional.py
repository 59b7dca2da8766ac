"""Does a neuron follow position? Mutual information, types and strengths [§5, App. B].

The types are the paper's (Fig. 7), which draws them; the numbers that tell them apart are ours: `Thresholds`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from neuron_tui.store.thresholds import PAPER, Thresholds

Floats = npt.NDArray[np.float64]
PositionalType = Literal["oscillatory", "both", "one", "other"]
Strength = Literal["strong", "weak"]

_ROUNDING = 1e-9
"""A share that is on a threshold stays on it, though its average in floating point may fall beside it."""


def mutual_information(frequency: npt.ArrayLike) -> Floats:
    """Mutual information of activity and position, in nats (ours: the paper writes log) [§5].

    Parameters
    ----------
    frequency
        (..., T-1) share of full-length sequences with the neuron active at positions 1 to T-1, in [0, 1].

    Returns
    -------
    (...) float64, never negative.
    """
    fr = np.asarray(frequency, np.float64)
    mean = fr.mean(axis=-1, keepdims=True)
    information = (_x_log_x_over(fr, mean) + _x_log_x_over(1 - fr, 1 - mean)).mean(axis=-1)
    clipped: Floats = np.maximum(information, 0.0)
    return clipped


def classify(
    frequency: npt.ArrayLike, context_length: int, thresholds: Thresholds = PAPER
) -> tuple[PositionalType, Strength] | None:
    """Type and strength of a neuron by its frequency curve, or None if it is not positional (ours, after Fig. 7).

    An interval is exact if the frequency itself is 0 (1) on as many positions in a row, anywhere on the curve.

    Parameters
    ----------
    frequency
        (T-1,) share of full-length sequences with the neuron active at positions 1 to T-1. Take at least
        30 sequences: with fewer a neuron has no type, and the curve alone does not tell.
    context_length
        T.

    Raises
    ------
    ValueError
        The frequency does not have T-1 values.
    """
    fr = np.asarray(frequency, np.float64)
    if fr.shape != (context_length - 1,):
        raise ValueError(f"frequency has the shape {fr.shape}, expected ({context_length - 1},)")
    if not mutual_information(fr) > thresholds.positional:
        return None
    s = smooth(fr, max(3, context_length // 64))
    near = thresholds.near + _ROUNDING
    if _is_oscillatory(s, thresholds):
        near_zero, near_one = fr <= near, fr >= 1 - near
        strong = (near_zero | near_one).mean() >= thresholds.extremes and near_zero.any() and near_one.any()
        return "oscillatory", _strength(strong)
    needed = max(4, int(context_length * thresholds.interval + _ROUNDING))
    zero, one = longest_run(s <= near) >= needed, longest_run(s >= 1 - near) >= needed
    exact_zero, exact_one = longest_run(fr == 0) >= needed, longest_run(fr == 1) >= needed
    if zero and one:
        return "both", _strength(exact_zero and exact_one)
    if zero or one:
        return "one", _strength(exact_zero if zero else exact_one)
    return "other", _strength(float(np.sqrt(np.mean((fr - s) ** 2))) <= thresholds.thin + _ROUNDING)


def smooth(frequency: Floats, width: int) -> Floats:
    """Moving average over `width` positions, from width // 2 before to the rest after; the ends use what is there."""
    sums = np.concatenate([[0.0], np.cumsum(frequency)])
    at = np.arange(len(frequency))
    low = np.maximum(at - width // 2, 0)
    high = np.minimum(at - width // 2 + width, len(frequency))
    average: Floats = (sums[high] - sums[low]) / (high - low)
    return average


def longest_run(mask: npt.NDArray[np.bool_]) -> int:
    """Length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _x_log_x_over(x: Floats, mean: Floats) -> Floats:
    # 0 * log 0 = 0; where the mean is 0 so is every x.
    safe = np.where(x > 0, x, 1.0)
    terms: Floats = np.where(x > 0, x * (np.log(safe) - np.log(np.where(mean > 0, mean, 1.0))), 0.0)
    return terms


def _is_oscillatory(s: Floats, thresholds: Thresholds) -> bool:
    low, high = s.min(), s.max()
    third = (high - low) / 3
    if high - low < thresholds.range - _ROUNDING:
        return False
    side = np.where(s < low + third - _ROUNDING, -1, np.where(s > high - third + _ROUNDING, 1, 0))
    side = side[side != 0]
    return int((side[1:] != side[:-1]).sum()) >= thresholds.changes


def _strength(strong: bool | np.bool_) -> Strength:
    return "strong" if strong else "weak"
