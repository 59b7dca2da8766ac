"""One dataset of a file, and what one kind of file holds.

Dimensions are named by letters; `dimensions` of a file give their values:

    N neurons of the layer     D domains          T positions of a full-length sequence
    P positions of the corpus  S sequences        V tokens of the vocabulary
    K stored triggers          E stored effects   C stored contexts
    G1 G2 G3 distinct n-grams  W words of 64 neurons (ceil(N / 64))  B bytes of all tokens
    L1 L2 L3 stored triggers of all neurons      Q1 Q2 Q3 pages of 1024 of them (ceil(L / 1024))
    A1 A2 A3 distinct n-grams the layer detects  Z settings of the positional thresholds
    X Y values around the stored contexts        H edges of the histogram of values
    or a number, or a dimension plus or minus one
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset of a file.

    `rows` is how many entries of the first dimension share a packed chunk (0: a column, often read whole: chunks of
    COLUMN_CHUNK, not packed); `optional` says that a file may lack it.
    """

    name: str
    shape: tuple[str, ...]
    dtype: str
    unit: str
    meaning: str
    rows: int = 0
    optional: bool = False


@dataclass(frozen=True)
class FileSchema:
    """What one kind of file holds."""

    kind: str
    datasets: tuple[Dataset, ...]

    def names(self) -> frozenset[str]:
        """Names of all datasets, optional ones included."""
        return frozenset(d.name for d in self.datasets)

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name; raises KeyError."""
        return self._by_name[name]

    def has(self, name: str) -> bool:
        """Whether files of this kind may hold a dataset of that name."""
        return name in self._by_name

    @cached_property
    def _by_name(self) -> dict[str, Dataset]:
        return {d.name: d for d in self.datasets}


def resolve(shape: tuple[str, ...], dimensions: Mapping[str, int]) -> tuple[int, ...]:
    """Values of a symbolic shape; raises KeyError for a dimension without a value."""

    def value(term: str) -> int:
        if term.isdigit():
            return int(term)
        match = re.fullmatch(r"([A-Z]\d?)([+-]1)?", term)
        if match is None:
            raise KeyError(term)
        return dimensions[match[1]] + int(match[2] or 0)

    return tuple(value(term) for term in shape)
