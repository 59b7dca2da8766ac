"""What every measure of similarity offers: profiles of neurons, similarities between them, permuted profiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, TypeVar

import numpy as np

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.neurons.run import Run

By = Literal["triggers", "update", "position", "activity"]
MEASURES: tuple[By, ...] = ("triggers", "update", "position", "activity")

Q = TypeVar("Q")
R = TypeVar("R")


class Measure(Protocol[Q, R]):
    """One measure between rows (neurons, or their poles) of a run `source` and rows of a run `target`.

    Profiles of the source are of a type Q, profiles of the target of a type R: a block of rows in memory.
    """

    by: By
    sampled: int
    """Rows of the target that a baseline is computed against, at most: as many as take a moment."""

    @property
    def held(self) -> int:
        """Profiles that may be held at a time, by the memory that they take."""
        ...

    @property
    def source(self) -> Run:
        """The run whose neurons are asked about."""
        ...

    @property
    def target(self) -> Run:
        """The run that is searched; it may be the same."""
        ...

    def profiles(self, layer: int, rows: Int64s) -> Q:
        """Profiles of some rows (ascending) of a layer of the source; raises RunDamagedError."""
        ...

    def blocks(self, layer: int) -> Iterator[R]:
        """Profiles of all rows of a layer of the target, in order, a block at a time; raises RunDamagedError."""
        ...

    def size(self, block: R) -> int:
        """Rows of a block."""
        ...

    def chosen(self, block: R, places: Int64s) -> R:
        """Some rows of a block, made small: what a baseline is computed against."""
        ...

    def similarities(self, profiles: Q, block: R) -> Floats:
        """(q, r) similarity of every profile to every row; NaN where one of them has none, as a dead neuron."""
        ...

    def permuted(self, profiles: Q, random: np.random.Generator) -> Q:
        """Each profile with what it is about permuted at random, to be held against `chosen` rows."""
        ...
