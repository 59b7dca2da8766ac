"""Laying a shape of stages, each up or down with depth, over counts of neurons layer by layer [§4.2]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from neuron_tui.store.measures.intervals import newcombe

Signs = tuple[int, ...]
"""Of each stage: up (1) or down (-1)."""

BACK = 0.5
"""Part of a stage's change that a move against it may undo; with more the stage is not monotonic (ours)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Layers from one turn to the next, by place.

    `low` and `high` are the interval of the change of the share of detectors, positive in the stage's direction.
    `back` is the largest move against it as a part of the change, `surely_back` whether that surely is one.
    """

    first: int
    last: int
    sign: int
    low: float
    high: float
    back: float
    surely_back: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A number that goes up (1) and down (-1) with depth in stages, laid over the layers as well as it goes."""

    stages: tuple[Stage, ...]

    @property
    def places(self) -> tuple[int, ...]:
        """Places of the first layer, of those where it turns, and of the last."""
        return (self.stages[0].first, *(stage.last for stage in self.stages))

    @property
    def sure(self) -> bool:
        """Whether every change surely has its direction."""
        return all(stage.low > 0 for stage in self.stages)

    @property
    def holds(self) -> bool:
        """Whether the layers surely have this shape."""
        return self.sure and all(stage.back <= BACK for stage in self.stages)

    @property
    def against(self) -> Stage | None:
        """The first stage whose change surely has the other direction."""
        return next((stage for stage in self.stages if stage.high < 0), None)

    @property
    def broken(self) -> Stage | None:
        """The first stage that surely is not monotonic, where every change has its direction."""
        return next((stage for stage in self.stages if stage.back > BACK and stage.surely_back and self.sure), None)


def fit(counts: Sequence[int], neurons: int, signs: Signs) -> Shape:
    """The shape of these signs over counts of more layers than it has stages, each of so many neurons.

    The layers where it turns are those that make the smallest of the changes from turn to turn largest.
    """
    turns = _turns(counts, signs)
    stages = zip(turns, turns[1:], signs, strict=False)
    return Shape(tuple(_stage(counts, neurons, first, last, sign) for first, last, sign in stages))


def _stage(counts: Sequence[int], neurons: int, first: int, last: int, sign: int) -> Stage:
    def change(start: int, end: int) -> tuple[float, float]:
        _, low, high = newcombe(counts[end], neurons, counts[start], neurons)
        return (low, high) if sign > 0 else (-high, -low)

    def gain(start: int, end: int) -> int:
        return sign * (counts[end] - counts[start])

    back = min(combinations(range(first, last + 1), 2), key=lambda pair: gain(*pair))
    whole, lost = gain(first, last), max(0, -gain(*back))
    low, high = change(first, last)
    return Stage(first, last, sign, low, high, lost / whole if whole > 0 else 0.0, change(*back)[1] < 0)


def _turns(counts: Sequence[int], signs: Signs) -> tuple[int, ...]:
    """First layer, turns and last layer whose smallest change, each in its sign, is largest; the lowest of several."""
    last = len(counts) - 1

    def least(inner: tuple[int, ...]) -> int:
        turns = (0, *inner, last)
        return min(sign * (counts[b] - counts[a]) for a, b, sign in zip(turns, turns[1:], signs, strict=False))

    return (0, *max(combinations(range(1, last), len(signs) - 1), key=least), last)
