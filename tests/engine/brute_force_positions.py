"""Positional statistics in plain Python, straight from the definitions, with what they leave open as parameters.

Curves are fractions, so that a value on a threshold is on it and not beside it by rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby, pairwise

from neuron_tui.store.measures.thresholds import PAPER, Thresholds

Named = tuple[str, str]
Curve = Sequence[Fraction]


def mutual_information(frequency: Curve) -> float:
    """I(act, pos) in nats of a neuron active at position p with frequency[p - 1] [§5]."""
    mean = sum(frequency, Fraction(0)) / len(frequency)

    def term(share: Fraction, of: Fraction) -> float:
        return float(share) * math.log(share / of) if share > 0 else 0.0

    return math.fsum(term(f, mean) + term(1 - f, 1 - mean) for f in frequency) / len(frequency)


def positional_type(
    frequency: Curve,
    context_length: int,
    thresholds: Thresholds = PAPER,
    *,
    lean: int = 0,
    exact_within: bool = False,
) -> Named | None:
    """Type and strength of a neuron, None if it is not positional [§5, Fig. 7].

    `lean` chooses which neighbour a moving average over an even number of positions takes in, the one before (0) or the
    one after (1). `exact_within` says whether an interval is exact by what `frequency` is within it, or anywhere.
    """
    if mutual_information(frequency) <= thresholds.positional:
        return None
    near_zero, near_one = _exactly(thresholds.near), 1 - _exactly(thresholds.near)
    smooth = moving_average(frequency, max(3, context_length // 64), lean)
    low, high = min(smooth), max(smooth)
    spread = high - low
    changes = swings(smooth, low + spread / 3, high - spread / 3)
    if spread >= _exactly(thresholds.range) and changes >= thresholds.changes:
        extreme = sum(f <= near_zero or f >= near_one for f in frequency)
        both = min(frequency) <= near_zero and max(frequency) >= near_one
        return "oscillatory", _strength(both and extreme >= _exactly(thresholds.extremes) * len(frequency))
    least = max(4, math.floor(context_length * _exactly(thresholds.interval)))
    zeros = runs([s <= near_zero for s in smooth], least)
    ones = runs([s >= near_one for s in smooth], least)
    exact_zero = _exact([f == 0 for f in frequency], least, zeros, exact_within)
    exact_one = _exact([f == 1 for f in frequency], least, ones, exact_within)
    if zeros and ones:
        return "both", _strength(exact_zero and exact_one)
    if zeros or ones:
        return "one", _strength(exact_zero if zeros else exact_one)
    mean_square = sum(((f - s) ** 2 for f, s in zip(frequency, smooth, strict=True)), Fraction(0)) / len(frequency)
    return "other", _strength(mean_square <= _exactly(thresholds.thin) ** 2)


def _exactly(value: float) -> Fraction:
    """The fraction that a threshold is written as."""
    return Fraction(value).limit_denominator(10_000)


def acceptable(frequency: Curve, context_length: int, thresholds: Thresholds = PAPER) -> set[Named | None]:
    """Every answer that a reading of the definitions allows; nearly always a single one."""
    return {
        positional_type(frequency, context_length, thresholds, lean=lean, exact_within=within)
        for lean in (0, 1)
        for within in (True, False)
    }


def moving_average(values: Curve, width: int, lean: int = 0) -> list[Fraction]:
    """Centred moving average over `width` positions; the ends use what is there."""
    after = (width - 1) // 2 if width % 2 or lean == 0 else width // 2
    before = width - 1 - after
    windows = [values[max(0, p - before) : p + after + 1] for p in range(len(values))]
    return [sum(window, Fraction(0)) / len(window) for window in windows]


def swings(values: Curve, low: Fraction, high: Fraction) -> int:
    """Changes between "below `low`" and "above `high`"; what lies between them is neither."""
    states = [value > high for value in values if value < low or value > high]
    return sum(a != b for a, b in pairwise(states))


def runs(flags: Sequence[bool], least: int) -> list[tuple[int, int]]:
    """First and one past the last place of every run of at least `least` true flags."""
    found, place = [], 0
    for flag, group in groupby(flags):
        length = len(list(group))
        if flag and length >= least:
            found.append((place, place + length))
        place += length
    return found


def _exact(flags: Sequence[bool], least: int, intervals: list[tuple[int, int]], within: bool) -> bool:
    if not within:
        return bool(intervals) and bool(runs(flags, least))
    return any(runs(flags[start:end], least) for start, end in intervals)


def _strength(strong: bool) -> str:
    return "strong" if strong else "weak"
