"""The order in which all n-grams of a corpus lie together, and their tables.

Counted positions are sorted by (token, the one before, the one before that). Equal trigrams are then neighbours
within equal bigrams within equal tokens, so one order serves n = 1, 2, 3, every layer and every neuron [§4].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int32s, Int64s


@dataclass(frozen=True, slots=True)
class GramOrder:
    """The runs of equal n-grams in the nested order, for one n.

    `run` (M,) int32: the run that each place of the order is in, never falling. By run, (R,): `row` int64, its row in
    the table, -1 where the positions have no n-gram (a sequence's or document's beginning); `seniority` int64, G-1
    for the n-gram that wins every tie (fewest occurrences, then smallest ids), falling to 0, and -1 for no n-gram.
    The table, lexicographic: `ids` (G, n) int32 and `occurrences` (G,) int64.
    """

    run: Int32s
    row: Int64s
    seniority: Int64s
    ids: Int32s
    occurrences: Int64s


@dataclass(frozen=True, slots=True)
class NestedOrder:
    """The M counted positions of a corpus in nested order; `grams` holds the runs for n = 1, 2, 3."""

    positions: Int64s
    grams: dict[int, GramOrder]


def nested_order(tokens: Int32s, counted: npt.NDArray[np.bool_], sequence_start: Int64s) -> NestedOrder:
    """Sort the counted positions and tabulate their n-grams.

    Parameters
    ----------
    tokens
        (P,) token ids, all >= 0.
    counted
        (P,) which positions are counted.
    sequence_start
        (S+1,) where sequences begin; no n-gram crosses one.
    """
    positions = np.flatnonzero(counted)
    previous = [tokens[positions].astype(np.int64)]
    offset = positions - sequence_start[np.searchsorted(sequence_start, positions, side="right") - 1]
    whole = np.ones(len(positions), dtype=bool)
    for back in (1, 2):
        whole &= (offset >= back) & counted[np.maximum(positions - back, 0)]
        previous.append(np.where(whole, tokens[np.maximum(positions - back, 0)], -1))
    base = int(tokens.max(initial=0)) + 2
    order = np.argsort(_key(previous, base), kind="stable")
    columns = [column[order] for column in previous]
    return NestedOrder(positions[order], {n: _gram_order(columns[:n], base) for n in (1, 2, 3)})


def _key(columns: list[Int64s], base: int) -> Int64s:
    """One integer whose order is that of the columns, first column first; entries are -1 to base - 2."""
    key = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        key = key * base + (column + 1)
    return key


def _gram_order(columns: list[Int64s], base: int) -> GramOrder:
    key = _key(columns, base)
    first = np.flatnonzero(np.diff(key, prepend=-1))
    run = np.zeros(len(key), np.int32)
    run[first[1:]] = 1
    np.cumsum(run, out=run)
    lengths = np.diff(first, append=len(key))
    valid = np.flatnonzero(columns[-1][first] >= 0)
    ids = np.stack([column[first[valid]] for column in reversed(columns)], axis=1)
    lexicographic = np.argsort(_key(list(ids.T), base), kind="stable")
    row = np.full(len(first), -1, np.int64)
    row[valid[lexicographic]] = np.arange(len(valid))
    occurrences = lengths[valid[lexicographic]]
    seniority = np.full(len(first), -1, np.int64)
    seniority[valid[lexicographic[np.argsort(occurrences, kind="stable")]]] = np.arange(len(valid))[::-1]
    return GramOrder(run, row, seniority, ids[lexicographic].astype(np.int32), occurrences)
