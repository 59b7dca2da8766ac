"""Does a neuron follow position? Mutual information, types and strengths [§5, App. B].

The types are the paper's (Fig. 7), which draws them; the numbers that tell them apart are ours: `Thresholds`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Codes, Floats
from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.measures.thresholds import PAPER, Thresholds

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
    types, strengths = Curves(fr[None], context_length, thresholds.positional).types(thresholds)
    if not types[0]:
        return None
    return cast("tuple[PositionalType, Strength]", (TYPES[int(types[0])], STRENGTHS[int(strengths[0])]))


class Curves:
    """Frequency curves of many neurons and their types under any thresholds: what these share is found once."""

    def __init__(self, frequency: Floats, context_length: int, least: float = PAPER.positional) -> None:
        """Look at the curves.

        Parameters
        ----------
        frequency
            (M, T-1) as `classify` takes one; context_length: T.
        least
            Lowest mutual information, in nats, that any of the thresholds to come calls positional: curves with no
            more are not looked at any further.
        """
        self.information = mutual_information(frequency)
        self._rows = np.flatnonzero(self.information > least)
        self._least = least
        self._length = context_length
        self._fr = frequency[self._rows]
        self._smooth = smooth(self._fr, max(3, context_length // 64))
        self._range = self._smooth.max(axis=1) - self._smooth.min(axis=1)
        self._changes = _changes(self._smooth)
        self._exact = longest_run(self._fr == 0), longest_run(self._fr == 1)
        self._thinness = np.sqrt(np.mean((self._fr - self._smooth) ** 2, axis=1))
        self._ends: dict[float, _Extremes] = {}

    def types(self, thresholds: Thresholds) -> tuple[Codes, Codes]:
        """Types and strengths, (M,) uint8 each, in the codes of the schema.

        Raises
        ------
        ValueError
            The thresholds call a neuron positional that these curves left out.
        """
        if thresholds.positional < self._least:
            raise ValueError(f"curves of over {self._least} nats cannot tell those of over {thresholds.positional}")
        near = thresholds.near + _ROUNDING
        ends = self._ends[near] = self._ends.get(near) or _extremes(self._fr, self._smooth, near)
        needed = max(4, int(self._length * thresholds.interval + _ROUNDING))
        zero, one = ends.zero >= needed, ends.one >= needed
        exact_zero, exact_one = (run >= needed for run in self._exact)
        oscillatory = (self._range >= thresholds.range - _ROUNDING) & (self._changes >= thresholds.changes)
        cases = [oscillatory, zero & one, zero | one]
        strong = np.select(
            cases,
            [
                ends.both & (ends.share >= thresholds.extremes),
                exact_zero & exact_one,
                np.where(zero, exact_zero, exact_one),
            ],
            self._thinness <= thresholds.thin + _ROUNDING,
        )
        kinds = np.select(cases, [TYPES.index(kind) for kind in ("oscillatory", "both", "one")], TYPES.index("other"))
        positional = self.information[self._rows] > thresholds.positional
        types, strengths = np.zeros((2, len(self.information)), np.uint8)
        types[self._rows] = np.where(positional, kinds, 0)
        strengths[self._rows] = np.where(
            positional, np.where(strong, STRENGTHS.index("strong"), STRENGTHS.index("weak")), 0
        )
        return types, strengths


@dataclass(frozen=True, slots=True)
class _Extremes:
    """How curves keep near 0 and near 1, (M,) each.

    `zero`, `one`: longest runs of the smoothed curve near either; `share` of positions whose frequency is near one of
    them; `both`: whether both occur.
    """

    zero: npt.NDArray[np.int64]
    one: npt.NDArray[np.int64]
    share: Floats
    both: npt.NDArray[np.bool_]


def _extremes(fr: Floats, s: Floats, near: float) -> _Extremes:
    low, high = fr <= near, fr >= 1 - near
    both: npt.NDArray[np.bool_] = np.logical_and(low.any(axis=1), high.any(axis=1))
    return _Extremes(longest_run(s <= near), longest_run(s >= 1 - near), (low | high).mean(axis=1), both)


def smooth(frequency: Floats, width: int) -> Floats:
    """Moving average over `width` positions, from width // 2 before to the rest after; the ends use what is there.

    Along the last axis: (..., L) gives (..., L).
    """
    length = frequency.shape[-1]
    sums = np.zeros((*frequency.shape[:-1], length + 1))
    np.cumsum(frequency, axis=-1, out=sums[..., 1:])
    at = np.arange(length)
    low = np.maximum(at - width // 2, 0)
    high = np.minimum(at - width // 2 + width, length)
    average: Floats = (sums[..., high] - sums[..., low]) / (high - low)
    return average


def longest_run(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Length of the longest run of True along the last axis: (..., L) gives (...) int64."""
    rows, length = math.prod(mask.shape[:-1]), mask.shape[-1]
    ended = np.zeros((rows, length + 1), bool)  # no run goes on into the next row
    ended[:, :length] = mask.reshape(rows, length)
    edges = np.flatnonzero(np.diff(ended.ravel(), prepend=False))
    begins, ends = edges[::2], edges[1::2]
    longest = np.zeros(mask.shape[:-1], np.int64)
    np.maximum.at(longest.reshape(-1), begins // (length + 1), ends - begins)
    return longest


def _x_log_x_over(x: Floats, mean: Floats) -> Floats:
    # 0 * log 0 = 0; where the mean is 0 so is every x.
    safe = np.where(x > 0, x, 1.0)
    terms: Floats = np.where(x > 0, x * (np.log(safe) - np.log(np.where(mean > 0, mean, 1.0))), 0.0)
    return terms


def _changes(s: Floats) -> npt.NDArray[np.int64]:
    """How often curves (M, L) change between their low and their high third, (M,)."""
    low, high = s.min(axis=1, keepdims=True), s.max(axis=1, keepdims=True)
    third = (high - low) / 3
    high_side = s > high - third + _ROUNDING
    # Between the thirds a curve is still on the side it came from.
    rows, places = np.nonzero((s < low + third - _ROUNDING) | high_side)
    side = high_side[rows, places]
    changed = (side[1:] != side[:-1]) & (rows[1:] == rows[:-1])
    changes: npt.NDArray[np.int64] = np.bincount(rows[1:][changed], minlength=len(s))
    return changes


def on_ranges(frequency: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Ranges of positions, both ends included, where a neuron is on more often than off.

    `frequency` is (T-1,), the active share at positions 1 to T-1.
    """
    on = np.concatenate([[False], frequency > 0.5, [False]])
    edges = np.flatnonzero(on[1:] != on[:-1])
    return [(int(first) + 1, int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
