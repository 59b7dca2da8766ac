"""Datasets of a file with some of them replaced: what a variant of a run changes, above the run's own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Array

Rows = slice | tuple[int, slice] | npt.NDArray[np.int64] | None


class DatasetReader(Protocol):
    """What datasets are read from: an open file, arrays in memory, or the one above the other."""

    @property
    def path(self) -> Path:
        """The file that an error is about."""
        ...

    @property
    def dimensions(self) -> dict[str, int]:
        """Values of the schema's dimensions."""
        ...

    @property
    def layer(self) -> int | None:
        """The layer that it says it is of, None if it does not say."""
        ...

    def __contains__(self, name: str) -> bool:
        """Whether there is a dataset of that name."""
        ...

    def read(self, name: str, rows: Rows = None) -> Array:
        """A dataset or some rows of it; raises RunDamagedError."""
        ...


@dataclass(frozen=True, slots=True)
class InMemory:
    """Datasets as arrays."""

    path: Path
    arrays: Mapping[str, Array]

    @property
    def dimensions(self) -> dict[str, int]:
        """None of its own."""
        return {}

    @property
    def layer(self) -> None:
        """It does not say."""
        return

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def read(self, name: str, rows: Rows = None) -> Array:
        """A dataset, or some rows of it."""
        values = self.arrays[name]
        return values if rows is None else np.asarray(values[rows])


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The datasets `above` where it has them, and of `below` otherwise."""

    above: DatasetReader
    below: DatasetReader

    @property
    def path(self) -> Path:
        """The file above: that of the variant."""
        return self.above.path

    @property
    def dimensions(self) -> dict[str, int]:
        """Those of both; where they differ, those above."""
        return self.below.dimensions | self.above.dimensions

    @property
    def layer(self) -> int | None:
        """The layer that the file above says it is of."""
        return self.above.layer

    def __contains__(self, name: str) -> bool:
        return name in self.above or name in self.below

    def read(self, name: str, rows: Rows = None) -> Array:
        """A dataset, or some rows of it; raises RunDamagedError."""
        return (self.above if name in self.above else self.below).read(name, rows)
