"""Charts as data: series, marks, and axes with round limits and ticks. Every drawing of a chart starts from these."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Limits = tuple[float, float]

Numbers = Sequence[float] | npt.NDArray[np.float64]

MARKERS = "●□▲◇■△◆○+×"
"""Markers of series and points: the characters that a text chart draws them with."""

PAIRS = ("●○", "■□", "▲△", "◆◇", "+×", "Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg", "Hh", "Kk", "Mm")
"""Markers that belong together: for two lines of the same run, or a strong and a weak neuron."""

_STEPS = (1.0, 2.0, 5.0, 10.0)


def limits_of(values: Iterable[float], *, from_zero: bool = True) -> Limits:
    """Limits that hold all finite values, the upper one round; never empty.

    `from_zero` begins at 0 where no value is below it: lengths then compare as the numbers do.
    """
    finite = np.array([value for value in values if math.isfinite(value)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low = min(low, 0.0) if from_zero else low
    if high <= low:
        high = low + (abs(low) or 1.0)
    step = _step(low, high, 5)
    # A value above a round one by no more than the last digits of a number does not ask for another step.
    above = step * math.ceil(high / step - 1e-9)
    return (low if low >= 0 else step * math.floor(low / step), max(above, high))


def ticks(limits: Limits, about: int = 5, *, whole: bool = False) -> list[float]:
    """Round values within limits, at most about as many as asked for, ascending; `whole` ones for counts and layers."""
    low, high = limits
    step = _step(low, high, about)
    step = max(1.0, step) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) + 0.0 for place in range(first, last + 1)]


def log_ticks(limits: Limits, about: int = 5) -> list[tuple[float, str]]:
    """Ticks of a logarithmic axis from a positive value to another: their common logarithms, and how they read.

    Powers of ten, with 2 and 5 times those between them where there is room for as many.
    """
    low, high = (math.log10(limit) for limit in limits)
    for factors in ((1, 2, 5), (1, 5), (1,)):
        powers = range(math.floor(low), math.floor(high) + 1)
        values = [factor * 10**power for power in powers for factor in factors]
        inside = [value for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]
        if len(inside) <= about:
            break
    return [(math.log10(value), _short(value)) for value in inside]


def _short(value: float) -> str:
    """A round number in few characters: `500`, `20k`, `1M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def are_whole(values: Iterable[float]) -> bool:
    """Whether all finite values are whole numbers, as counts and layers are."""
    return all(float(value).is_integer() for value in values if math.isfinite(value))


def tick_label(value: float, *, percent: bool = False) -> str:
    """A tick in words: `25%`, `0.05`, `12,000`."""
    if percent:
        return f"{100 * value:.6g}%"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def _step(low: float, high: float, about: int) -> float:
    rough = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a chart: `x` and `y` have a value for each point, NaN where there is none and the line breaks.

    `marker` is one of `MARKERS`, any other character, or empty; see `told_apart`. Two series that follow each other
    with the markers of one of `PAIRS` have the same colour. `low` and `high`, a value for each point or none at all,
    are the ends of an interval about `y`: text charts leave it out, others shade it.
    """

    name: str
    x: Numbers
    y: Numbers
    dash: bool = False
    marker: str = ""
    low: Numbers = ()
    high: Numbers = ()


@dataclass(frozen=True, slots=True)
class Point:
    """A mark of a chart of marks; `kind` is an index into the kinds of its legend."""

    x: float
    y: float
    kind: int


def on_logarithms(series: Sequence[Series], x_limits: Limits) -> tuple[list[Series], Limits]:
    """Series and limits over the common logarithms of their x; points at 0 or below are left out."""

    def logarithms(values: Numbers) -> npt.NDArray[np.float64]:
        x = np.asarray(values, np.float64)
        return np.log10(x, out=np.full(len(x), np.nan), where=x > 0)

    low, high = (math.log10(limit) for limit in x_limits)
    return [replace(s, x=logarithms(s.x)) for s in series], (low, high if high > low else low + 1)


def told_apart(series: Sequence[Series]) -> list[Series]:
    """The series, each given a marker of its own where several have none."""
    if len(series) < 2 or any(s.marker for s in series):
        return list(series)
    return [replace(s, marker=MARKERS[place % len(MARKERS)]) for place, s in enumerate(series)]
